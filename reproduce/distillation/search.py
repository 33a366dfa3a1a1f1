"""What Figure 4's results depend on, and the choice of its settings.

Every method gets the same number of trials, on validation states. The choice
is written into configs/figure4.py by hand.
"""

import itertools
from typing import Dict, Sequence

from matplotlib import figure, ticker
import numpy as np

from configs import figure4 as config_lib
from reproduce import experiment, look, markdown, rows
from reproduce.distillation import cells as cells_lib
from reproduce.distillation import grid, methods

METRIC = "validation_kl"


def choose(measured: Sequence[rows.Row]
           ) -> Dict[str, Dict[str, Dict[str, rows.Setting]]]:
  """The trial with the lowest validation KL, per game and method.

  Args:
    measured: rows of a search.

  Returns:
    The chosen trials' settings by game and method; averaged over seeds, and
    over percentages by the logarithm.
  """
  cells = cells_lib.Cells(measured)
  return {
      game: {method: dict(_best(cells, game, method))
             for method in cells.methods if cells.trials(game, method)}
      for game in cells.games}


def _best(cells: cells_lib.Cells, game: str, method: str) -> cells_lib.Trial:
  return min(cells.trials(game, method),
             key=lambda trial: _score(cells, game, method, trial))


def _score(cells: cells_lib.Cells, game: str, method: str,
           trial: cells_lib.Trial) -> float:
  """Mean log validation KL of a trial; infinite if it diverged."""
  values = [value for percentage in cells.percentages
            for value in cells.final(
                game, percentage, method, METRIC, trial).values()]
  score = float(np.mean(np.log(values))) if values else np.inf
  return score if np.isfinite(score) else np.inf


def write(results: experiment.Results) -> str:
  """Draws the search and writes the section of the report."""
  cells = cells_lib.Cells(results.rows)
  chosen = choose(results.rows)
  look.save(draw(cells), results.folder / "figure4-search.png")
  table = [
      [cells_lib.title(game), methods.METHODS[method].title,
       rows.label(dict(trial)),
       f"{np.exp(_score(cells, game, method, trial)):.4f}",
       "chosen" if chosen[game][method] == dict(trial) else ""]
      for game in cells.games for method in cells.methods
      for trial in cells.trials(game, method)]
  counts = {len(cells.trials(game, method))
            for game in cells.games for method in chosen[game]}
  shares = ", ".join(f"{percentage:g} %" for percentage in cells.percentages)
  return (
      f"### Preset `{results.rows[0].preset}`: share {shares}, "
      f"{max(row.step for row in results.rows):,} steps\n\n"
      "![Validation KL of every trial](figure4-search.png)\n\n"
      + markdown.table(
          ["game", "method", "trial", "validation D_KL", ""], table) +
      "\nGeometric means over shares and seeds. Validation is the last tenth "
      "of a training share, which may cut a game in two.\n" + (
          "" if len(counts) == 1 else
          "**Not every method has all of its trials yet.**\n"))


def draw(cells: cells_lib.Cells) -> figure.Figure:
  """Validation KL against the learning rate, a line for all else in a trial.

  Args:
    cells: the measurements of a search.

  Returns:
    A figure with a panel per game.
  """
  drawing, axes = look.canvas(3.4 * len(cells.games), 3.2, len(cells.games))
  for axis, game in zip(axes, cells.games):
    for method in cells.methods:
      lines: Dict[cells_lib.Trial, list] = {}
      for trial in cells.trials(game, method):
        others = dict(trial)
        rate = others.pop("learning_rate")
        lines.setdefault(tuple(others.items()), []).append(
            (rate, np.exp(_score(cells, game, method, trial))))
      for marker, (rest, points) in zip(
          itertools.cycle("os^vDPX*<>"), lines.items()):
        axis.plot(*zip(*sorted(points)),
                  "-" if dict(rest).get("centred") else ":",
                  marker=marker, markersize=4, linewidth=1,
                  color=methods.METHODS[method].colour,
                  label=f"{methods.METHODS[method].title} "
                        f"{rows.label(dict(rest))}".strip())
    axis.set_xscale("log")
    axis.set_yscale("log")
    rates = sorted({x for line in axis.get_lines() for x in line.get_xdata()})
    axis.set_xticks(rates, [f"{rate:g}" for rate in rates], rotation=60)
    axis.xaxis.set_minor_locator(ticker.NullLocator())
    axis.set_title(cells_lib.title(game), fontsize=10)
    axis.set_xlabel("learning rate", fontsize=9)
    axis.tick_params(labelsize=7, which="both")
    axis.grid(alpha=.25, which="both", linewidth=.5)
  axes[0].set_ylabel("validation D_KL, nats", fontsize=9)
  drawing.legend(*axes[0].get_legend_handles_labels(), frameon=False,
                 loc="outside lower center", ncols=4, fontsize=8)
  return drawing


EXPERIMENT = experiment.Experiment(
    "figure4_search", config_lib.SEARCH,
    lambda: grid.planned("figure4_search", config_lib.SEARCH),
    experiment.Section(
        "How Figure 4's settings were chosen",
        "The paper states no alpha and no learning rates.", write),
    grid.define_flags, default="cpu")
