"""Trials: which settings were chosen."""

from typing import Dict, List, Sequence, Tuple

import numpy as np

from reproduce import decades
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
          decades.log10(row))
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
