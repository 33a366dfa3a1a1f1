"""What the sections on Section 5 share: errors by seed, bars, differences."""

from typing import Callable, Mapping, Sequence

import numpy as np

from reproduce.sections import markdown
from sobolev_tf import results, stats

COLOURS = ("#4878a8", "#7fa6cc", "#c8553d", "#5a9e6f", "#d8a23a")


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


def bars(axis, groups: Sequence[str], errors: Mapping[str, Sequence],
         labels: Mapping[str, str]) -> None:
  """Bars with 95 % intervals and a dot per seed.

  Args:
    axis: to draw on.
    groups: labels of the groups of bars.
    errors: per method, one array `[S]` per group.
    labels: per method, for the legend.
  """
  everything = np.concatenate(
      [seeds for groups_of in errors.values() for seeds in groups_of])
  everything = everything[np.isfinite(everything)]
  floor = everything.min() - .1 * (np.ptp(everything) + .1)
  width = .8 / len(errors)
  for m, (method, groups_of) in enumerate(errors.items()):
    for g, seeds in enumerate(groups_of):
      x = g + width * (m - (len(errors) - 1) / 2)
      mean = stats.bootstrap(seeds)
      axis.bar(x, mean.estimate - floor, .95 * width, bottom=floor,
               color=COLOURS[m], label=None if g else labels[method])
      axis.plot(np.full(len(seeds), x), seeds, ".", color="black", alpha=.45,
                markersize=3)
      axis.vlines(x, mean.low, mean.high, color="black", linewidth=1.6)
  axis.set_ylim(floor, everything.max() + .05 * np.ptp(everything) + .02)
  axis.set_xticks(range(len(groups)), groups)


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
