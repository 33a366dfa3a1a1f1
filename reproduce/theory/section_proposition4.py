"""Proposition 4: symmetry of the Jacobian of random modules."""

import pathlib
from typing import Sequence

import numpy as np

from reproduce import markdown
from reproduce import rows as results
from reproduce.theory import section_common as common

_MODULES = {"linear": "linear, free-form",
            "perceptron": "ReLU network, free-form",
            "critic": "gradient of a loss predictor"}


def write(rows: Sequence[results.Row], unused_tables: pathlib.Path,
          folder: pathlib.Path) -> str:
  """Draws Proposition 4; arguments as `reproduce.sections.theory.write`."""
  drawing, (axis,) = common.canvas(6.5, 3., 1)
  lines = []
  sizes = sorted({row.n for row in rows})
  for i, (module, label) in enumerate(_MODULES.items()):
    for j, n in enumerate(sizes):
      measured = np.array(common.values(rows, method=module, n=n))
      place = i + .5 * (j - (len(sizes) - 1) / 2) / max(len(sizes), 1)
      spread = np.linspace(-.06, .06, len(measured))
      axis.plot(place + spread, np.maximum(measured, 1e-17), ".",
                color=(common.BLUE, common.RED, common.GREY)[j % 3],
                markersize=3, label=f"n = {n}" if i == 0 else None)
      lines.append([label, f"{n}", f"{measured.min():.3g}",
                    f"{np.median(measured):.3g}", f"{measured.max():.3g}"])
  axis.set_yscale("log")
  axis.set_ylim(1e-17, 5)
  axis.set_xticks(range(len(_MODULES)), list(_MODULES.values()), fontsize=8)
  axis.set_title("‖J - Jᵀ‖ / ‖J‖, one dot per random module", fontsize=9)
  axis.legend(fontsize=7, frameon=False, loc="center left")
  drawing.savefig(folder / "proposition4.png", dpi=common.DPI)
  draws = len({row.seed for row in rows})
  return (
      "### Proposition 4 (Section 4.3): gradient fields have symmetric "
      "Jacobians\n\n![Proposition 4](proposition4.png)\n\n"
      "Paper: if SG(h, y) is the gradient of a scalar its Jacobian is "
      "symmetric; for a free-form network that is \"extremely rare\", for "
      "the gradient of a loss predictor it holds by construction. "
      f"{draws} random modules of each kind, each at a random point, float64 "
      "(0: symmetric; √2: what independent entries give when there are "
      "many; 2: antisymmetric):\n\n"
      + markdown.table(["module", "n", "lowest", "median", "highest"], lines))
