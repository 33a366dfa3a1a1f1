"""Figure 3 from stored surfaces: the drawing and its test errors."""

import pathlib
from typing import Dict, Tuple

from matplotlib import figure
import numpy as np

from reproduce import markdown
from reproduce import rows as results
from reproduce.regression import panels as grid
from sobolev_tf import errors

SURFACE_FIELDS = ("x1", "x2", "y", "dy_dx1", "dy_dx2")
_ARROWS = 15  # per axis, so that single arrows can be told apart


def write(source: pathlib.Path, folder: pathlib.Path) -> str:
  """Draws the figure of a run and writes its section of the report.

  Args:
    source: the folder of one run of Figure 3.
    folder: where the figure and `section.md` go.

  Returns:
    The section, in Markdown.

  Raises:
    UserError: if a surface or row file is missing or damaged.
  """
  rows = results.read(source)
  if not rows:
    raise errors.UserError(f"'{source}' holds no rows of Figure 3.")
  mse: Dict[Tuple[int, str], Dict[str, float]] = {}
  for row in rows:
    mse.setdefault((row.n, row.method), {})[row.metric] = row.value
  surfaces = {"true function": read_surface(source / "surfaces" / "true.csv")}
  for n, method in sorted(mse):
    label = grid.LABELS[method]
    surfaces[f"{n} samples, {label}"] = read_surface(
        source / "surfaces" / f"n{n}_{method}.csv")
  first = rows[0]
  draw(surfaces, f"{first.task}, {first.preset} preset").savefig(
      folder / "figure3.png", dpi=110)
  text = (
      f"### Preset `{first.preset}`: {first.task}, {first.setting}, "
      f"{first.step} steps, seed {first.seed}\n\n"
      "![Figure 3](figure3.png)\n\n"
      "Surfaces share one scale (and are cut off at the true function's "
      "range); under each, the field of its gradient, with arrows as long "
      "and dark as the square root of the gradient's norm, on one scale.\n\n"
      + markdown.table(
          ["n", "method", "test MSE", "test MSE / variance",
           "test MSE of the gradient"],
          [[str(n), grid.LABELS[method], *(f"{value:.4g}" for value in (
              cells["test_mse"], cells["test_mse_standardised"],
              cells["test_gradient_mse"]))]
           for (n, method), cells in sorted(mse.items())]))
  (folder / "section.md").write_text(text, encoding="utf-8")
  return text


def read_surface(path: pathlib.Path) -> np.ndarray:
  """Reads a surface.

  Args:
    path: a file that `reproduce.figure3` wrote.

  Returns:
    `[G, G, 5]`: the columns `SURFACE_FIELDS` on a grid.

  Raises:
    UserError: if it is missing or damaged.
  """
  records = results.read_table(path)
  columns = np.array(
      [[float(record[name]) for name in SURFACE_FIELDS] for record in records])
  side = round(len(columns)**.5)
  return columns.reshape(side, side, len(SURFACE_FIELDS))


def draw(surfaces: Dict[str, np.ndarray], title: str) -> figure.Figure:
  """The figure in the paper's layout: one row of surfaces over their fields.

  Args:
    surfaces: `[G, G, 5]` per panel title, the true function first.
    title: the figure's title.

  Returns:
    The figure.
  """
  drawing = figure.Figure(figsize=(2.6 * len(surfaces), 4.9),
                          layout="constrained")
  true = next(iter(surfaces.values()))
  low, high = true[..., 2].min(), true[..., 2].max()
  longest = np.linalg.norm(true[..., 3:], axis=-1).max()**.5
  cell = np.ptp(true[..., 0]) / _ARROWS
  for i, (name, surface) in enumerate(surfaces.items(), start=1):
    x1, x2, y, d1, d2 = np.moveaxis(surface, -1, 0)
    top = drawing.add_subplot(2, len(surfaces), i, projection="3d")
    top.plot_surface(
        x1, x2, np.clip(y, low, high), cmap="viridis", vmin=low, vmax=high,
        rcount=len(x1), ccount=len(x1), linewidth=0)
    top.set_zlim(low, high)
    top.set_title(name, fontsize=10)
    top.tick_params(labelsize=6, pad=-3)
    top.view_init(elev=28, azim=-62)
    below = drawing.add_subplot(2, len(surfaces), len(surfaces) + i)
    at = (slice(None, None, max(1, len(x1) // _ARROWS)),) * 2
    size = np.hypot(d1, d2)[at]
    shrink = 1.7 * cell / longest / np.sqrt(np.maximum(size, 1e-12))
    below.quiver(
        x1[at], x2[at], d1[at] * shrink, d2[at] * shrink, np.sqrt(size),
        cmap="magma_r", clim=(-.3 * longest, longest), angles="xy",
        scale_units="xy", scale=1., width=.006, pivot="middle")
    below.set_aspect("equal")
    below.tick_params(labelsize=6)
  drawing.suptitle(title, fontsize=10)
  return drawing
