"""Pieces of Markdown that the sections share."""

from typing import Sequence

from sobolev_tf import stats


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
  text = f"{value.estimate:.{digits}f}"
  if value.low == value.low:
    text += f" [{value.low:.{digits}f}, {value.high:.{digits}f}]"
  return text
