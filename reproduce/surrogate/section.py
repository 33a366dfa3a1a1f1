"""The section on the reactor: tables beside the notebook's, and figures."""

from typing import Dict, List, Sequence, Tuple

import numpy as np

from configs import balancing as config_lib
from reproduce import decades, experiment, look, markdown, published, stats
from reproduce import rows as rows_lib
from reproduce.balancing import grid, tables
from reproduce.surrogate import comparison, costs

# The notebook's methods, as rows have them: method and strength.
_NOTEBOOK: Dict[str, Tuple[str, float]] = {
    "values": ("values", 0), "weight 1": ("constant", .2),
    "weight 100": ("constant", 20.), "z-score": ("z-score", 1.),
    "likelihood": ("likelihood", 0)}
_DRAWN = {"values": look.BLUE, "eq1": look.YELLOW, "z-score": look.GREEN,
          "likelihood": look.RED}


def curves(results: experiment.Results) -> str:
  """The notebook's learning curves."""
  chosen = _chosen(results.rows)
  lines = []
  for (name, n), printed in sorted(
      published.SURROGATE_CURVES.items(), key=lambda item: item[0][1]):
    method, strength = _NOTEBOOK[name]
    mine = rows_lib.matching(chosen, method=method, strength=strength, n=n)
    if mine:
      lines.append([str(n), name, *_beside(mine, printed)])
  return ("### The notebook's learning curves\n\n" + _table(
      ["solves", "method"], lines, chosen,
      published.SURROGATE_CURVES_STEPS) +
      " A quarter of the solves chooses the weight decay, pool by pool.\n")


def long(results: experiment.Results) -> str:
  """Its long training."""
  lines = []
  for name, printed in published.SURROGATE_LONG.items():
    method, strength = _NOTEBOOK[name]
    mine = rows_lib.matching(results.rows, method=method, strength=strength)
    if mine:
      lines.append([name, *_beside(mine, printed)])
  return ("### The notebook's long training, 64 solves\n\n" + _table(
      ["method"], lines, results.rows, published.SURROGATE_LONG_STEPS) + "\n")


def methods(results: experiment.Results) -> str:
  """All methods, their designs and the cost of their labels."""
  rows = results.rows
  seeds = len(rows_lib.distinct(rows, "seed"))
  drawing, axes = look.canvas(9., 3.4, len(costs.JACOBIAN))
  for axis, (way, cost) in zip(axes, costs.JACOBIAN.items()):
    for method, colour in _DRAWN.items():
      _curve(axis, rows, method, colour,
             costs.VALUES if method == "values" else cost)
    axis.set(xscale="log", yscale="log", xlabel="cost, solves",
             xlim=(10, 4_000), ylim=(.003, 1.))
    axis.set_xticks([10, 100, 1_000], ["10", "100", "1,000"])
    axis.set_title(f"Jacobians by {way}", fontsize=9)
  axes[0].set_ylabel("error of the value")
  axes[0].legend(frameon=False, fontsize=8)
  look.save(drawing, results.folder / "cost.png")
  return (
      f"### All methods, {rows[0].step:,} steps\n\nErrors of the values:\n\n"
      f"{tables.errors(rows, grid.VALUE, 'n')}\nOf the Jacobians:\n\n"
      f"{tables.errors(rows, grid.DERIVATIVE, 'n')}\n"
      f"{tables.LEGEND.format(seeds=seeds)}\n"
      "![Error against cost](cost.png)\n\n"
      "What labels cost: " + ", ".join(
          f"{cost:g} solves by {way}" for way, cost in costs.JACOBIAN.items()) +
      ", against 1 for values alone.\n\n" + _designs(rows))


def _curve(axis, rows: Sequence[rows_lib.Row], method: str, colour: str,
           cost: float) -> None:
  sizes = sorted({row.n for row in rows_lib.matching(
      rows, method=method, metric=grid.VALUE)})
  means = [stats.bootstrap(decades.log_errors(
      rows, grid.VALUE, method=method, n=n)) for n in sizes]
  x = cost * np.array(sizes)
  axis.plot(x, [10**mean.estimate for mean in means], "o-", color=colour,
            label=config_lib.METHODS[method].title, markersize=4)
  axis.fill_between(x, [10**mean.low for mean in means],
                    [10**mean.high for mean in means], color=colour, alpha=.2)


def _designs(rows: Sequence[rows_lib.Row]) -> str:
  lines: List[List[str]] = []
  for n in rows_lib.distinct(rows, "n"):
    for method, about in config_lib.METHODS.items():
      regret, excess = (
          rows_lib.values(rows, n=n, method=method, metric=metric)
          for metric in (comparison.REGRET, comparison.EXCESS))
      if not regret:
        continue
      printed = published.SURROGATE_DESIGNS.get((method, n))
      lines.append([
          str(n), about.title,
          markdown.interval(stats.bootstrap(
              100 * np.array(regret), np.median)),
          *_distances(np.array(excess)),
          f"{printed.regret:.2f}, {printed.violation:.2f}" if printed else ""])
  return ("Designs found by optimising the surrogates, as the plant has them: "
          "the share of the optimum's objective that is lost (percent, medians "
          "with 95 % intervals), the largest distance from the limit (K), and "
          "how many designs break it by more than 0.1 K. A regret can be low, "
          "even negative, because the limit is broken. Ours after "
          f"{rows[0].step:,} steps; where the optimisation failed, there is no "
          "design.\n\n" + markdown.table(
              ["solves", "method", "regret", "largest distance", "beyond",
               "notebook: regret, distance"], lines))


def _distances(excess: np.ndarray) -> List[str]:
  """The largest distance, and how many designs are beyond the limit."""
  found = excess[np.isfinite(excess)]
  failed = len(excess) - len(found)
  return [
      f"{np.abs(found).max():.2f}" if len(found) else "",
      f"{np.sum(found > .1)} of {len(found)}" +
      (f", {failed} failed" if failed else "")]


def _beside(rows: Sequence[rows_lib.Row],
            printed: published.SurrogateError) -> List[str]:
  """Medians over the pools beside the notebook's, value and derivative."""
  cells = []
  for metric, number in ((grid.VALUE, printed.value),
                         (grid.DERIVATIVE, printed.derivative)):
    found = rows_lib.values(rows, metric=metric)
    cells += [markdown.interval(stats.bootstrap(found, np.median), 3),
              f"{number:.3f}"]
  return cells


def _table(names: List[str], lines: List[List[str]],
           rows: Sequence[rows_lib.Row], steps: int) -> str:
  pools = len(rows_lib.distinct(rows, "seed"))
  return markdown.table(
      [*names, "value", "notebook", "derivative", "notebook"], lines) + (
          f"\nMedians of our {pools} pools after {rows[0].step:,} steps, with "
          f"95 % intervals, and of the notebook's 5 after {steps:,}.")


def _chosen(rows: Sequence[rows_lib.Row]) -> List[rows_lib.Row]:
  """The rows of the weight decay with the lowest validation error."""
  best: Dict[Tuple, rows_lib.Row] = {}
  for row in rows_lib.matching(rows, metric=grid.VALIDATION):
    other = best.setdefault(_network(row), row)
    if row.value < np.nan_to_num(other.value, nan=np.inf):
      best[_network(row)] = row
  return [row for row in rows if row.settings["weight_decay"] ==
          best[_network(row)].settings["weight_decay"]]


def _network(row: rows_lib.Row) -> Tuple:
  return row.method, row.settings["strength"], row.n, row.seed
