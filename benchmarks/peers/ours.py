"""This library: the ensemble, many steps in a graph, fused Adam."""

from typing import Callable, Sequence

import numpy as np
import tensorflow as tf

from benchmarks import work as work_lib
from configs import regression as config_lib
from reproduce.regression import train
from sobolev_tf import losses
from sobolev_tf.losses import terms
from sobolev_tf.networks import mlp
from sobolev_tf.training import loop, optimizers, xla

NAME = "sobolev_tf"
XLA = "XLA"
NESTED = work_lib.Algorithm("nested tapes")
FOUR = work_lib.Algorithm("four products")
REGULAR = work_lib.Algorithm("backpropagation")
ALGORITHMS = {
    "regular": (REGULAR, REGULAR._replace(compiler=XLA)),
    "sobolev": (NESTED, FOUR, FOUR._replace(compiler=XLA))}
_GRADIENTS = {NESTED.name: "nested", FOUR.name: "four_products"}


def version() -> str:
  """TensorFlow's version."""
  return f"tensorflow {tf.__version__}"


def make(work: work_lib.Work, algorithm: work_lib.Algorithm
         ) -> work_lib.Run:
  """Builds the networks.

  Args:
    work: what to train on.
    algorithm: its name is one of those in `ALGORITHMS` of the method.

  Returns:
    A function that takes steps.
  """
  tensors = [tf.constant(a) for a in (work.x, work.y, work.dy_dx)]
  order = tf.constant(work.order)
  network = mlp.EnsembleMLP(
      range(work.members), work.x.shape[-1],
      [w.shape[-1] for w in work.weights], dtype=tensors[0].dtype)
  for variable, w in zip(network.weights, work.weights):
    variable.assign(w)
  if work.sobolev:
    sobolev_loss = losses.SobolevLoss(
        differentiate=config_lib.GRADIENTS[_GRADIENTS[algorithm.name]])

  def loss_of(index):
    x, y, dy_dx = tensors
    if work.batches > 1:
      first = tf.cast(index % work.batches, tf.int32) * work.batch_size
      rows = tf.slice(order, [0, first], [work.members, work.batch_size])
      x, y, dy_dx = (tf.gather(t, rows, batch_dims=1) for t in tensors)
    if work.sobolev:
      return sobolev_loss(network, x, (y, dy_dx), batch_dims=2).reduce()
    return terms.compare(
        [y], [network(x)], train.VALUES_ONLY, batch_dims=2).reduce()

  return train_on(
      loss_of, network.trainable_variables, algorithm.compiler == XLA)


def train_on(loss_of: Callable[[tf.Tensor], tf.Tensor],
             parameters: Sequence[tf.Variable],
             jit_compile: bool = False) -> work_lib.Run:
  """Makes steps of a loss: many of them in a graph, fused Adam.

  Args:
    loss_of: the losses `[E]` of the step of an index (int64 scalar).
    parameters: what is trained.
    jit_compile: whether XLA compiles the steps.

  Returns:
    A function that takes steps.
  """
  optimizer = optimizers.Adam(parameters, work_lib.LEARNING_RATE)

  def update(index):
    with tf.GradientTape() as tape:
      loss = loss_of(index)
      total = tf.reduce_sum(loss)
    optimizer.apply(tape.gradient(total, parameters), parameters)
    return {"loss": loss}

  steps_in_graph = loop.compile_steps(
      xla.Step(lambda index: [], update) if jit_compile else update)
  done = 0

  def run(steps: int) -> np.ndarray:
    nonlocal done
    loss = steps_in_graph(done, steps)["loss"].numpy()
    done += steps
    return loss

  return run
