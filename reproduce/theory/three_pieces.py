"""Figure 2 (left): three values leave a three-piece function open.

Section 3 of https://arxiv.org/abs/1706.04859. The family: continuous
piecewise-linear functions of one variable with three pieces. One training
point lies in each piece of the target. A value and a derivative per point give
all three lines, and so the knots where they meet; values alone give one point
of each line, and any slopes will do whose lines meet between the points.
"""

from typing import List, Tuple

import numpy as np

from reproduce.theory import piecewise_linear
from sobolev_tf import errors

# Ours: a function that looks like the paper's.
TARGET = piecewise_linear.PiecewiseLinear(
    knots=np.array([1., 2.]), values=np.array([1.6, .6]),
    slopes=np.array([1.2, -1., .8]))
POINTS = np.array([.5, 1.55, 2.6])
LOW, HIGH = 0., 3.
_STEEPEST = 4.  # slope that is drawn


def from_values_and_derivatives() -> piecewise_linear.PiecewiseLinear:
  """The only member of the family that has the target's six numbers."""
  return piecewise_linear.through_lines(
      POINTS, TARGET(POINTS), TARGET.derivative(POINTS))


def from_values(count: int, seed: int
                ) -> List[piecewise_linear.PiecewiseLinear]:
  """Random members of the family that have the target's three values.

  Args:
    count: how many.
    seed: of their slopes.

  Returns:
    `count` functions, all different.
  """
  random = np.random.default_rng(seed)
  found: List[piecewise_linear.PiecewiseLinear] = []
  while len(found) < count:
    slopes = random.uniform(-_STEEPEST, _STEEPEST, size=3)
    try:
      found.append(piecewise_linear.through_lines(
          POINTS, TARGET(POINTS), slopes))
    except errors.UserError:
      continue  # the lines do not meet between the points
  return found


def open_parameters() -> Tuple[int, int]:
  """Dimensions of the sets of hypotheses around the target.

  The family has six parameters: two knots, two values there and two outer
  slopes. What is known is differentiated with respect to them; what its
  Jacobian's rank leaves is open.

  Returns:
    The dimensions with values alone and with values and derivatives.
  """
  def function(parameters):
    knots, values, outer = np.split(parameters, [2, 4])
    inner = np.diff(values) / np.diff(knots)
    return piecewise_linear.PiecewiseLinear(
        knots, values, np.array([outer[0], inner[0], outer[1]]))

  def known(parameters):
    h = function(parameters)
    return np.concatenate([h(POINTS), h.derivative(POINTS)])

  at = np.concatenate([TARGET.knots, TARGET.values, TARGET.slopes[[0, 2]]])
  step = 1e-6
  jacobian = np.stack([
      (known(at + step * unit) - known(at - step * unit)) / (2 * step)
      for unit in np.eye(len(at))], axis=1)  # [6, 6]
  ranks = [np.linalg.matrix_rank(rows, tol=1e-6)
           for rows in (jacobian[:len(POINTS)], jacobian)]
  return len(at) - int(ranks[0]), len(at) - int(ranks[1])
