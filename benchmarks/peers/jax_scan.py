"""JAX: `vmap` over members and points, steps in a `scan`, all jitted."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import four_products
from benchmarks import work as work_lib

NAME = "JAX"
_OWN, _FOUR = map(work_lib.Algorithm, ("autodiff", "four products"))
ALGORITHMS = {"regular": (_OWN,), "sobolev": (_OWN, _FOUR)}


def version() -> str:
  """JAX's version."""
  return f"jax {jax.__version__}"


def make(work: work_lib.Work, algorithm: work_lib.Algorithm
         ) -> work_lib.Run:
  """Builds the networks; arguments and result as `ours.make`."""
  data = [jnp.asarray(a) for a in (work.x, work.y, work.dy_dx)]
  order = jnp.asarray(work.order)
  weights = [jnp.asarray(w) for w in work.weights]
  parameters = (weights, [jnp.zeros_like(w[:, :1]) for w in weights])

  def model(parameters, x):  # one member, [D] -> []
    *hidden, last = zip(*parameters)
    for w, b in hidden:
      x = jax.nn.relu(x @ w + b[0])
    return (x @ last[0] + last[1][0])[0]

  def member_loss(parameters, x, y, dy_dx):
    if not work.sobolev:
      value = jax.vmap(model, (None, 0))(parameters, x)
      return jnp.mean((value - y[:, 0])**2)
    value, gradient = jax.vmap(
        jax.value_and_grad(model, 1), (None, 0))(parameters, x)
    return jnp.mean((value - y[:, 0])**2 + ((gradient - dy_dx)**2).sum(-1))

  def differentiate(parameters, batch):
    if algorithm == _FOUR:
      loss, *gradients = four_products.loss_and_gradients(*parameters, *batch)
      return loss, tuple(gradients)
    return jax.vmap(jax.value_and_grad(member_loss))(parameters, *batch)

  def step(state, index):
    parameters, m, v = state
    batch = data
    if work.batches > 1:
      rows = jax.lax.dynamic_slice_in_dim(
          order, index % work.batches * work.batch_size, work.batch_size, 1)
      batch = [jnp.take_along_axis(a, rows[..., None], 1) for a in data]
    loss, gradients = differentiate(parameters, batch)
    m = jax.tree.map(lambda m, g: .9 * m + .1 * g, m, gradients)
    v = jax.tree.map(lambda v, g: .999 * v + .001 * g * g, v, gradients)
    count = index + 1.
    rate = work_lib.LEARNING_RATE * jnp.sqrt(1 - .999**count) / (1 - .9**count)
    parameters = jax.tree.map(
        lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), parameters, m, v)
    return (parameters, m, v), loss

  @functools.partial(jax.jit, static_argnums=2, donate_argnums=0)
  def steps_in_graph(state, first, steps):
    state, losses = jax.lax.scan(step, state, first + jnp.arange(steps))
    return state, losses[-1]

  zeros = functools.partial(jax.tree.map, jnp.zeros_like)
  state, done = (parameters, zeros(parameters), zeros(parameters)), 0

  def run(steps: int) -> np.ndarray:
    nonlocal state, done
    state, loss = steps_in_graph(state, done, steps)
    done += steps
    return np.asarray(loss)

  return run
