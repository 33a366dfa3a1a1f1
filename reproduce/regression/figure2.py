"""Figure 2 (right): test error of regular and Sobolev regression.

Section 4.1 of https://arxiv.org/abs/1706.04859. The rows come from a grid of
regressions; below are the figure, the table and the verdicts.
"""

from typing import Mapping, Sequence, Tuple

from absl import flags
from matplotlib import figure
import numpy as np

from configs import figure2 as config_lib
from reproduce import (
  aggregates,
  diverged,
  experiment,
  look,
  markdown,
  published,
  rows,
  stats,
)
from reproduce.regression import curves, grid, panels
from sobolev_tf import functions


def write(results: experiment.Results) -> str:
  """Draws the figures and writes the section of the report."""
  parts = []
  preset = results.rows[0].preset
  for number, (setting, group) in enumerate(
      panels.by_scaling(results.rows).items()):
    cells = panels.Grid(group, "test_mse")
    name = f"figure2-{number}.png"
    look.save(draw(cells, f"{preset} preset, {setting}"),
              results.folder / name)
    steps = max(row.step for row in group)
    parts.append(
        f"### Preset `{preset}`: {setting}, {steps:,} steps\n\n"
        f"![Figure 2 right, {setting}]({name})\n\n{table(cells)}\n"
        f"{summary(cells)}{_gradients(group)}{diverged.sentence(group)}\n"
        + aggregates.write(
            {method: [cells.by_seed(function, n, method)
                      for function in cells.functions for n in cells.sizes]
             for method in cells.methods}, "regular", panels.LABELS,
            panels.COLOURS, "test MSE",
            results.folder / f"figure2-{number}-profiles.png")
        + curves.write(group, f"{preset} preset, {setting}",
                       results.folder / f"figure2-{number}-curves.png"))
  return "\n".join(parts)


