"""A noisy black box, and what its calls are spent on.

The values of a benchmark function at some points, and either their central
finite differences or more values for the same number of calls.
"""

from typing import Mapping, NamedTuple, Tuple
import zlib

import numpy as np

from reproduce.regression import data as data_lib
from sobolev_tf import functions
from sobolev_tf.derivatives import finite_differences as fd


class Method(NamedTuple):
  """What a method learns from.

  Attributes:
    derivatives: whether it learns from gradients.
    extra: whether it pays for more calls than one per point.
  """
  derivatives: bool
  extra: bool


METHODS: Mapping[str, Method] = {
    "values": Method(derivatives=False, extra=False),
    "exact": Method(derivatives=True, extra=False),
    "differences": Method(derivatives=True, extra=True),
    "stencil": Method(derivatives=False, extra=True),
    "more points": Method(derivatives=False, extra=True),
}


class BlackBox:
  """A function that gives noisy values and counts its calls.

  Attributes:
    calls: points evaluated so far.
    deviation: standard deviation of the noise, in units of the values.
  """

  def __init__(self, function: functions.BenchmarkFunction, noise: float,
               seed: int):
    """Wraps the function, with no call counted yet.

    Args:
      function: evaluated at every call.
      noise: as a share of the function's standard deviation.
      seed: of the noise.
    """
    self._function = function
    self.calls = 0
    self.deviation = noise * data_lib.sample(
        function, 10_000, seed=0, stream="deviation").y.std()
    self._random = np.random.default_rng(
        [seed, zlib.crc32(f"{function.name} {noise}".encode())])

  def __call__(self, x: np.ndarray) -> np.ndarray:
    """Values `[N]` of points `[N, D]`, with noise of their own."""
    self.calls += len(x)
    return self._function(x).numpy() + self.deviation * (
        self._random.normal(size=len(x)))


def step(function: functions.BenchmarkFunction, noise: float) -> np.ndarray:
  """The step `[D]` that balances noise and truncation.

  `sobolev_tf.derivatives.finite_differences` derives h = e^(1/3) for an error
  e of the values, both in units of the scales over which the function changes:
  here the standard deviations over the domain.
  """
  low, high = np.array(function.domain).T
  error = max(noise, np.finfo(np.float64).eps)
  return error**(1 / 3) * (high - low) / 12**.5


def training_data(method: str, function: functions.BenchmarkFunction,
                  noise: float, count: int, share: float, seed: int
                  ) -> Tuple[data_lib.RegressionData, int]:
  """What a method learns from, and what it paid.

  Args:
    method: a key of `METHODS`.
    function: the black box.
    noise: as a share of the function's standard deviation.
    count: points N.
    share: of them at which derivatives are taken.
    seed: of points and noise.

  Returns:
    Points, values and gradients (NaN where there is none), and the number of
    calls of the black box.
  """
  box = BlackBox(function, noise, seed)
  data = data_lib.sample(function, count, seed=seed, stream="train")
  x, size = data.x, data.x.shape[1]
  many = round(share * count)
  if method == "more points":
    more = data_lib.sample(
        function, 2 * size * many, seed=seed, stream="more points")
    x = np.concatenate([x, more.x])
  h = step(function, noise)
  if method == "stencil":
    moves = np.concatenate([np.diag(h), -np.diag(h)])  # [2 D, D]
    moved = (x[:many, None] + moves).reshape(-1, size)
    x = np.concatenate([x, moved])
  gradient = np.full(x.shape, np.nan)
  if method == "differences":
    first, gradient[:many] = fd.finite_differences(
        lambda points: box(points)[:, None], x[:many], 1, step=h)
    y = np.concatenate([first, box(x[many:])[:, None]])
  else:
    y = box(x)[:, None]
  if method == "exact":
    gradient = data.dy_dx
  return data_lib.RegressionData(x, y, gradient), box.calls
