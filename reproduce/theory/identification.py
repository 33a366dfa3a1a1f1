"""Propositions 2 and 3: points needed with and without derivatives.

Section 3 of https://arxiv.org/abs/1706.04859: K_reg(F) values, or K_sob(F)
values with derivatives, determine any function of F. `linear_families` finds
both numbers for families that are linear in their parameters, `gaussians`
solves for Gaussian densities.
"""

import functools
import math
from typing import List

from matplotlib import ticker
import numpy as np

from configs import theory as config_lib
from reproduce import experiment, look, markdown, run, tables
from reproduce import rows as rows_lib
from reproduce.theory import gaussians, linear_families

_CURVES = "tables/gaussians_curves"
_SIZES = {"polynomials": "degree", "hyperplanes": "dimension",
          "element-wise linear": "dimension"}  # what tells a family's members
_row = functools.partial(rows_lib.Row, "identification")


def parts(config: config_lib.Identification) -> List[run.Part]:
  """All families."""
  return [run.Part("identification", functools.partial(_compute, config),
                   [_CURVES])]


def _compute(config: config_lib.Identification, unused_job: run.Job
             ) -> run.Outcome:
  """K_reg and K_sob of linear families, and solutions among Gaussians."""
  rows = []
  for name, make, sizes in (
      ("polynomials", linear_families.polynomials, config.degrees),
      ("hyperplanes", linear_families.hyperplanes, config.dimensions),
      ("element-wise linear", linear_families.elementwise_linear,
       config.dimensions)):
    for size in sizes:
      rows += _family(config, name, size, make(size))
  for dimension, side in config.grids:
    rows.append(_row(
        "grid", "K_reg", 1 + linear_families.largest_open_set(
            linear_families.elementwise_linear(dimension), side),
        settings={"dimension": dimension, "side": side}))
  random = np.random.default_rng(0)
  for seed in range(config.gaussians):
    rows += _gaussian(gaussians.draw(random), random.uniform(-3, 3, 3), seed)
  target, x = gaussians.Gaussian(0., 1.), np.linspace(-4, 6, 400)
  both = gaussians.from_two_values(.5, 2., *target.log([.5, 2.]))
  return run.Outcome(rows, {_CURVES: tables.records(
      x=x, **{f"solution_{i}": found(x) for i, found in enumerate(both)})})


def _family(config: config_lib.Identification, name: str, size: int,
            family: linear_families.Family) -> List[rows_lib.Row]:
  """K_reg and K_sob on generic sets of points, and on degenerate ones, too."""
  generic = [linear_families.random_points(family.input_size, seed)
             for seed in range(config.sets)]
  collinear = [linear_families.collinear_points(family.input_size)]
  rows = []
  for sets, samplers in (("generic", generic), ("all", generic + collinear)):
    for metric in ("K_reg", "K_sob"):
      found = linear_families.fewest_points(
          family, samplers, metric == "K_sob", config.limit)
      rows.append(_row(
          name, metric, math.inf if found is None else found,
          settings={_SIZES[name]: size, "sets": sets}))
  return rows


def _gaussian(target: gaussians.Gaussian, x: np.ndarray, seed: int
              ) -> List[rows_lib.Row]:
  """Solves for a density from what is known of it in three ways."""
  solutions = {
      "value+derivative": [gaussians.from_value_and_derivative(
          x[0], float(target(x[0])), float(target.derivative(x[0])))],
      "two values": gaussians.from_two_values(x[0], x[1], *target.log(x[:2])),
      "three values": [gaussians.from_three_values(x, target.log(x))]}
  rows = []
  for known, found in solutions.items():
    error = min(max(abs(a - b) for a, b in zip(s, target)) for s in found)
    rows += [_row(f"gaussian, {known}", metric, value, seed=seed)
             for metric, value in (("solutions", len(found)),
                                   ("parameter_error", error))]
  return rows


def write(results: experiment.Results) -> str:
  """Draws Propositions 2, 3."""
  drawing, axes = look.canvas(12.5, 3.3, 4)
  for axis, family in zip(axes, _SIZES):
    for metric, colour in (("K_reg", look.BLUE), ("K_sob", look.RED)):
      n, found = rows_lib.by_setting(
          results.rows, _SIZES[family], method=family, metric=metric,
          sets="generic")
      axis.plot(n, found[:, 0], "o-", color=colour, markersize=4, label=metric)
    axis.set_title(family, fontsize=9)
    axis.set_ylim(0, None)
    axis.yaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    axis.set_xlabel("degree n" if family == "polynomials" else "d",
                    fontsize=8)
  degrees, _ = rows_lib.by_setting(
      results.rows, "degree", method="polynomials", metric="K_sob")
  axes[0].plot(degrees, np.ceil(degrees / 2), "x", color=look.BLACK,
               label="⌈n/2⌉, printed")
  axes[0].legend(fontsize=7, frameon=False)
  curves = results.columns(_CURVES)
  for name, colour in (("solution_0", look.BLUE),
                       ("solution_1", look.RED)):
    axes[3].plot(curves["x"], curves[name], color=colour)
  difference = curves["solution_0"] - curves["solution_1"]
  crossings = np.flatnonzero(np.diff(np.sign(difference)))
  axes[3].plot(curves["x"][crossings], curves["solution_0"][crossings], "o",
               color=look.BLACK, zorder=3)
  axes[3].set_title("two densities, the same two values", fontsize=9)
  look.save(drawing, results.folder / "propositions2-3.png")
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
           "K_sob, every set"], _lines(results.rows) +
          _gaussians(results.rows)) + "\n" + _remarks(results.rows))


def _lines(rows):
  lines = []
  for family, size in _SIZES.items():
    mine = rows_lib.matching(rows, method=family)
    for n in rows_lib.distinct(mine, size):
      lines.append([
          f"{family}, {'degree' if size == 'degree' else 'd ='} {n}",
          *(_number(rows_lib.values(
              mine, metric=metric, sets=sets, **{size: n})[0])
            for sets in ("generic", "all") for metric in ("K_reg", "K_sob"))])
  return lines


def _number(value: float) -> str:
  return "∞" if math.isinf(value) else f"{value:.0f}"


def _gaussians(rows):
  """K from the counts of solutions: how much must be known for just one."""
  counts = {known: set(rows_lib.values(
      rows, method=f"gaussian, {known}", metric="solutions"))
      for known in ("value+derivative", "two values", "three values")}
  regular = "3" if counts["two values"] - {1.} else "2"
  sobolev = "1" if counts["value+derivative"] == {1.} else "more"
  return [["Gaussian densities", regular, sobolev, regular, sobolev]]


def _remarks(rows) -> str:
  two = rows_lib.values(rows, method="gaussian, two values", metric="solutions")
  errors = {known: max(rows_lib.values(
      rows, method=f"gaussian, {known}", metric="parameter_error"))
      for known in ("value+derivative", "three values")}
  grids = "; ".join(
      f"{row.settings['dimension']} dimensions of {row.settings['side']} "
      f"values each: {row.value:.0f}"
      for row in rows_lib.matching(rows, method="grid"))
  even = [f"n = {n}: {k:.0f}, not {math.ceil(n / 2)}"
          for n, (k,) in zip(*rows_lib.by_setting(
              rows, "degree", method="polynomials", metric="K_sob",
              sets="generic"))
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
