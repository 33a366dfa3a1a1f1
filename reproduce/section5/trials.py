"""Trials: which settings were chosen, and how their errors compare."""

from typing import Dict, List, Sequence, Tuple

import numpy as np

from reproduce import markdown, stats
from reproduce import rows as rows_lib

_TRIED = ("learning_rate", "alpha")  # settings of a trial
Trial = Tuple[rows_lib.Setting, ...]  # their values


def chosen(rows: Sequence[rows_lib.Row], metric: str) -> List[rows_lib.Row]:
  """The rows of the trials with the lowest mean validation error.

  Args:
    rows: of one experiment; a trial is a learning rate and, where there is
      one, an alpha; rows that differ in n, the method or another setting
      belong to different cells.
    metric: the validation error; its logarithm is averaged over the seeds,
      and a trial that diverged on any of them is not chosen.

  Returns:
    One trial per cell, in the order of the rows.
  """
  errors: Dict[Tuple, Dict[Trial, List[float]]] = {}
  for row in rows:
    if row.metric == metric:
      errors.setdefault(_cell(row), {}).setdefault(_trial(row), []).append(
          _log10(row))
  best = {cell: min(tried, key=lambda trial: np.nan_to_num(  # type: ignore
      np.mean(tried[trial]), nan=np.inf)) for cell, tried in errors.items()}
  return [row for row in rows if best.get(_cell(row)) == _trial(row)]


def tuning(rows: Sequence[rows_lib.Row], error: str) -> str:
  """A sentence on how `chosen` chose.

  Args:
    rows: of one experiment, all trials.
    error: the validation error in words.
  """
  trials: Dict[Tuple, set] = {}
  for row in rows:
    trials.setdefault(_cell(row), set()).add(_trial(row))
  most = max(map(len, trials.values()))
  return ("Nothing was tuned: every method had one trial." if most == 1 else
          f"Each method's setting is, of {most} that were tried, the one with "
          f"the lowest {error}.")


def _trial(row: rows_lib.Row) -> Trial:
  return tuple(row.settings.get(name) for name in _TRIED)


def _cell(row: rows_lib.Row) -> Tuple:
  return row.n, row.method, *(
      item for item in sorted(row.settings.items()) if item[0] not in _TRIED)


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
    by_seed.setdefault(row.seed, []).append(_log10(row))
  return np.array([np.mean(by_seed[seed]) for seed in sorted(by_seed)])


def _log10(row: rows_lib.Row) -> float:
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
