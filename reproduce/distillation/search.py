"""What Figure 4's results depend on, and the choice of its settings.

Every method gets the same number of trials, on validation states. The choice
of the preset `cpu` is written into configs/figure4.py by hand; that of others
is read from the rows by `reproduce.figure4 --search`.
"""

import dataclasses
import itertools
from typing import Any, Dict, Mapping, Sequence, Tuple

from matplotlib import figure, ticker
import numpy as np

from configs import distillation as student_config
from configs import figure4 as config_lib
from reproduce import experiment, look, markdown, rows
from reproduce.distillation import cells as cells_lib
from reproduce.distillation import grid, methods
from sobolev_tf import errors, files

METRIC = "validation_kl"
# Settings that a search and a run must share; what else they have is measured.
_TRAINING = ("network", "steps", "warmup_steps", "batch_size", "distance")


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


def check(config: config_lib.Config, agents: Mapping[str, Sequence[str]],
          searched: Mapping[str, Any]) -> None:
  """Checks that a search trained students as they will be trained.

  Args:
    config: what to run.
    agents: by game, checksums of its teacher and states.
    searched: the settings of the search, as `run.json` holds them.

  Raises:
    UserError: if it trained them otherwise, or on other games.
  """
  def source(settings, known):
    return {**{name: settings.get(name) for name in _TRAINING},
            **{game: list(known.get(game, ())) for game in agents}}

  difference = files.first_difference(
      source(searched.get("settings", {}), searched.get("agents", {})),
      source(dataclasses.asdict(config.settings), agents))
  if difference:
    raise errors.UserError(
        f"--search is of students trained otherwise ({difference}): search "
        "with the same settings and --agents.")


def narrow(config: config_lib.Config, measured: Sequence[rows.Row]
           ) -> config_lib.Config:
  """Leaves of several trials the one that a search finds best.

  Args:
    config: what to run; where there is one trial, it stays.
    measured: rows of a search over the others at the same shares.

  Returns:
    The same with one trial for each game and method.

  Raises:
    UserError: if the search has not finished these trials.
  """
  cells = cells_lib.Cells(measured)

  def best(game: str, method: str, tried: Tuple[student_config.Trial, ...]
           ) -> Tuple[student_config.Trial, ...]:
    if len(tried) == 1:
      return tried
    keys = [tuple(methods.settings(method, trial).items()) for trial in tried]
    if not all(cells.final(game, percentage, method, METRIC, key)
               for key in keys for percentage in config.percentages):
      raise errors.UserError(
          f"The search lacks trials of {methods.METHODS[method].title} on "
          f"{cells_lib.title(game)}: run it to its end first.")
    scores = [_score(cells, game, method, key) for key in keys]
    return (tried[int(np.argmin(scores))],)

  return dataclasses.replace(config, trials={
      game: {method: best(game, method, tried)
             for method, tried in by_method.items()}
      for game, by_method in config.trials.items()})


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
  """Validation KL of every trial, a line for each method and setting.

  Lines go along the learning rate, or, if that was not varied, along the
  strength: alpha, or the noise. The legend names a method's settings where it
  has several lines.

  Args:
    cells: the measurements of a search.

  Returns:
    A figure with a panel per game.
  """
  count = len(cells.games)
  drawing, axes = look.canvas(max(3.4 * count, 7.), 3.2, count)
  along: Tuple[str, ...] = ("learning_rate",)
  if not _varied(cells, along) and _varied(cells, ("alpha", "noise")):
    along = ("alpha", "noise")
  for axis, game in zip(axes, cells.games):
    for method in cells.methods:
      lines: Dict[cells_lib.Trial, list] = {}
      for trial in cells.trials(game, method):
        others = dict(trial)
        values = [others.pop(name) for name in along]
        at = next((value for value in values if value is not None), np.nan)
        lines.setdefault(tuple(others.items()), []).append(
            (at, np.exp(_score(cells, game, method, trial))))
      for marker, (rest, points) in zip(
          itertools.cycle("os^vDPX*<>"), lines.items()):
        axis.plot(*zip(*sorted(points)),
                  "-" if dict(rest).get("centred") else ":",
                  marker=marker, markersize=4, linewidth=1,
                  color=methods.METHODS[method].colour,
                  label=methods.METHODS[method].title + (
                      f" {rows.label(dict(rest))}" if len(lines) > 1 else ""))
    axis.set_xscale("log")
    axis.set_yscale("log")
    marks = sorted({x for line in axis.get_lines() for x in line.get_xdata()})
    if along == ("learning_rate",):
      axis.set_xticks(marks, [f"{rate:g}" for rate in marks], rotation=60)
      axis.xaxis.set_minor_locator(ticker.NullLocator())
    axis.set_title(cells_lib.title(game), fontsize=10)
    axis.set_xlabel(" or ".join(along).replace("_", " "), fontsize=9)
    axis.tick_params(labelsize=7, which="both")
    axis.grid(alpha=.25, which="both", linewidth=.5)
  axes[0].set_ylabel("validation D_KL, nats", fontsize=9)
  drawing.legend(*axes[0].get_legend_handles_labels(), frameon=False,
                 loc="outside lower center", ncols=4 if count > 2 else 2,
                 fontsize=8)
  return drawing


def _varied(cells: cells_lib.Cells, names: Tuple[str, ...]) -> bool:
  """Whether a method's trials on a game differ in these settings."""
  return any(
      len({tuple(dict(trial)[name] for name in names)
           for trial in cells.trials(game, method)}) > 1
      for game in cells.games for method in cells.methods)


EXPERIMENT = experiment.Experiment(
    "figure4_search", config_lib.SEARCH,
    lambda: grid.planned("figure4_search", config_lib.SEARCH),
    experiment.Section(
        "How Figure 4's settings were chosen",
        "The paper states no alpha and no learning rates.", write),
    grid.define_flags, default="cpu")
