"""Theorem 2: the lower bound, and attempts to get below it."""

import pathlib
from typing import Sequence

import numpy as np

from reproduce import markdown
from reproduce import rows as results
from reproduce.theory import section_common as common


def write(rows: Sequence[results.Row], tables: pathlib.Path,
          folder: pathlib.Path) -> str:
  """Draws Theorem 2; arguments as `reproduce.sections.theory.write`."""
  def one(method, metric):
    return common.values(rows, method=method, metric=metric)[0]

  eta = one("bound", "eta")
  curves = common.columns(tables / "theorem2_curves.csv")
  drawing, axes = common.canvas(12.5, 3.3, 4)
  x = curves["x"]
  for axis, title, target, h, names in (
      (axes[0], "the best h stays within η of f", "f", "h",
       ("f ± η", "best h")),
      (axes[1], "its derivative within η of g", "g", "dh", ("g ± η", "h′"))):
    axis.set_title(title, fontsize=9)
    axis.fill_between(x, curves[target] - eta, curves[target] + eta,
                      color=common.GREY, alpha=.35, label=names[0],
                      linewidth=0)
    axis.plot(x, curves[h], color=common.BLUE, label=names[1])
  axes[1].plot(x, curves["df"], color=common.TARGET, linewidth=.8, label="f′")
  for axis in axes[:2]:
    axis.legend(fontsize=7, frameon=False)
  _attempts(axes[2], rows, eta)
  n, etas = common.by_size(rows, method="sin(k pi x)")
  axes[3].loglog(n, etas[:, 0], "o-", color=common.BLUE, markersize=4)
  axes[3].set_xscale("log", base=2)
  axes[3].set_title("η where g = f′ + sin(kπx)", fontsize=9)
  axes[3].set_xlabel("k", fontsize=8)
  drawing.savefig(folder / "theorem2.png", dpi=common.DPI)
  attempts = [row for row in rows if row.metric == "error"]
  return (
      "### Theorem 2: an arbitrary function cannot be the derivative\n\n"
      "![Theorem 2](theorem2.png)\n\n"
      "Paper: if g is continuous and not f', then for some η > 0 every C1 "
      "function h has ‖f - h‖ ≥ η or ‖g - h'‖ ≥ η. In one dimension the best "
      "η can be computed: the largest |∫ₛᵗ (g - f')| / (t - s + 2) over all "
      "intervals is a bound, and it is attained (proof in "
      "`reproduce/theory/wrong_derivative.py`). Example: f = sin(πx), "
      "g = |x| on [-1, 1].\n\n"
      + markdown.table(["", "max(‖f - h‖, ‖g - h'‖)"], [
          [f"**η**, from the interval [{one('bound', 'low'):.3f}, "
           f"{one('bound', 'high'):.3f}]", f"**{eta:.6f}**"],
          ["the h constructed to attain it",
           f"{one('best function', 'error'):.6f}"],
          *_best(rows, "piecewise linear",
                 "best h of {n} equally spaced linear pieces"),
          *_best(rows, "trained",
                 "tanh network, {n} units, trained (best seed)")])
      + f"\nOf {len(attempts)} attempts, "
      f"{sum(row.value < eta for row in attempts)} are below η. That "
      f"‖g - f'‖ = {one('bound', 'difference_sup'):.2f} is large does not "
      "make η large: what counts is the integral of g - f', so for "
      "quickly oscillating differences (last panel, ‖g - f'‖ = 1 throughout) "
      "η is positive but tends to 0. On wider classes of h than C1 (the best "
      "h and the piecewise-linear ones have kinks) the bound holds too. The "
      "pieces' knots are equally spaced; the values there are the best by "
      "linear programming.\n")


def _attempts(axis, rows, eta: float) -> None:
  for method, colour, marker, label in (
      ("piecewise linear", common.BLUE, "o-", "n equally spaced pieces"),
      ("trained", common.RED, "s", "trained, n units")):
    n, errors = common.by_size(rows, method=method, metric="error")
    axis.plot(np.repeat(n, errors.shape[1]), errors.ravel() - eta, marker,
              color=colour, markersize=4, label=label)
  axis.set_xscale("log", base=2)
  axis.set_yscale("log")
  axis.set_title("max(‖f - h‖, ‖g - h′‖) - η", fontsize=9)
  axis.set_xlabel("n", fontsize=8)
  axis.legend(fontsize=7, frameon=False)


def _best(rows, method: str, label: str):
  n, errors = common.by_size(rows, method=method, metric="error")
  return [[label.format(n=size), f"{values.min():.6f}"]
          for size, values in zip(n, errors)]
