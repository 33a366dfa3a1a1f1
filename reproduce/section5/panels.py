"""Pictures of test errors by method and number of training points."""

import pathlib
from typing import Mapping, Sequence

import numpy as np

from reproduce import decades, look, rows, stats

_COLOURS = (look.BLUE, look.PURPLE, look.RED, look.GREEN, look.YELLOW)


def panels(path: pathlib.Path, width: float, measured: Sequence[rows.Row],
           metrics: Mapping[str, str], sizes: Mapping[int, str],
           labels: Mapping[str, str]) -> None:
  """Draws means with 95 % intervals and a dot per seed, and saves them.

  Args:
    path: of the figure.
    width: of the figure, inches.
    measured: what is drawn.
    metrics: title -> metric, one per panel.
    sizes: number of points -> label, the groups of a panel.
    labels: method -> label, in order.
  """
  drawing, axes = look.canvas(width, 3.2, len(metrics))
  for axis, (title, metric) in zip(axes, metrics.items(), strict=True):
    for place, (method, label) in enumerate(labels.items()):
      _method(axis, _COLOURS[place], label, .8 / len(labels),
              place - (len(labels) - 1) / 2, [
          decades.log_errors(measured, metric, n=n, method=method)
          for n in sizes])
    axis.set_xlim(-.5, len(sizes) - .5)
    axis.set_xticks(range(len(sizes)), list(sizes.values()))
    axis.set_title(title, fontsize=9)
  drawing.legend(*axes[0].get_legend_handles_labels(), ncols=len(labels),
                 loc="outside lower center", frameon=False, fontsize=8)
  look.save(drawing, path)


def _method(axis, colour: str, label: str, width: float, place: float,
            errors: Sequence[np.ndarray]) -> None:
  """A method's errors `[S]`, one array per group of means."""
  for group, seeds in enumerate(errors):
    x = group + width * place
    axis.plot(np.full(len(seeds), x - .2 * width), seeds, ".", color=colour,
              alpha=.5, markersize=4)
    mean = stats.bootstrap(seeds)
    axis.vlines(x, mean.low, mean.high, color=colour, linewidth=1.6)
    axis.plot(x, mean.estimate, "o", color=colour, markersize=6,
              label=None if group else label)