def draw(cells: panels.Grid, title: str,
         error: str = "log10 test MSE") -> figure.Figure:
  """The figure in the paper's layout: bars of log10 test MSE.

  Args:
    cells: the errors.
    title: the figure's title.
    error: what the bars show, in original units.

  Returns:
    A figure with one panel per function; a bar per method and training-set
    size, with 95 % intervals and every seed as a dot.
  """
  width = .76 / len(cells.methods)
  count = len(cells.functions)
  drawing, axes = look.canvas(1.9 * count + .8, 3.4, count)
  for axis, function in zip(axes, cells.functions):
    values = np.concatenate([
        cells.errors(function, n, method)
        for n in cells.sizes for method in cells.methods])
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if len(values) else (0., 1.)
    margin = .12 * (high - low) + .1
    floor = low - margin
    for m, method in enumerate(cells.methods):
      for i, n in enumerate(cells.sizes):
        seeds = cells.errors(function, n, method)
        mean = stats.bootstrap(seeds)
        x = i + width * (m - (len(cells.methods) - 1) / 2)
        axis.bar(x, mean.estimate - floor, .95 * width, bottom=floor,
                 color=panels.COLOURS[method], alpha=.85,
                 label=panels.LABELS[method] if i == 0 else None)
        axis.plot(np.full(len(seeds), x), seeds, ".", color="black",
                  alpha=.45, markersize=3)
        axis.vlines(x, mean.low, mean.high, color="black", linewidth=1.6)
    axis.set_ylim(floor, high + margin)
    axis.set_xticks(range(len(cells.sizes)), [f"{n:,}" for n in cells.sizes])
    axis.set_title(functions.by_name(function).title, fontsize=10)
  axes[0].set_ylabel(f"{error} (original units)", fontsize=9)
  axes[count // 2].set_xlabel("training points", fontsize=9)
  handles, labels = axes[0].get_legend_handles_labels()
  drawing.legend(handles, labels, loc="outside lower center",
                 ncols=len(labels), frameon=False, fontsize=9)
  drawing.suptitle(title, fontsize=10)
  return drawing


def table(cells: panels.Grid) -> str:
  """Figure 2 as a table, with the verdicts beside the paper's claims."""
  lines = []
  for function in cells.functions:
    for n in cells.sizes:
      if not cells.errors(function, n, "regular").size:
        lines.append([function, f"{n:,}", *["not run with both methods"] * 5])
        continue
      difference = cells.difference(function, n)
      claim = published.FIGURE2.get((function, n))
      lines.append([
          function, f"{n:,}",
          *(markdown.interval(stats.bootstrap(
              cells.errors(function, n, method))) for method in panels.METHODS),
          markdown.interval(difference), _verdict(difference),
          claim.verdict if claim else "none"])
  return markdown.table(
      ["function", "n", "regular: log10 test MSE", "Sobolev: log10 test MSE",
       "regular - Sobolev (decades)", "verdict", "paper's claim"], lines)


def summary(cells: panels.Grid) -> str:
  """Counts the verdicts and names the cells that contradict the paper."""
  verdicts = {(f, n): _verdict(cells.difference(f, n))
              for f in cells.functions for n in cells.sizes
              if cells.errors(f, n, "regular").size}
  names = (published.SOBOLEV, published.REGULAR, published.NONE,
           *({stats.TOO_FEW} & set(verdicts.values())))
  counts = ", ".join(
      f"{name} in {sum(v == name for v in verdicts.values())}"
      for name in names)
  opposite = [
      f"{f} at n = {n:,}" for (f, n), verdict in verdicts.items()
      if (f, n) in published.FIGURE2 and verdict in names[:2] and
      verdict != published.FIGURE2[f, n].verdict]
  agree = sum(
      verdict == published.FIGURE2[cell].verdict
      for cell, verdict in verdicts.items() if cell in published.FIGURE2)
  return (
      f"Of {len(verdicts)} cells: {counts}. {agree} agree with the paper's "
      f"text; the opposite of it: {', '.join(opposite) or 'none'}. "
      f"{_decades(cells, verdicts)} Means and "
      "intervals: 95 % bootstrap over seeds; verdict: 95 % paired-t interval "
      "of the difference over seeds.\n")


def _decades(cells: panels.Grid, verdicts: Mapping[Tuple[str, int], str]
             ) -> str:
  """By how many orders of magnitude, where Sobolev Training is better."""
  gains = {cell: cells.difference(*cell).estimate
           for cell, verdict in verdicts.items()
           if verdict == published.SOBOLEV}
  if not gains:
    return "In no cell is Sobolev Training significantly better."
  return (f"Where Sobolev Training is better, it is so by "
          f"{min(gains.values()):.2f} to {max(gains.values()):.2f} decades: by "
          "an order of magnitude or more in "
          f"{sum(gain >= 1 for gain in gains.values())} of {len(gains)}.")


def _verdict(difference: stats.Interval) -> str:
  return stats.verdict(difference, published.SOBOLEV, published.REGULAR)


def _gradients(measured: Sequence[rows.Row]) -> str:
  """One line per size: does the derivative's error fall, too?"""
  cells = panels.Grid(measured, "test_gradient_mse")
  lines = []
  for n in cells.sizes:
    better = sum(cells.difference(f, n).low > 0 for f in cells.functions)
    mean = np.nanmean(
        [cells.difference(f, n).estimate for f in cells.functions])
    lines.append(
        f"n = {n:,}: lower for Sobolev on {better} of "
        f"{len(cells.functions)} functions, by {mean:.2f} decades on average")
  return "\nTest error of the gradient, " + "; ".join(lines) + ".\n"


EXPERIMENT = experiment.Experiment(
    "figure2", config_lib.PRESETS,
    lambda: grid.plan("figure2", flags.FLAGS.preset,
                      grid.configure(config_lib.PRESETS)),
    experiment.Section(
        "Figure 2 (right): regression from values and gradients",
        "Paper, Section 4.1: Sobolev Training has the lower test error on six "
        "of the seven functions, often by orders of magnitude; the effect is "
        "stronger with little data and does not vanish at 10,000 points; on "
        "Ackley regular training is better while data are few. The paper "
        "prints no values for this figure, so its claims are compared.",
        write),
    grid.define_flags)
