"""Errors on a logarithmic scale, seed by seed, and how they compare."""

from typing import Dict, List, Sequence

import numpy as np

from reproduce import markdown, stats
from reproduce import rows as rows_lib


def log_errors(rows: Sequence[rows_lib.Row], metric: str, **wanted
               ) -> np.ndarray:
  """log10 of a metric by seed, `[S]`, the mean over whatever else varies.

  Args:
    rows: of one run.
    metric: its name.
    **wanted: which rows count, as `rows.matching` takes it.

  Returns:
    One number per seed, seeds ascending; NaN where a run diverged.
  """
  by_seed: Dict[int, List[float]] = {}
  for row in rows_lib.matching(rows, metric=metric, **wanted):
    by_seed.setdefault(row.seed, []).append(log10(row))
  return np.array([np.mean(by_seed[seed]) for seed in sorted(by_seed)])


def log10(row: rows_lib.Row) -> float:
  """log10 of a row's value; NaN if it is not positive."""
  return np.log10(row.value) if row.value > 0 else np.nan


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
