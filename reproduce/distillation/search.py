"""What Figure 4's results depend on, and the choice of its settings."""

import itertools
import pathlib
from typing import Dict, Sequence

from matplotlib import figure, ticker
import numpy as np

from reproduce import markdown
from reproduce import rows as results
from reproduce.distillation import rows as students

METRIC = "validation_kl"


def choose(rows: Sequence[results.Row]) -> Dict[str, Dict[str, str]]:
  """The trial with the lowest validation KL, per game and method.

  Args:
    rows: of a search.

  Returns:
    The chosen trials' labels by game and method; averaged over seeds, and
    over percentages by the logarithm.
  """
  cells = students.Students(rows)
  return {
      game: {
          method: min(cells.trials(game, method),
                      key=lambda trial: _score(cells, game, method, trial))
          for method in cells.methods if cells.trials(game, method)}
      for game in cells.games}


def _score(cells: students.Students, game: str, method: str,
           trial: str) -> float:
  """Mean log validation KL of a trial; infinite if it diverged."""
  values = [value for percentage in cells.percentages
            for value in cells.final(
                game, percentage, method, METRIC, trial).values()]
  score = float(np.mean(np.log(values))) if values else np.inf
  return score if np.isfinite(score) else np.inf


def write(rows: Sequence[results.Row], folder: pathlib.Path) -> str:
  """Draws a search and writes its section of the report.

  Args:
    rows: of one search.
    folder: where the figure and `section.md` go.

  Returns:
    The section, in Markdown.
  """
  cells = students.Students(rows)
  chosen = choose(rows)
  draw(cells).savefig(folder / "figure4-search.png", dpi=100)
  table = [
      [students.GAMES[game], students.LABELS[method], trial,
       *(f"{np.exp(_score(cells, game, method, trial)):.4f}",
         "chosen" if chosen[game][method] == trial else "")]
      for game in cells.games for method in cells.methods
      for trial in cells.trials(game, method)]
  counts = {len(cells.trials(game, method))
            for game in cells.games for method in chosen[game]}
  shares = ", ".join(f"{percentage:g} %" for percentage in cells.percentages)
  text = (
      f"### Preset `{rows[0].preset}`: share {shares}, "
      f"{max(row.step for row in rows):,} steps\n\n"
      "![Validation KL of every trial](figure4-search.png)\n\n"
      + markdown.table(
          ["game", "method", "trial", "validation D_KL", ""], table) +
      "\nGeometric means over shares and seeds. Validation is the last tenth "
      "of a training share, which may cut a game in two.\n" + (
          "" if len(counts) == 1 else
          "**Not every method has all of its trials yet.**\n"))
  (folder / "section.md").write_text(text, encoding="utf-8")
  return text


def draw(cells: students.Students) -> figure.Figure:
  """Validation KL against the learning rate, a line for all else in a trial.

  Args:
    cells: the measurements of a search.

  Returns:
    A figure with a panel per game.
  """
  drawing = figure.Figure(figsize=(3.4 * len(cells.games), 3.2),
                          layout="constrained")
  axes = drawing.subplots(1, len(cells.games), squeeze=False)[0]
  for axis, game in zip(axes, cells.games):
    for method in cells.methods:
      lines: Dict[str, list] = {}
      for trial in cells.trials(game, method):
        rate, _, rest = trial.partition(" ")
        lines.setdefault(rest, []).append((
            float(rate.partition("=")[2]),
            np.exp(_score(cells, game, method, trial))))
      for marker, (rest, points) in zip(
          itertools.cycle("os^vDPX*<>"), lines.items()):
        centred = "centred" in rest
        axis.plot(*zip(*sorted(points)), "-" if centred else ":",
                  marker=marker, markersize=4, linewidth=1,
                  color=students.COLOURS[method],
                  label=f"{students.LABELS[method]} {rest}".strip())
    axis.set_xscale("log")
    axis.set_yscale("log")
    rates = sorted({x for line in axis.get_lines() for x in line.get_xdata()})
    axis.set_xticks(rates, [f"{rate:g}" for rate in rates], rotation=60)
    axis.xaxis.set_minor_locator(ticker.NullLocator())
    axis.set_title(students.GAMES[game], fontsize=10)
    axis.set_xlabel("learning rate", fontsize=9)
    axis.tick_params(labelsize=7, which="both")
    axis.grid(alpha=.25, which="both", linewidth=.5)
  axes[0].set_ylabel("validation D_KL, nats", fontsize=9)
  drawing.legend(*axes[0].get_legend_handles_labels(), frameon=False,
                 loc="outside lower center", ncols=4, fontsize=8)
  return drawing
