"""Figure 2 (left): three values leave a three-piece function open.

Section 3 of https://arxiv.org/abs/1706.04859. The family: continuous
piecewise-linear functions of one variable with three pieces. One training
point lies in each piece of the target. A value and a derivative per point give
all three lines, and so the knots where they meet; values alone give one point
of each line, and any slopes will do whose lines meet between the points.
"""

import functools
from typing import List, Tuple

import numpy as np

from configs import theory as config_lib
from reproduce import experiment, look, run, tables
from reproduce import rows as rows_lib
from reproduce.theory import piecewise_linear
from sobolev_tf import errors

_CURVES, _POINTS = "tables/figure2_left_curves", "tables/figure2_left_points"
_BOLD = 2  # hypotheses that stand out, as in the paper
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


def parts(config: config_lib.Figure2Left) -> List[run.Part]:
  """The hypotheses and their curves."""
  return [run.Part("figure2_left", functools.partial(_compute, config),
                   [_CURVES, _POINTS])]


def _compute(config: config_lib.Figure2Left, unused_job: run.Job
             ) -> run.Outcome:
  """Hypotheses that fit values, and the one that fits derivatives, too."""
  x = np.linspace(LOW, HIGH, config.points)
  hypotheses = from_values(config.hypotheses, config.seed)
  only = from_values_and_derivatives()
  curves = {f"hypothesis_{i}": h(x) for i, h in enumerate(hypotheses)}
  left, right = open_parameters()
  values, both = (functools.partial(rows_lib.Row, "figure2_left", method)
                  for method in ("values", "values+derivatives"))
  return run.Outcome([
      values("open_parameters", left),
      values("largest_error_at_points", max(
          np.abs(h(POINTS) - TARGET(POINTS)).max() for h in hypotheses)),
      values("largest_distance_from_target",
             np.abs(np.stack(list(curves.values())) - TARGET(x)).max()),
      both("open_parameters", right),
      both("largest_distance_from_target",
           np.abs(only(x) - TARGET(x)).max()),
  ], {
      _CURVES: tables.records(
          x=x, target=TARGET(x), only=only(x), **curves),
      _POINTS: tables.records(
          x=POINTS, y=TARGET(POINTS), dy_dx=TARGET.derivative(POINTS)),
  })


def write(results: experiment.Results) -> str:
  """Draws Figure 2 (left)."""
  curves = results.columns(_CURVES)
  points = results.columns(_POINTS)
  drawing, axes = look.canvas(11., 3., 3)
  x, at = curves["x"], (points["x"], points["y"])
  hypotheses = [c for name, c in curves.items() if name.startswith("hypo")]
  titles = ("a piecewise-linear function",
            f"two of a continuum ({len(hypotheses)} drawn)\nthat fit 3 values",
            "the only one that fits\n3 values and derivatives")
  for axis, title in zip(axes, titles):
    axis.set_title(title, fontsize=9)
    axis.set_ylim(-.6, 3.)
  axes[0].plot(x, curves["target"], color=look.BLACK)
  for curve in hypotheses[_BOLD:]:
    axes[1].plot(x, curve, color=look.GREY, linewidth=.5, alpha=.6)
  for curve, colour in zip(hypotheses[:_BOLD], (look.BLUE, look.RED)):
    axes[1].plot(x, curve, color=colour, linewidth=2)
  axes[2].plot(x, curves["only"], color=look.BLUE, linewidth=2)
  for u, v, slope in zip(*at, points["dy_dx"]):
    axes[2].plot([u - .25, u + .25], [v - .25 * slope, v + .25 * slope],
                 color=look.RED, linewidth=5, alpha=.5)
  for axis in axes[1:]:
    axis.plot(*at, "o", color=look.BLACK, markersize=5, zorder=3)
  look.save(drawing, results.folder / "figure2-left.png")

  def one(method, metric):
    return rows_lib.values(results.rows, method=method, metric=metric)[0]

  both = "values+derivatives"
  return (
      "### Figure 2 (left): three values against three values with "
      "derivatives\n\n![Figure 2 left](figure2-left.png)\n\n"
      "Paper: two points are needed to identify each linear piece, one if its "
      "derivative is given. The family here: continuous functions with three "
      "pieces and a training point in each, six parameters. Around the target "
      "the hypotheses that fit the values are a set of "
      f"{one('values', 'open_parameters'):.0f} dimensions; those that fit "
      f"values and derivatives one of {one(both, 'open_parameters'):.0f} (rank "
      "of the Jacobian of what is known). The hypotheses drawn are off at the "
      f"points by at most {one('values', 'largest_error_at_points'):.1e} and "
      "elsewhere by up to "
      f"{one('values', 'largest_distance_from_target'):.2f}; the one found "
      "from derivatives is the target to "
      f"{one(both, 'largest_distance_from_target'):.1e}. Unique it is in this "
      "family only: with more pieces than points the continuum is back.\n")
