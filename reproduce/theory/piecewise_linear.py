"""Continuous piecewise-linear functions of one variable.

What a ReLU network with one hidden layer can be along a line: the material of
Figure 2 (left), Theorems 1 and 2 and Proposition 1 of
https://arxiv.org/abs/1706.04859, Section 3. `ridge_network` turns such
functions into networks.
"""

from typing import Callable, NamedTuple

import numpy as np

from sobolev_tf import errors


class PiecewiseLinear(NamedTuple):
  """A continuous function with K knots and K + 1 linear pieces.

  Attributes:
    knots: `[K]`, ascending.
    values: `[K]`, the function at the knots.
    slopes: `[K + 1]`, of the pieces from left to right. Those between knots
      follow from `values`; they are kept because a quotient of small
      differences would lose digits.
  """
  knots: np.ndarray
  values: np.ndarray
  slopes: np.ndarray

  def __call__(self, x: np.ndarray) -> np.ndarray:
    """The values at `[...]` points."""
    knot = np.clip(self._piece(x) - 1, 0, None)  # a knot of that piece
    return self.values[knot] + self.derivative(x) * (x - self.knots[knot])

  def derivative(self, x: np.ndarray) -> np.ndarray:
    """The slopes at `[...]` points; at a knot, that of its right side."""
    return self.slopes[self._piece(x)]

  def _piece(self, x: np.ndarray) -> np.ndarray:
    return np.searchsorted(self.knots, x, side="right")


def interpolate(function: Callable[[np.ndarray], np.ndarray],
                knots: np.ndarray) -> PiecewiseLinear:
  """Joins a function's values at the knots by straight lines.

  Args:
    function: maps `[K]` to `[K]`.
    knots: `[K]`, ascending, at least 2.

  Returns:
    The interpolant, whose outer pieces go on as their neighbours do.
  """
  values = function(knots)
  slopes = np.diff(values) / np.diff(knots)
  return PiecewiseLinear(
      knots, values, np.concatenate([slopes[:1], slopes, slopes[-1:]]))


def through_tangents(x: np.ndarray, y: np.ndarray,
                     dy_dx: np.ndarray) -> PiecewiseLinear:
  """A function with given values and slopes at given points.

  Around each point it follows the point's tangent as far as a quarter of the
  distance to the nearest neighbour; in between it is a straight line.

  Args:
    x: `[N]`, distinct.
    y: `[N]`, values.
    dy_dx: `[N]`, slopes.

  Returns:
    The function, with 2 N knots, none of them at a point.

  Raises:
    UserError: if two points coincide.
  """
  order = np.argsort(x)
  x, y, dy_dx = x[order], y[order], dy_dx[order]
  gaps = np.diff(x)
  if not (gaps > 0).all():
    raise errors.UserError(
        "Two points coincide: values and slopes need distinct points.")
  around = np.concatenate([[np.inf], gaps, [np.inf]])
  reach = np.minimum(around[:-1], around[1:]) / 4  # [N]
  reach = np.where(np.isfinite(reach), reach, 1.)  # a single point
  knots = np.stack([x - reach, x + reach], axis=1)  # [N, 2]
  values = np.stack([y - reach * dy_dx, y + reach * dy_dx], axis=1)
  between = (values[1:, 0] - values[:-1, 1]) / (knots[1:, 0] - knots[:-1, 1])
  slopes = np.empty(2 * len(x) + 1)
  slopes[[0, -1]] = dy_dx[0], dy_dx[-1]
  slopes[1::2], slopes[2:-1:2] = dy_dx, between
  return PiecewiseLinear(knots.reshape(-1), values.reshape(-1), slopes)


def through_lines(x: np.ndarray, y: np.ndarray,
                  dy_dx: np.ndarray) -> PiecewiseLinear:
  """The function with one piece per point: its tangent.

  Args:
    x: `[N]`, ascending.
    y: `[N]`, values.
    dy_dx: `[N]`, slopes, neighbours distinct.

  Returns:
    The function with N - 1 knots, where neighbouring tangents meet.

  Raises:
    UserError: if two tangents do not meet between their points, so that no
      function of N pieces with one point in each has these values and slopes.
  """
  with np.errstate(divide="ignore", invalid="ignore"):
    intercepts = y - dy_dx * x
    knots = np.diff(intercepts) / -np.diff(dy_dx)
  if not ((x[:-1] < knots) & (knots < x[1:])).all():
    raise errors.UserError(
        "Neighbouring tangents must meet between their points.")
  return PiecewiseLinear(
      knots, y[:-1] + dy_dx[:-1] * (knots - x[:-1]), dy_dx)
