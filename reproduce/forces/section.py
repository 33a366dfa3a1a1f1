"""The section of the report on energies and forces."""

from typing import Dict, List, Sequence, Tuple

import numpy as np

from configs import balancing
from configs import forces as config_lib
from reproduce import decades, experiment, look, markdown, stats, tuning
from reproduce import rows as rows_lib
from reproduce.balancing import grid, tables
from reproduce.forces import cluster, comparison

_UNITS = {comparison.ENERGY: "energy, meV per atom",
          comparison.FORCE: "force, meV per Angstrom"}
_COLOURS = (look.RED, look.GREEN, look.YELLOW)
_STYLES = ("o-", "s--")


def write(results: experiment.Results) -> str:
  """Draws the figure and writes the section."""
  if tuning.is_search(results.rows, grid.SEARCH):
    return tuning.write(results.rows, grid.SEARCH)
  return "\n".join([
      f"### Preset `{results.rows[0].preset}`\n", _methods(results.rows),
      *([_fractions(results)] if rows_lib.matching(
          results.rows, task=comparison.PARTIAL) else [])])


def _methods(rows: Sequence[rows_lib.Row]) -> str:
  """All methods with all forces."""
  rows = rows_lib.matching(rows, task=comparison.ALL)
  lines = []
  for method, about in balancing.METHODS.items():
    own = rows_lib.matching(rows, method=method)
    if own:
      lines.append([about.title, *(_mean(own, metric) for metric in _UNITS)])
  return (
      f"{rows[0].n} geometries with all their forces, "
      f"{rows[0].step:,} steps. Mean absolute errors, means over seeds with "
      "95 % intervals:\n\n" +
      markdown.table(["method", *_UNITS.values()], lines) +
      "\nEnergies:\n\n" + tables.errors(rows, grid.VALUE, "n") +
      "\nForces:\n\n" + tables.errors(rows, grid.DERIVATIVE, "n") + "\n" +
      tables.LEGEND.format(seeds=len(rows_lib.distinct(rows, "seed"))))


def _fractions(results: experiment.Results) -> str:
  """Errors by the fraction of the forces that is known."""
  curves = _curves(results.rows, config_lib.Data(**results.settings["data"]))
  drawing, axes = look.canvas(8., 3.4, len(_UNITS))
  for axis, (metric, title) in zip(axes, _UNITS.items()):
    for index, ((method, unit), points) in enumerate(curves.items()):
      means = [stats.bootstrap(decades.log_errors(own, metric))
               for own in points.values()]
      _line(axis, list(points), means, _COLOURS[index // 2 % len(_COLOURS)],
            _STYLES[index % 2],
            f"{balancing.METHODS[method].title}, {unit}")
    axis.set_title(title, fontsize=9)
    axis.set_xlabel("forces known, %", fontsize=8)
    axis.set_ylabel("log10 error", fontsize=8)
  drawing.legend(*axes[0].get_legend_handles_labels(), ncols=2,
                 loc="outside lower center", frameon=False, fontsize=8)
  look.save(drawing, results.folder / "fractions.png")
  lines = []
  for (method, unit), points in curves.items():
    for fraction, own in points.items():
      lines.append([
          balancing.METHODS[method].title, unit, f"{100 * fraction:.3g}",
          *(cell for metric in _UNITS for cell in (
              _mean(own, metric),
              _gained(own, points, metric) if 0. < fraction < 1. else ""))])
  return (
      "#### How many forces suffice\n\n![Fractions](fractions.png)\n\n"
      "Forces are known for a share of the geometries, or of all single atoms; "
      "each method keeps the settings that it has with all forces. Gained: the "
      "share of what all forces gain over none, in decades of the mean "
      "absolute error. Means and shares have 95 % bootstrap intervals over "
      "seeds.\n\n" + markdown.table(
          ["method", "share of the", "known, %", *(
              cell for title in _UNITS.values()
              for cell in (title, "gained, %"))], lines))


def _curves(rows: Sequence[rows_lib.Row], data: config_lib.Data
            ) -> Dict[Tuple[str, str], Dict[float, List[rows_lib.Row]]]:
  """Rows by the share that is known, from 0 to 1, of each method and unit."""
  partial = rows_lib.matching(rows, task=comparison.PARTIAL)
  whole = rows_lib.matching(rows, task=comparison.ALL)
  found = {}
  for method in dict.fromkeys(row.method for row in partial):
    own = rows_lib.matching(partial, method=method)
    for (unit,), group in rows_lib.grouped(own, ["unit"]).items():
      found[method, str(unit)] = {
          0.: rows_lib.matching(whole, method="values"), **{
              cluster.share(fraction, str(unit), data.count, data.atoms):
              rows_lib.matching(group, fraction=fraction)
              for fraction in rows_lib.distinct(group, "fraction")},
          1.: rows_lib.matching(whole, method=method)}
  return found


def _mean(own: Sequence[rows_lib.Row], metric: str) -> str:
  return markdown.interval(
      stats.bootstrap(rows_lib.values(own, metric=metric)), 1)


def _gained(own: Sequence[rows_lib.Row],
            points: Dict[float, List[rows_lib.Row]], metric: str) -> str:
  """The share of the whole gain."""
  none, some, every = (
      decades.log_errors(rows, metric)
      for rows in (points[0.], own, points[1.]))
  gained = stats.ratio(none - some, none - every)
  return markdown.interval(gained.mapped(lambda share: 100 * share), 0)


def _line(axis, fractions: Sequence[float], means: Sequence[stats.Interval],
          colour: str, style: str, label: str) -> None:
  estimates = np.array([mean.estimate for mean in means])
  ends = np.abs(np.array([mean[1:3] for mean in means]).T - estimates)
  axis.errorbar([100 * f for f in fractions], estimates, np.nan_to_num(ends),
                fmt=style, color=colour, markersize=4, linewidth=1.2,
                elinewidth=1, label=label)
