"""Learning curves of a grid of regressions: is training long enough?

Validation error by step, whether it is flat at the end, and when each method
reaches the other's end.
"""

import pathlib
from typing import Dict, Sequence, Tuple

from matplotlib import figure
import numpy as np

from reproduce import look, reaching, stats
from reproduce import rows as rows_lib
from reproduce.regression import grid, panels
from sobolev_tf import functions

# ours: a curve is called flat if over the last fifth of the training its mean
# changes by less than a tenth, in decades
FLAT = float(np.log10(1.1))


class Curves:
  """Validation errors of one setting.

  Attributes:
    functions: names.
    sizes: numbers of training points, ascending.
  """

  def __init__(self, rows: Sequence[rows_lib.Row]):
    """Arranges the rows of learning curves among those of a setting."""
    self._cells: Dict[Tuple[str, int, str], Dict[Tuple[int, int], float]] = {}
    for row in rows_lib.matching(rows, metric=grid.CURVE):
      cell = self._cells.setdefault((row.task, row.n, row.method), {})
      cell[row.seed, row.step] = row.value
    self.functions = sorted({task for task, _, _ in self._cells})
    self.sizes = sorted({n for _, n, _ in self._cells})

  def of(self, function: str, n: int, method: str) -> reaching.Curves:
    """The curves of a cell, a row per seed; NaN from divergence on."""
    cell = self._cells.get((function, n, method), {})
    seeds = sorted({seed for seed, _ in cell})
    steps = sorted({step for _, step in cell})
    values = [[cell.get((seed, step), np.nan) for step in steps]
              for seed in seeds]
    return reaching.Curves(
        np.array(steps), np.reshape(values, [len(seeds), len(steps)]), seeds)

  def late_change(self, function: str, n: int, method: str) -> float:
    """Change of the mean log10 error over the last fifth of the training.

    From the last measurement before it; NaN if there is none, or all diverged.
    """
    steps, values, _ = self.of(function, n, method)
    early = int(np.sum(steps <= .8 * steps[-1])) if len(steps) else 0
    if not early:
      return float("nan")
    changes = np.log10(values[:, -1]) - np.log10(values[:, early - 1])
    finite = changes[np.isfinite(changes)]
    return float(np.mean(finite)) if len(finite) else float("nan")


def write(rows: Sequence[rows_lib.Row], title: str, path: pathlib.Path) -> str:
  """Draws the curves and says what they show.

  Args:
    rows: of one setting.
    title: the figure's.
    path: where the figure goes.

  Returns:
    The text in Markdown; "" if no curves were measured.
  """
  curves = Curves(rows)
  if not curves.functions:
    return ""
  look.save(draw(curves, title), path)
  return (f"\n**Learning curves**\n\n![Validation error by step]({path.name})\n"
          f"\n{flatness(curves)}\n{reaching_table(curves)}")


def draw(curves: Curves, title: str) -> figure.Figure:
  """Validation error by step; a column per function, a row per size."""
  shape = len(curves.sizes), len(curves.functions)
  drawing, axes = look.canvas(1.9 * shape[1] + .8, 1.8 * shape[0] + .9, shape)
  for i, n in enumerate(curves.sizes):
    for j, function in enumerate(curves.functions):
      axis = axes[i, j]
      for method in panels.METHODS:
        steps, values, _ = curves.of(function, n, method)
        if len(steps):
          bands = [stats.bootstrap(column).mapped(lambda v: 10.**v)
                   for column in np.log10(values).T]
          axis.plot(steps, [band.estimate for band in bands],
                    color=panels.COLOURS[method], label=panels.LABELS[method])
          axis.fill_between(
              steps, [band.low for band in bands],
              [band.high for band in bands], color=panels.COLOURS[method],
              alpha=.25, linewidth=0)
      axis.set_yscale("log")
      axis.xaxis.set_major_formatter("{x:,.0f}")
      axis.locator_params(axis="x", nbins=3)
      axis.tick_params(labelsize=7, which="both")
      if i == 0:
        axis.set_title(functions.by_name(function).title, fontsize=10)
    axes[i, 0].set_ylabel(f"n = {n:,}", fontsize=9)
  axes[-1, shape[1] // 2].set_xlabel("training steps", fontsize=9)
  drawing.legend(*axes[0, 0].get_legend_handles_labels(), frameon=False,
                 loc="outside lower center", fontsize=9, ncols=2)
  drawing.suptitle(f"{title}: validation MSE", fontsize=10)
  return drawing


def flatness(curves: Curves) -> str:
  """Which cells still change over the last fifth of the training."""
  sentences = []
  for method in panels.METHODS:
    changes = {
        (function, n): curves.late_change(function, n, method)
        for n in curves.sizes for function in curves.functions
        if curves.of(function, n, method).seeds}
    known = {cell: change for cell, change in changes.items()
             if not np.isnan(change)}
    moving = [f"{function} at n = {n:,} ({change:+.2f})"
              for (function, n), change in known.items()
              if abs(change) >= FLAT]
    if known:
      sentences.append(
          f"{panels.LABELS[method]} networks' validation error is flat in "
          f"{len(known) - len(moving)} of {len(known)} cells; not in: "
          f"{', '.join(moving) or 'none'}.")
    if len(known) < len(changes):
      sentences.append(
          f"Of {len(changes) - len(known)} cells of {panels.LABELS[method]} "
          "networks it is not known: measured too seldom, or diverged.")
  return " ".join(sentences) + (
      f" Flat: over the last fifth of the steps the mean of the log10 error "
      f"over seeds changes by less than {FLAT:.2f} decades, a tenth.\n")


def reaching_table(curves: Curves) -> str:
  """When each method reaches the other's final validation error."""
  cells: Dict[Tuple[str, ...], Tuple[reaching.Reached, reaching.Reached]] = {}
  for function in curves.functions:
    for n in curves.sizes:
      regular, sobolev = (
          curves.of(function, n, method) for method in panels.METHODS)
      if regular.seeds and sobolev.seeds:
        cells[function, f"{n:,}"] = (reaching.reached(sobolev, regular),
                                     reaching.reached(regular, sobolev))
  if not cells:
    return ""
  return "**Better, or only faster?**\n\n" + reaching.table(
      cells, ("function", "n"), ("Sobolev", "regular"), {}) + (
          "\nFrom this step on the validation error stays at or below the "
          "other's last one with the same seed; median over seeds, or how many "
          "ever come there if not most do.\n")
