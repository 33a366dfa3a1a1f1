"""Proposition 1: the constructed network and its errors."""

import pathlib
from typing import Sequence

import numpy as np

from reproduce import markdown
from reproduce import rows as results
from reproduce.theory import section_common as common


def write(rows: Sequence[results.Row], tables: pathlib.Path,
          folder: pathlib.Path) -> str:
  """Draws Proposition 1; arguments as `reproduce.sections.theory.write`."""
  curve = common.columns(tables / "proposition1_curve.csv")
  points = common.columns(tables / "proposition1_points.csv")
  drawing, (left, right) = common.canvas(9., 3.3, 2)
  left.plot(curve["x"], curve["h"], color=common.BLUE)
  left.plot(points["x"], points["y"], "o", color=common.TARGET, zorder=3)
  for x, y, slope in zip(*points.values()):
    reach = .08 / np.hypot(1, slope / 3)
    left.plot([x - reach, x + reach], [y - reach * slope, y + reach * slope],
              color=common.RED, linewidth=5, alpha=.5)
  left.set_title("a network through 5 values and slopes", fontsize=9)
  settings = sorted({row.setting for row in rows},
                    key=lambda s: int(s.partition("=")[2]))
  for i, setting in enumerate(settings):
    n, errors = common.by_size(
        rows, method="relu", metric="gradient_error", setting=setting)
    right.loglog(n, np.maximum(errors.max(axis=1), 1e-17),
                 "osD^v"[i % 5] + "-", markersize=4,
                 color=(common.TARGET, common.BLUE, common.RED,
                        common.GREY)[i % 4],
                 label=setting.replace("dimension=", "d = "))
  right.set_title("largest error of the gradient (ReLU)", fontsize=9)
  right.set_xlabel("points", fontsize=8)
  right.set_ylim(1e-17, 1e-9)
  right.set_xticks(n, [f"{size}" for size in n])
  right.minorticks_off()
  right.legend(fontsize=7, frameon=False)
  drawing.savefig(folder / "proposition1.png", dpi=common.DPI)
  sets = len({(row.setting, row.n, row.seed) for row in rows})
  return (
      "### Proposition 1: any values and gradients on a finite set\n\n"
      "![Proposition 1](proposition1.png)\n\n"
      "Paper: for any f and g on a finite set there is a (leaky) ReLU network "
      "with h = f and ∂h/∂x = g on it. Ours is constructed, not trained: one "
      "hidden layer, d(2N + 1) units for N points in d dimensions, a sum of "
      "piecewise-linear profiles along an orthonormal basis in which no two "
      "points share a coordinate (`reproduce/theory/interpolation.py`). "
      f"Largest errors over {sets} random sets, in float64:\n\n"
      + markdown.table(
          ["activation", "value", "gradient"],
          [[label, *(
              f"{max(common.values(rows, method=method, metric=metric)):.1e}"
              for metric in ("value_error", "gradient_error"))]
           for method, label in (("relu", "ReLU"), ("leaky", "leaky ReLU"))])
      + "\nThe construction is exact, so these errors are rounding. They grow "
      "with the conditioning of the points: the closer two coordinates along "
      "the basis, the steeper the piece between them.\n")
