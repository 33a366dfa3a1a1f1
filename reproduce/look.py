"""How pictures look: colours, panels, resolution. No other file says it."""

import pathlib
from typing import Tuple, Union

from matplotlib import figure
from matplotlib.backends import backend_agg
import numpy as np

BLUE, RED, GREEN, YELLOW = "#4878a8", "#c8553d", "#5a9e6f", "#d8a23a"
PURPLE, GREY, BLACK = "#8c6bb1", "#9a9a9a", "#222222"
ORANGE, BROWN, PINK = "#e07b39", "#8a5a44", "#d977a8"
_DPI = 110


def sheet(width: float, height: float) -> figure.Figure:
  """A figure without panels, of a width and height in inches."""
  return figure.Figure(figsize=(width, height), layout="constrained")


def canvas(width: float, height: float, panels: Union[int, Tuple[int, int]]
           ) -> Tuple[figure.Figure, np.ndarray]:
  """A figure and its panels, without a frame above and on the right.

  Args:
    width: in inches.
    height: in inches.
    panels: their number in one row, or (rows, columns).

  Returns:
    The figure, and its axes `[panels]` or `[rows, columns]`.
  """
  drawing = sheet(width, height)
  if isinstance(panels, int):
    axes = np.atleast_1d(drawing.subplots(1, panels))
  else:
    axes = drawing.subplots(*panels, squeeze=False)
  for axis in axes.flat:
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=8)
  return drawing, axes


def save(drawing: figure.Figure, path: pathlib.Path) -> None:
  """Writes a figure as PNG; `savefig` would draw it twice."""
  drawing.set_dpi(_DPI)
  backend_agg.FigureCanvasAgg(drawing).print_png(path)
