"""What the sections on Section 5 share: trials chosen, means, differences."""

import pathlib
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from reproduce import markdown, stats
from reproduce import rows as results
from reproduce.theory import section_common as drawing_lib

COLOURS = ("#4878a8", "#8a63a8", "#c8553d", "#5a9e6f", "#d8a23a")
Cell = Tuple[int, str, str]


def chosen(rows: Sequence[results.Row], metric: str) -> List[results.Row]:
  """The rows of the trials with the lowest mean validation error.

  Args:
    rows: of one experiment; a trial is what a setting says of
      `learning_rate=` and `alpha=`, and whatever else the rows tell of n, the
      method and the setting is a cell of its own.
    metric: the validation error; its logarithm is averaged over the seeds,
      and a trial that diverged on any of them is not chosen.

  Returns:
    One trial per cell, in the order of the rows.
  """
  errors: Dict[Cell, Dict[str, List[float]]] = {}
  for row in rows:
    if row.metric == metric:
      errors.setdefault(_cell(row), {}).setdefault(trial(row), []).append(
          np.log10(row.value) if row.value > 0 else np.nan)
  best = {cell: min(tried, key=lambda name: np.nan_to_num(  # type: ignore
      np.mean(tried[name]), nan=np.inf)) for cell, tried in errors.items()}
  return [row for row in rows if best.get(_cell(row)) == trial(row)]


def trial(row: results.Row) -> str:
  """What was tried of the learning rate and of alpha."""
  return " ".join(word for word in row.setting.split() if _tried(word))


def tuning(rows: Sequence[results.Row], error: str) -> str:
  """A sentence on how `chosen` chose.

  Args:
    rows: of one experiment, all trials.
    error: the validation error in words.
  """
  trials: Dict[Cell, set[str]] = {}
  for row in rows:
    trials.setdefault(_cell(row), set()).add(trial(row))
  most = max(map(len, trials.values()))
  return ("Nothing was tuned: every method had one trial." if most == 1 else
          f"Each method's setting is, of {most} that were tried, the one with "
          f"the lowest {error}.")


def _cell(row: results.Row) -> Cell:
  return row.n, row.method, " ".join(
      word for word in row.setting.split() if not _tried(word))


def _tried(word: str) -> bool:
  return word.startswith(("learning_rate=", "alpha="))


def log_errors(rows: Sequence[results.Row], metric: str,
               where: Callable[[results.Row], bool] = lambda row: True
               ) -> np.ndarray:
  """log10 of a metric by seed, `[S]`, the mean over whatever else varies.

  Args:
    rows: of one run.
    metric: its name.
    where: which rows count.

  Returns:
    One number per seed, seeds ascending; NaN where a run diverged.
  """
  by_seed: dict[int, list[float]] = {}
  for row in rows:
    if row.metric == metric and where(row):
      by_seed.setdefault(row.seed, []).append(
          np.log10(row.value) if row.value > 0 else np.nan)
  return np.array([np.mean(by_seed[seed]) for seed in sorted(by_seed)])


def means(axis, groups: Sequence[str], errors: Mapping[str, Sequence],
          labels: Mapping[str, str]) -> None:
  """Means with 95 % intervals and a dot per seed.

  Args:
    axis: to draw on.
    groups: labels of the groups of means.
    errors: per method, one array `[S]` per group.
    labels: per method, for the legend.
  """
  width = .8 / len(errors)
  for m, (method, groups_of) in enumerate(errors.items()):
    for g, seeds in enumerate(groups_of):
      x = g + width * (m - (len(errors) - 1) / 2)
      axis.plot(np.full(len(seeds), x - .2 * width), seeds, ".",
                color=COLOURS[m], alpha=.5, markersize=4)
      interval(axis, x, stats.bootstrap(seeds), "o", COLOURS[m],
               None if g else labels[method])
  axis.set_xlim(-.5, len(groups) - .5)
  axis.set_xticks(range(len(groups)), groups)


def cell_errors(rows: Sequence[results.Row], metric: str, n: int,
                method: str) -> np.ndarray:
  """`log_errors` of a number of points and a method."""
  return log_errors(
      rows, metric, lambda row: (row.n, row.method) == (n, method))


def panels(path: pathlib.Path, width: float, rows: Sequence[results.Row],
           metrics: Mapping[str, str], sizes: Mapping[int, str],
           labels: Mapping[str, str]) -> None:
  """Draws `means` side by side under one legend and saves the figure.

  Args:
    path: of the figure.
    width: of the figure, inches.
    rows: what is drawn.
    metrics: title -> metric, one per panel.
    sizes: number of points -> label, the groups of a panel.
    labels: method -> label, in order.
  """
  drawing, axes = drawing_lib.canvas(width, 3.2, len(metrics))
  for axis, (title, metric) in zip(axes, metrics.items(), strict=True):
    means(axis, list(sizes.values()), {
        method: [cell_errors(rows, metric, n, method) for n in sizes]
        for method in labels}, labels)
    axis.set_title(title, fontsize=9)
  drawing.legend(*axes[0].get_legend_handles_labels(), ncols=len(labels),
                 loc="outside lower center", frameon=False, fontsize=8)
  drawing.savefig(path, dpi=drawing_lib.DPI)


def interval(axis, x: float, mean: stats.Interval, marker: str, colour: str,
             label: Optional[str]) -> None:
  """One mean with its interval, at x."""
  axis.vlines(x, mean.low, mean.high, color=colour, linewidth=1.6)
  axis.plot(x, mean.estimate, marker, color=colour, markersize=6, label=label)


def difference(first: np.ndarray, second: np.ndarray) -> str:
  """first - second, paired by seed, with the better one marked.

  Args:
    first: log10 errors by seed, `[S]`.
    second: log10 errors by seed, `[S]`.

  Returns:
    The difference in decades with its interval; bold if it is not 0.
  """
  paired = stats.paired_difference(first, second)
  text = markdown.interval(paired)
  return f"**{text}**" if paired.low > 0 or paired.high < 0 else text
