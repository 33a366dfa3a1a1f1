"""Training sets of the reactor, and errors in the plant's units."""

import functools
from typing import Dict

import numpy as np
from scipy.stats import qmc

from reproduce.balancing import fit, grid
from reproduce.balancing.units import Units
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
