"""Differences of second order, central or to one side.

With h a step, s = ±1 the side and f_k the value k steps away,

  central:   f'  ≈ (f_1 - f_-1) / (2 h)
             f'' ≈ (f_1 - 2 f_0 + f_-1) / h²
  one-sided: f'  ≈ s (-3 f_0 + 4 f_s - f_2s) / (2 h)
             f'' ≈ (2 f_0 - 5 f_s + 4 f_2s - f_3s) / h²

all with an error of order h² (Fornberg, Generation of Finite Difference
Formulas on Arbitrarily Spaced Grids, 1988, Tables 1 and 3), and for a mixed
derivative the product of two first differences. So the first two offsets, 1
and -1 or s and 2 s, serve for all but the one-sided f'', which has a third.
"""

from typing import Tuple

import numpy as np

from sobolev_tf import errors


def choose_sides(points: np.ndarray, steps: np.ndarray, lower: np.ndarray,
                 upper: np.ndarray, reach: int) -> np.ndarray:
  """Where a central difference would leave the bounds.

  Args:
    points: `[N, D]`.
    steps: `[N, D]`.
    lower: `[D]`.
    upper: `[D]`.
    reach: steps that a one-sided difference takes.

  Returns:
    `[N, D]`: 0 for central, 1 for upwards, -1 for downwards.

  Raises:
    UserError: if the bounds leave no room for either.
  """
  central = (points - steps >= lower) & (points + steps <= upper)
  up = points + reach * steps <= upper
  down = points - reach * steps >= lower
  cramped = ~(central | up | down)
  if cramped.any():
    raise errors.UserError(
        f"bounds leave no room for {reach} steps to either side of "
        f"{int(cramped.any(axis=1).sum())} of {len(points)} points: pass a "
        "smaller step or scale.")
  return np.where(central, 0, np.where(up, 1, -1))


def offsets(sides: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
  """The steps taken along each input, three times `[N, D]`.

  The third is used to one side only; for central differences it is the first.
  """
  central = sides == 0
  return (np.where(central, 1, sides), np.where(central, -1, 2 * sides),
          np.where(central, 1, 3 * sides))


def first(centre: np.ndarray, a: np.ndarray, b: np.ndarray,
          sides: np.ndarray) -> np.ndarray:
  """h f' from the values at x and at two offsets, which broadcast."""
  one_sided = sides * (4 * (a - centre) - (b - centre)) / 2
  return np.where(sides == 0, (a - b) / 2, one_sided)


def second(centre: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray,
           sides: np.ndarray) -> np.ndarray:
  """h² f'' from the values at x and at three offsets."""
  one_sided = -5 * (a - centre) + 4 * (b - centre) - (c - centre)
  return np.where(sides == 0, (a - centre) - (centre - b), one_sided)


def mixed(centre: np.ndarray, along: Tuple[np.ndarray, np.ndarray],
          across: Tuple[np.ndarray, np.ndarray],
          corners: Tuple[np.ndarray, ...], sides: np.ndarray,
          other_sides: np.ndarray) -> np.ndarray:
  """h_i h_j ∂²f/∂x_i∂x_j.

  Args:
    centre: the values at x.
    along: those at the two offsets of input i.
    across: those at the two offsets of input j.
    corners: those at both: aa, ab, ba, bb.
    sides: of input i.
    other_sides: of input j.
  """
  aa, ab, ba, bb = corners
  one_sided = first(
      first(centre, along[0], along[1], sides),
      first(across[0], aa, ba, sides), first(across[1], ab, bb, sides),
      other_sides)
  central = ((aa - ab) - (ba - bb)) / 4
  return np.where((sides == 0) & (other_sides == 0), central, one_sided)
