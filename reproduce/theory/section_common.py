"""What the statements' sections share: rows, columns and a look."""

import pathlib
from typing import Dict, List, Sequence, Tuple, Union

from matplotlib import figure
import numpy as np

from reproduce import rows as results

TARGET, BLUE, RED, GREY = "#222222", "#4878a8", "#c8553d", "#9a9a9a"
DPI = 110


def columns(path: pathlib.Path) -> Dict[str, np.ndarray]:
  """Reads a table of numbers as one array `[N]` per column."""
  records = results.read_table(path)
  return {name: np.array([float(record[name]) for record in records])
          for name in records[0]}


def values(rows: Sequence[results.Row], **wanted) -> List[float]:
  """The values of the rows whose fields are as wanted, in their order."""
  return [row.value for row in rows if all(
      getattr(row, name) == value for name, value in wanted.items())]


def by_size(rows: Sequence[results.Row], **wanted
            ) -> Tuple[np.ndarray, np.ndarray]:
  """Sizes n, ascending, and the values there, `[N]` and `[N, seeds]`."""
  chosen = [row for row in rows if all(
      getattr(row, name) == value for name, value in wanted.items())]
  sizes = sorted({row.n for row in chosen})
  return np.array(sizes), np.array(
      [[row.value for row in chosen if row.n == n] for n in sizes])


def canvas(width: float, height: float,
           panels: Union[int, Tuple[int, int]]):
  """A figure and its panels, in one row or in (rows, columns)."""
  drawing = figure.Figure(figsize=(width, height), layout="constrained")
  if isinstance(panels, int):
    axes = np.atleast_1d(drawing.subplots(1, panels))
  else:
    axes = drawing.subplots(*panels, squeeze=False)
  for axis in axes.flat:
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=8)
  return drawing, axes
