"""The work that every library does in the comparison, in NumPy.

E networks with hidden layers of ReLU units learn Styblinski-Tang from N points
each (Section 4.1), by Adam, from the same initial weights on the same
minibatches: `regular` on values, `sobolev` on values and gradients,

  loss = mean over the batch of |y - f|^2 + |dy/dx - df/dx|^2.
"""

from typing import Callable, List, NamedTuple, Optional, Sequence

import numpy as np

from reproduce.regression import data as data_lib
from sobolev_tf import functions
from sobolev_tf.networks import mlp

LEARNING_RATE = 1e-3
_FUNCTION = functions.by_name("styblinski_tang")

# Takes a number of steps from where it stopped; returns the losses `[E]` of
# the last, or None if the library does not tell, when they are all done.
Run = Callable[[int], Optional[np.ndarray]]


class Algorithm(NamedTuple):
  """How a step gets its gradients.

  Attributes:
    name: such as "nested tapes" or "four products".
    compiler: what compiles the step; None if it is not compiled as a whole.
  """
  name: str
  compiler: Optional[str] = None

  def __str__(self) -> str:
    return ", ".join(filter(None, self))


class Work(NamedTuple):
  """What to train on.

  Attributes:
    x: points `[E, N, D]`.
    y: values `[E, N, 1]`.
    dy_dx: gradients `[E, N, D]`.
    order: int32 `[E, N]`; step i takes the next `batch_size` of these rows.
    weights: per layer, initial weights `[E, in, out]`; biases start at 0.
    batch_size: points per step and member.
    sobolev: whether gradients are learned, too.
  """
  x: np.ndarray
  y: np.ndarray
  dy_dx: np.ndarray
  order: np.ndarray
  weights: List[np.ndarray]
  batch_size: int
  sobolev: bool

  @property
  def members(self) -> int:
    """E."""
    return len(self.x)

  @property
  def batches(self) -> int:
    """Steps until the rows begin anew; 1 means that no row is looked up."""
    return self.x.shape[1] // self.batch_size

  def multiply_adds(self) -> int:
    """Those that one step of one member needs, matrix products only.

    A regular step: forward, weight gradients and, but for the first layer,
    adjoints. A Sobolev step: forward, adjoints down to the input, tangents and
    weight gradients (`sobolev_tf.derivatives.four_products`).
    """
    layers = [w.shape[1] * w.shape[2] for w in self.weights]
    passes = 4 * sum(layers) if self.sobolev else 3 * sum(layers) - layers[0]
    return self.batch_size * passes


def make(count: int, members: int, sobolev: bool, *, batch_size: int = 100,
         hidden_sizes: Sequence[int] = mlp.HIDDEN_SIZES,
         dtype: type = np.float32) -> Work:
  """Draws the data and the initial weights.

  Args:
    count: N.
    members: E.
    sobolev: whether gradients are learned, too.
    batch_size: of minibatches; all N points if there are not more.
    hidden_sizes: of the networks.
    dtype: of all numbers.

  Returns:
    The work.
  """
  data = data_lib.stack([
      data_lib.sample(_FUNCTION, count, seed=seed, stream="benchmark")
      for seed in range(members)])
  sizes = [data.x.shape[-1], *hidden_sizes, 1]
  drawn = [mlp.initial_weights(seed, sizes) for seed in range(members)]
  random = np.random.default_rng(0)
  order = np.stack([random.permutation(count) for _ in range(members)])
  return Work(
      (data.x / 3.).astype(dtype), (data.y / 50.).astype(dtype),
      (data.dy_dx * 3. / 50.).astype(dtype), order.astype(np.int32),
      [np.stack(layer).astype(dtype) for layer in zip(*drawn)],
      min(batch_size, count), sobolev)
