"""Errors of all methods, beside each other."""

from typing import List, NamedTuple, Optional, Sequence

import numpy as np

from configs import balancing as config_lib
from reproduce import decades, markdown, stats
from reproduce import rows as rows_lib

LEGEND = (
    "Root mean square errors over the standard deviation of what is predicted, "
    "mean over the channels; geometric means over {seeds} seeds with 95 % "
    "intervals. Bold: the lowest, and those whose difference from it, paired "
    "by seed, has an interval that holds 0.\n")


class Scores(NamedTuple):
  """Errors of the methods on one problem.

  Attributes:
    methods: M names, in the order of `configs.balancing.ALL_METHODS`.
    errors: log10 by seed, `[M, S]`; NaN where a network diverged.
  """
  methods: Sequence[str]
  errors: np.ndarray

  @property
  def best(self) -> Optional[int]:
    """The method with the lowest mean, of those that never diverged."""
    means = self.errors.mean(1)
    return int(np.nanargmin(means)) if np.isfinite(means).any() else None

  def behind(self, method: int) -> stats.Interval:
    """A method's errors minus the best's, in decades, paired by seed."""
    if self.best is None:
      return stats.paired_difference((), ())
    return stats.paired_difference(self.errors[method], self.errors[self.best])

  def level(self, method: int) -> bool:
    """Whether a method cannot be told from the best; False with one seed."""
    return method == self.best or (
        bool(np.isfinite(self.errors[method]).all()) and
        self.behind(method).low <= 0)


def scores(rows: Sequence[rows_lib.Row], metric: str, **wanted) -> Scores:
  """Errors of the methods that have rows.

  Args:
    rows: of one run.
    metric: the error.
    **wanted: which rows count, as `rows.matching` takes it; they leave one per
      method and seed, or several that are averaged.

  Returns:
    The errors.
  """
  found = {method: decades.log_errors(rows, metric, method=method, **wanted)
           for method in config_lib.ALL_METHODS}
  made = [method for method, errors in found.items() if len(errors)]
  return Scores(made, np.array([found[method] for method in made]))


def errors(rows: Sequence[rows_lib.Row], metric: str, over: str) -> str:
  """A table with a line per method.

  Args:
    rows: of one run; those of an untuned preset are called that.
    metric: the error.
    over: the field with a column for each of its values, "n" or "task".

  Returns:
    The table, in Markdown.
  """
  columns = rows_lib.distinct(rows_lib.matching(rows, metric=metric), over)
  each = [scores(rows, metric, **{over: column}) for column in columns]
  lines: List[List[str]] = []
  for method, about in config_lib.ALL_METHODS.items():
    cells = [_cell(score, method) for score in each]
    if any(cells):
      lines.append([about.title, *cells])
  return markdown.table(
      ["method, untuned" if is_untuned(rows) else "method",
       *(f"n = {c}" if over == "n" else str(c) for c in columns)], lines)


def is_untuned(rows: Sequence[rows_lib.Row]) -> bool:
  """Whether methods were compared with `configs.balancing.ONE_TRIAL`."""
  return rows[0].preset in config_lib.UNTUNED


def _cell(score: Scores, method: str) -> str:
  if method not in score.methods:
    return ""
  index = score.methods.index(method)
  mean = stats.bootstrap(score.errors[index])
  diverged = score.errors.shape[1] - mean.size
  text = markdown.interval(stats.Interval(
      10**mean.estimate, 10**mean.low, 10**mean.high, mean.size), 3)
  if mean.size and diverged:
    text += f" ({diverged} diverged)"
  return f"**{text}**" if score.level(index) else text
