"""Figure 2 (left): what three values leave open and derivatives do not."""

import pathlib
from typing import Sequence

from reproduce import rows as results
from reproduce.theory import section_common as common

_BOLD = 2  # hypotheses that stand out, as in the paper


def write(rows: Sequence[results.Row], tables: pathlib.Path,
          folder: pathlib.Path) -> str:
  """Draws Figure 2 (left); arguments as `reproduce.sections.theory.write`."""
  curves = common.columns(tables / "figure2_left_curves.csv")
  points = common.columns(tables / "figure2_left_points.csv")
  drawing, axes = common.canvas(11., 3., 3)
  x, at = curves["x"], (points["x"], points["y"])
  hypotheses = [c for name, c in curves.items() if name.startswith("hypo")]
  titles = ("a piecewise-linear function",
            f"two of a continuum ({len(hypotheses)} drawn)\nthat fit 3 values",
            "the only one that fits\n3 values and derivatives")
  for axis, title in zip(axes, titles):
    axis.set_title(title, fontsize=9)
    axis.set_ylim(-.6, 3.)
  axes[0].plot(x, curves["target"], color=common.TARGET)
  for curve in hypotheses[_BOLD:]:
    axes[1].plot(x, curve, color=common.GREY, linewidth=.5, alpha=.6)
  for curve, colour in zip(hypotheses[:_BOLD], (common.BLUE, common.RED)):
    axes[1].plot(x, curve, color=colour, linewidth=2)
  axes[2].plot(x, curves["only"], color=common.BLUE, linewidth=2)
  for u, v, slope in zip(*at, points["dy_dx"]):
    axes[2].plot([u - .25, u + .25], [v - .25 * slope, v + .25 * slope],
                 color=common.RED, linewidth=5, alpha=.5)
  for axis in axes[1:]:
    axis.plot(*at, "o", color=common.TARGET, markersize=5, zorder=3)
  drawing.savefig(folder / "figure2-left.png", dpi=common.DPI)

  def one(method, metric):
    return common.values(rows, method=method, metric=metric)[0]

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
