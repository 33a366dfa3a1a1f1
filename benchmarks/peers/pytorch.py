"""PyTorch: batched products over the members, fused Adam.

Twice with its own autodiff (`torch.autograd.grad(create_graph=True)`, eager,
since `torch.compile` does not take a second backward pass), and twice with the
four products, eager and compiled.
"""

import os

import numpy as np
import torch

from benchmarks import four_products
from benchmarks import work as work_lib

NAME = "PyTorch"
_OWN = work_lib.Algorithm("autograd")
ALGORITHMS = {
    "regular": (_OWN,),
    "sobolev": (_OWN, work_lib.Algorithm("four products"),
                work_lib.Algorithm("four products", "compiled"))}


def version() -> str:
  """PyTorch's version."""
  return f"torch {torch.__version__}"


def make(work: work_lib.Work, algorithm: work_lib.Algorithm
         ) -> work_lib.Run:
  """Builds the networks; arguments and result as `ours.make`."""
  torch.set_num_threads(os.cpu_count() or 1)
  data = [torch.tensor(a) for a in (work.x, work.y, work.dy_dx)]
  order = torch.tensor(work.order, dtype=torch.int64)
  weights = [torch.tensor(w, requires_grad=True) for w in work.weights]
  biases = [torch.zeros_like(w[:, :1]).requires_grad_() for w in weights]
  optimizer = torch.optim.Adam(
      [*weights, *biases], work_lib.LEARNING_RATE, fused=True)

  def forward(x):
    for w, b in zip(weights[:-1], biases[:-1]):
      x = torch.relu(torch.baddbmm(b, x, w))
    return torch.baddbmm(biases[-1], x, weights[-1])

  def own(x, y, dy_dx):
    optimizer.zero_grad()
    if work.sobolev:
      x = x.detach().requires_grad_()
      value = forward(x)
      gradient, = torch.autograd.grad(value.sum(), x, create_graph=True)
      errors = (value - y).square().sum(-1) + (
          gradient - dy_dx).square().sum(-1)
    else:
      errors = (forward(x) - y).square().sum(-1)
    loss = errors.mean(-1)
    loss.sum().backward()
    return loss

  direct = four_products.loss_and_gradients
  if algorithm.compiler:
    direct = torch.compile(direct, dynamic=False)

  @torch.no_grad()
  def four(x, y, dy_dx):
    loss, *gradients = direct(weights, biases, x, y, dy_dx, torch.baddbmm)
    for parameter, gradient in zip(
        [*weights, *biases], [*gradients[0], *gradients[1]]):
      parameter.grad = gradient
    return loss

  differentiate = own if algorithm == _OWN else four
  done = 0

  def run(steps: int) -> np.ndarray:
    nonlocal done
    for _ in range(steps):
      batch = data
      if work.batches > 1:
        first = done % work.batches * work.batch_size
        rows = order[:, first:first + work.batch_size, None]
        batch = [torch.take_along_dim(a, rows, 1) for a in data]
      loss = differentiate(*batch)
      optimizer.step()
      done += 1
    return loss.detach().numpy()

  return run
