"""Whether a term repairs what Eq. 1 loses against values alone, from rows."""

from typing import List, Sequence

import numpy as np

from configs import balancing as config_lib
from reproduce import decades, markdown, stats
from reproduce import rows as rows_lib
from reproduce.balancing import grid, tables


def write(rows: Sequence[rows_lib.Row]) -> str:
  """A table with a line per problem and term.

  Args:
    rows: of one run with Eq. 1, values alone and at least one other method.

  Returns:
    The table and its legend, in Markdown.
  """
  lines: List[List[str]] = []
  for task, n in sorted({(row.task, row.n) for row in rows}):
    found = tables.scores(rows, grid.VALUE, task=task, n=n)
    errors = dict(zip(found.methods, found.errors))
    for method in found.methods:
      if method != "values":
        lines.append([
            f"{task}, n = {n:,}", config_lib.ALL_METHODS[method].title,
            "" if method == "eq1" else decades.difference(
                errors["eq1"], errors[method]),
            decades.difference(errors["values"], errors[method]),
            verdict(errors["values"], errors["eq1"], errors[method])
            if method != "eq1" else ""])
  return (
      "#### Do robust terms repair what Eq. 1 loses?\n\n" + markdown.table(
          ["problem", "term", "gain over Eq. 1", "gain over values alone",
           "repairs"], lines) +
      "\nGains in decades of the error of the value, paired by seed, with "
      "95 % intervals; bold: the interval leaves 0 out. Eq. 1 loses where its "
      "gain over values alone is below 0. A term repairs that if it gains over "
      "Eq. 1 and is not behind values alone.\n")


def verdict(values: np.ndarray, eq1: np.ndarray, term: np.ndarray) -> str:
  """What a term does about Eq. 1's loss.

  Args:
    values: log10 errors of values alone by seed, `[S]`.
    eq1: of Eq. 1.
    term: of the term.
  """
  loss, gain, rest = (stats.paired_difference(first, second)
                      for first, second in (
                          (eq1, values), (eq1, term), (term, values)))
  if min(loss.size, gain.size, rest.size) < 2:
    return stats.TOO_FEW
  if not loss.low > 0:
    return "no loss to repair"
  if not gain.low > 0:
    return "no"
  return "in part" if rest.low > 0 else "yes"
