"""Training sets of the reactor, their units, and errors in the plant's."""

import dataclasses
import functools
from typing import Dict

import numpy as np
from scipy.stats import qmc

from reproduce.balancing import fit, grid
from reproduce.surrogate import reactor

TEST_SEED = 90210  # the notebook's
_POOL = 256  # the notebook's; smaller training sets are its first points
_FIRST_POOL = 1000  # seed of its first pool
_VALIDATION_SEED = 31337  # ours


@functools.lru_cache(maxsize=64)
def sample(count: int, seed: int) -> fit.Data:
  """Solved reactors at the points of a Latin hypercube over the box.

  Args:
    count: number of points N.
    seed: of the hypercube.

  Returns:
    `[N, 5]`, `[N, 4]` and `[N, 4, 5]` in the plant's units.
  """
  x = qmc.scale(qmc.LatinHypercube(d=5, seed=seed).random(count),
                reactor.LOW, reactor.HIGH)
  return fit.Data(x, *reactor.solve(x))


def pool(seed: int, count: int) -> fit.Data:
  """The first points of a pool of `_POOL`, as the notebook has them."""
  return fit.Data(*(array[:count] for array in sample(
      _POOL, _FIRST_POOL + seed)))


@dataclasses.dataclass(frozen=True)
class Units:
  """Inputs and outputs of mean 0 and standard deviation 1.

  Attributes:
    x_mean: `[5]`.
    x_scale: `[5]`.
    y_mean: `[4]`.
    y_scale: `[4]`.
  """
  x_mean: np.ndarray
  x_scale: np.ndarray
  y_mean: np.ndarray
  y_scale: np.ndarray

  @classmethod
  def of(cls, data: fit.Data) -> "Units":
    """Those of a training set `[N, ...]`."""
    return cls(data.x.mean(0), data.x.std(0), data.y.mean(0), data.y.std(0))

  @property
  def _slope(self) -> np.ndarray:
    """One scaled unit of the Jacobian in the plant's units, `[4, 5]`."""
    return self.y_scale[:, None] / self.x_scale

  def apply(self, data: fit.Data) -> fit.Data:
    """Data `[N, ...]` in scaled units, the Jacobian by the chain rule."""
    return fit.Data((data.x - self.x_mean) / self.x_scale,
                    (data.y - self.y_mean) / self.y_scale,
                    data.dy_dx / self._slope)

  def invert(self, data: fit.Data) -> fit.Data:
    """Data `[N, ...]` in the plant's units."""
    return fit.Data(data.x * self.x_scale + self.x_mean,
                    data.y * self.y_scale + self.y_mean,
                    data.dy_dx * self._slope)


def member(seed: int, count: int, points: int, stream: str,
           task: str = "reactor", split: bool = False) -> grid.Member:
  """What one network learns and how it is measured.

  Args:
    seed: of the pool, the initial weights and the minibatches.
    count: number of training points, at most 256.
    points: number of held-out points.
    stream: "test", or "validation" to choose settings.
    task: of its rows.
    split: whether to train on the first three quarters of the points and to
      measure a validation error on the others, too, as the notebook does.

  Returns:
    The member.
  """
  every = pool(seed, count)
  trained = count * 3 // 4 if split else count
  train = fit.Data(*(array[:trained] for array in every))
  units = Units.of(train)
  true = sample(points, TEST_SEED if stream == "test" else _VALIDATION_SEED)
  held_out = np.concatenate([true.x, every.x[trained:]])

  def measure(predicted: fit.Data) -> Dict[str, float]:
    found = units.invert(predicted)
    value = grid.normalised_error(found.y[:points], true.y)
    if stream == "validation":
      return {grid.VALIDATION: value}
    measured = {grid.VALUE: value, grid.DERIVATIVE: grid.normalised_error(
        found.dy_dx[:points], true.dy_dx)}
    if split:
      measured[grid.VALIDATION] = grid.normalised_error(
          found.y[points:], every.y[trained:])
    return measured

  return grid.Member(task, seed, units.apply(train),
                     (held_out - units.x_mean) / units.x_scale, measure)
