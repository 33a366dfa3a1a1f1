"""Propositions 2 and 3: points needed with and without derivatives."""

import math
import pathlib
from typing import Sequence

from matplotlib import ticker
import numpy as np

from reproduce import markdown
from reproduce import rows as results
from reproduce.theory import section_common as common

_FAMILIES = ("polynomials", "hyperplanes", "element-wise linear")


def write(rows: Sequence[results.Row], tables: pathlib.Path,
          folder: pathlib.Path) -> str:
  """Draws Propositions 2, 3; arguments as `reproduce.sections.theory.write`.
  """
  drawing, axes = common.canvas(12.5, 3.3, 4)
  for axis, family in zip(axes, _FAMILIES):
    for metric, colour in (("K_reg", common.BLUE), ("K_sob", common.RED)):
      n, found = common.by_size(
          rows, method=family, metric=metric, setting="generic")
      axis.plot(n, found[:, 0], "o-", color=colour, markersize=4, label=metric)
    axis.set_title(family, fontsize=9)
    axis.set_ylim(0, None)
    axis.yaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    axis.set_xlabel("degree n" if family == "polynomials" else "d",
                    fontsize=8)
  degrees, _ = common.by_size(rows, method="polynomials", metric="K_sob")
  axes[0].plot(degrees, np.ceil(degrees / 2), "x", color=common.TARGET,
               label="⌈n/2⌉, printed")
  axes[0].legend(fontsize=7, frameon=False)
  curves = common.columns(tables / "gaussians_curves.csv")
  for name, colour in (("solution_0", common.BLUE), ("solution_1",
                                                    common.RED)):
    axes[3].plot(curves["x"], curves[name], color=colour)
  difference = curves["solution_0"] - curves["solution_1"]
  crossings = np.flatnonzero(np.diff(np.sign(difference)))
  axes[3].plot(curves["x"][crossings], curves["solution_0"][crossings], "o",
               color=common.TARGET, zorder=3)
  axes[3].set_title("two densities, the same two values", fontsize=9)
  drawing.savefig(folder / "propositions2-3.png", dpi=common.DPI)
  return (
      "### Propositions 2 and 3: derivatives need fewer points\n\n"
      "![Propositions 2 and 3](propositions2-3.png)\n\n"
      "Paper: K_reg(F) values, or K_sob(F) values with derivatives, determine "
      "any function of F; K_sob ≤ K_reg, and K_sob < K_reg for Gaussian "
      "densities and element-wise linear maps. Linear families: exact rank "
      "of the system for the parameters, in rational arithmetic, on random "
      "points (no two share a component) and, in the column \"every set\", "
      "also on collinear ones. Gaussians: all solutions, by bracketing.\n\n"
      + markdown.table(
          ["family", "K_reg", "K_sob", "K_reg, every set",
           "K_sob, every set"], _lines(rows) + _gaussians(rows))
      + "\n" + _remarks(rows))


def _lines(rows):
  lines = []
  for family in _FAMILIES:
    sizes, _ = common.by_size(rows, method=family)
    for n in sizes:
      lines.append([
          f"{family}, {'degree' if family == 'polynomials' else 'd ='} {n}",
          *(_number(common.values(rows, method=family, n=n, metric=metric,
                                  setting=sets)[0])
            for sets in ("generic", "all") for metric in ("K_reg", "K_sob"))])
  return lines


def _number(value: float) -> str:
  return "∞" if math.isinf(value) else f"{value:.0f}"


def _gaussians(rows):
  """K from the counts of solutions: how much must be known for just one."""
  counts = {known: set(common.values(
      rows, method=f"gaussian, {known}", metric="solutions"))
      for known in ("value+derivative", "two values", "three values")}
  regular = "3" if counts["two values"] - {1.} else "2"
  sobolev = "1" if counts["value+derivative"] == {1.} else "more"
  return [["Gaussian densities", regular, sobolev, regular, sobolev]]


def _remarks(rows) -> str:
  two = common.values(rows, method="gaussian, two values", metric="solutions")
  errors = {known: max(common.values(
      rows, method=f"gaussian, {known}", metric="parameter_error"))
      for known in ("value+derivative", "three values")}
  grids = "; ".join(
      f"{row.setting.partition('=')[2]} dimensions of {row.n} values each: "
      f"{row.value:.0f}" for row in rows if row.method == "grid")
  even = [f"n = {n}: {k:.0f}, not {math.ceil(n / 2)}"
          for n, (k, *_) in zip(*common.by_size(
              rows, method="polynomials", metric="K_sob", setting="generic"))
          if k != math.ceil(n / 2)]
  return (
      "* **Erratum.** For polynomials of degree n the paper prints ⌈n/2⌉ "
      "points with derivatives. It is ⌈(n+1)/2⌉, which differs for even n "
      f"({'; '.join(even)}): n + 1 unknowns, two equations per point.\n"
      "* **Erratum.** K_reg asks for *every* set of distinct points. Collinear "
      "points never determine a hyperplane (d > 1), and points that share a "
      "component never an element-wise linear map, however many: K_reg is "
      "infinite (∞: none up to the largest size tried; on such sets the "
      "rank stops growing). Proposition 3 holds then, too, but says less than "
      "meant. Non-degenerate means here: d + 1 affinely independent points for "
      "hyperplanes, points that differ in every component for element-wise "
      "linear maps; then the ratio is d + 1 and 2. On a finite domain K_reg "
      "is finite; found by trying every subset of grids of "
      f"{grids}: one more than the largest set that shares a component.\n"
      "* Gaussian densities need no such condition (in one dimension). One "
      f"value and derivative give the density: {len(two)} random cases, error "
      f"of mu and sigma ≤ {errors['value+derivative']:.0e}. Two values leave "
      f"two densities: {two.count(2.)} of {len(two)} cases (one only in the "
      "borderline case where both coincide). Three values give it: error ≤ "
      f"{errors['three values']:.0e}. In more dimensions values on a line "
      "cannot tell a density from its mirror image, and K_reg is infinite "
      "again.\n"
      "* K_sob = K_reg for constants (degree 0): Proposition 2's inequality "
      "need not be strict.\n")
