"""Pieces of Markdown that the sections share."""

from typing import Sequence

import numpy as np

from reproduce import stats


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
  """A Markdown table.

  Args:
    header: the columns' titles.
    rows: cells of text.

  Returns:
    The table, ending with a newline.
  """
  lines = [header, ["---"] * len(header), *rows]
  return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def interval(value: stats.Interval, digits: int = 2) -> str:
  """An estimate with its interval, "1.20 [1.10, 1.31]"."""
  if value.size == 0:
    return "all diverged"
  estimate, low, high = (
      f"{round(number, digits) + 0.:.{digits}f}" for number in value[:3])
  return estimate if np.isnan(value.low) else f"{estimate} [{low}, {high}]"
