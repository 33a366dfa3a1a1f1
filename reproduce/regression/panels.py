"""Rows of a grid of regressions, arranged for tables and figures."""

from collections import defaultdict
from typing import Dict, List, Sequence, Tuple

import numpy as np

from configs import regression as config_lib
from reproduce import look, stats
from reproduce import rows as rows_lib
from sobolev_tf import errors

METHODS = config_lib.SECTION_4_1
LABELS = {"regular": "regular", "sobolev": "Sobolev",
          "sobolev-2": "Sobolev, order 2",
          "sobolev-2-stochastic": "order 2, projected"}
COLOURS = {"regular": look.BLUE, "sobolev": look.RED,
           "sobolev-2": look.GREEN, "sobolev-2-stochastic": look.YELLOW}


class Grid:
  """log10 errors of one setting by (function, size) and method.

  Attributes:
    methods: that are compared.
    functions: names, in the order of the rows.
    sizes: numbers of training points, ascending.
  """

  def __init__(self, rows: Sequence[rows_lib.Row], metric: str,
               methods: Sequence[str] = METHODS):
    """Arranges the rows.

    Args:
      rows: of one setting.
      metric: the error to look at, such as "test_mse".
      methods: to compare.
    """
    self.methods = tuple(methods)
    self._cells: Dict[Tuple[str, int, str], Dict[int, float]] = (
        defaultdict(dict))
    for row in rows:
      if row.metric == metric:
        self._cells[row.task, row.n, row.method][row.seed] = (
            np.log10(row.value) if row.value > 0 else np.nan)
    self.functions = list(dict.fromkeys(task for task, _, _ in self._cells))
    self.functions.sort()
    self.sizes = sorted({n for _, n, _ in self._cells})
    if not self._cells:
      raise errors.UserError(f"No row has the metric '{metric}'.")

  def errors(self, function: str, n: int, method: str) -> np.ndarray:
    """log10 errors by seed, `[S]`, of the seeds that all methods have."""
    cells = [self._cells[function, n, m] for m in self.methods]
    shared = sorted(set.intersection(*map(set, cells)))
    return np.array([self._cells[function, n, method][s] for s in shared])

  def by_seed(self, function: str, n: int, method: str) -> Dict[int, float]:
    """The errors themselves, of every seed that the method has."""
    return {seed: 10.**value
            for seed, value in self._cells[function, n, method].items()}

  def difference(self, function: str, n: int,
                 pair: Sequence[str] = METHODS) -> stats.Interval:
    """log10(first) - log10(second), paired by seed, in decades."""
    return stats.paired_difference(
        *(self.errors(function, n, method) for method in pair))


def by_scaling(rows: Sequence[rows_lib.Row]
               ) -> Dict[str, List[rows_lib.Row]]:
  """Groups rows by what a figure shows apart, in the order they come.

  Args:
    rows: of a run.

  Returns:
    Rows of one scaling and activation by their `title`.
  """
  groups = rows_lib.grouped(rows, ("inputs", "targets", "activation"))
  return {title(group): group for group in groups.values()}


def title(rows: Sequence[rows_lib.Row]) -> str:
  """What rows of one scaling have in common; learning rates by method.

  Two rates are that of regular training and that of Sobolev Training.
  """
  rates = dict.fromkeys(
      f"{row.settings['learning_rate']:g}" for method in config_lib.METHODS
      for row in rows_lib.matching(rows, method=method))
  return rows_lib.label(
      {**rows[0].settings, "learning_rate": "/".join(rates)})
