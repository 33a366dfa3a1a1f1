"""Figure 4: distilling Atari policies with and without derivatives.

Section 4.2 of https://arxiv.org/abs/1706.04859. The rows come from a grid of
students; below are the figures, the tables and the verdicts.
"""

from typing import Dict

from absl import flags
from matplotlib import figure

from configs import figure4 as config_lib
from reproduce import aggregates, diverged, experiment, look, rows, stats
from reproduce import folder as folder_lib
from reproduce.distillation import answer, grid, methods, search, tables
from reproduce.distillation import cells as cells_lib
from reproduce.distillation import game as game_lib
from sobolev_tf import errors

_DRAWN = ("test_error", "test_kl")


def write(results: experiment.Results) -> str:
  """Draws the figures and writes the section of the report."""
  cells = cells_lib.Cells(results.rows)
  seconds = read_timing(results)
  parts = [
      f"### Preset `{results.rows[0].preset}`: {_count(cells)} seeds, "
      f"{max(row.step for row in results.rows):,} steps\n"]
  said = answer.write(cells)
  if said:
    look.save(answer.draw(cells), results.folder / "figure4-answer.png")
    parts += [said, "![Figure 4: gain over regular students, by cell]"
              "(figure4-answer.png)\n\nBars: 95 % paired-t intervals. Grey: "
              "what counts as equal.\n"]
  for against, duration in (("step", {}), ("time", seconds)):
    for metric in _DRAWN if duration or against == "step" else ():
      name = f"figure4-{metric}{'-time' if duration else ''}.png"
      look.save(draw(cells, metric, duration), results.folder / name)
      parts.append(f"![Figure 4: {cells_lib.METRICS[metric]}, by {against}]"
                   f"({name})\n")
  parts += [
      "Lines are means over seeds, bands their 95 % bootstrap intervals. "
      "Seeds differ in initial weights, minibatches and directions; teacher, "
      "training states and test games are the same, so the intervals do not "
      "cover the choice of games. Games cut off where the recording ends are "
      "not tested on. " + (
          "In the figures by time, a step's duration is that of the table of "
          "costs below.\n" if seconds else "\n"),
      *(f"**{title[0].upper()}{title[1:]}**\n\n{tables.table(cells, metric)}"
        for metric, title in cells_lib.METRICS.items()),
      tables.summary(cells), diverged.sentence(results.rows),
      tables.controls(cells),
      _aggregates(cells, results), tables.reaching(cells, seconds),
      tables.more(cells), tables.costs(seconds)]
  return "\n".join(part for part in parts if part)


def _aggregates(cells: cells_lib.Cells, results: experiment.Results) -> str:
  """All cells of a method together; "" if regular or Sobolev is not there."""
  return aggregates.write(
      {method: [cells.final(game, percentage, method, "test_kl")
                for game in cells.games for percentage in cells.percentages]
       for method in cells.methods}, "regular",
      {name: method.title for name, method in methods.METHODS.items()},
      {name: method.colour for name, method in methods.METHODS.items()},
      "test D_KL(student || teacher)",
      results.folder / "figure4-profiles.png")


def read_timing(results: experiment.Results) -> Dict[str, Dict[str, float]]:
  """Seconds per step, by game and method; empty if nothing was timed."""
  return {
      path.stem: {
          record["method"]: float(record["seconds"])
          for record in results.table(f"{grid.TIMING}/{path.stem}")}
      for path in sorted((results.source / grid.TIMING).glob("*.csv"))}


def draw(cells: cells_lib.Cells, metric: str,
         seconds: Dict[str, Dict[str, float]]) -> figure.Figure:
  """The figure in the paper's layout: a row per game, a column per share.

  Args:
    cells: the measurements.
    metric: what to draw.
    seconds: per game and method, the duration of a step: draws against
      training time; empty draws against steps.

  Returns:
    The figure.
  """
  shape = len(cells.games), len(cells.percentages)
  drawing, axes = look.canvas(1.2 + 2.9 * shape[1], .9 + 2.2 * shape[0], shape)
  for i, game in enumerate(cells.games):
    for j, percentage in enumerate(cells.percentages):
      axis = axes[i, j]
      if j:
        axis.sharey(axes[i, 0])
      for method in cells.methods:
        steps, values, _ = cells.curves(game, percentage, method, metric)
        duration = seconds.get(game, {}).get(method) if seconds else 1
        if not len(steps) or duration is None:
          continue
        at = steps * duration
        bands = [stats.bootstrap(column) for column in values.T]
        colour = methods.METHODS[method].colour
        axis.plot(at, [band.estimate for band in bands], color=colour,
                  label=methods.METHODS[method].title)
        axis.fill_between(
            at, [band.low for band in bands], [band.high for band in bands],
            color=colour, alpha=.25, linewidth=0)
      axis.set_yscale("log")
      axis.tick_params(labelsize=7, which="both", labelleft=not j)
      axis.grid(alpha=.25, which="both", linewidth=.5)
      if i == 0:
        axis.set_title(f"{percentage:g} % "
                       f"({cells.sizes[percentage]:,} states)", fontsize=10)
      if i == shape[0] - 1:
        axis.set_xlabel(
            "training time (s)" if seconds else "training steps", fontsize=9)
    axes[i, 0].set_ylabel(cells_lib.title(game), fontsize=10)
  drawing.legend(*axes[0, 0].get_legend_handles_labels(), frameon=False,
                 loc="outside lower center", fontsize=9,
                 ncols=min(len(cells.methods), 2 * shape[1]))
  drawing.suptitle(cells_lib.METRICS[metric], fontsize=11)
  return drawing


def _count(cells: cells_lib.Cells) -> int:
  """The largest number of seeds in a cell."""
  return max(
      len(cells.final(game, percentage, method, "test_kl"))
      for game in cells.games for percentage in cells.percentages
      for method in cells.methods)


def define_flags() -> None:
  """Defines the command's flags."""
  grid.define_flags()
  flags.DEFINE_string(
      "search", None, "Folder with the rows of reproduce.figure4_search that "
      "choose among a preset's trials. [the preset has one for each method]")


def _narrow(config: config_lib.Config) -> config_lib.Config:
  """One trial for each method: the best of the search in `--search`."""
  preset, folder = flags.FLAGS.preset, flags.FLAGS.search
  needed = config_lib.SEARCHED_BY.get(preset)
  if bool(needed) != (folder is not None):
    raise errors.UserError(
        f"--preset={preset} needs --search=FOLDER, with the rows of "
        f"python -m reproduce.figure4_search --preset={needed}." if needed else
        f"--search is for the presets {', '.join(config_lib.SEARCHED_BY)}.")
  if not needed:
    return config
  sources = game_lib.load_all(config, flags.FLAGS.agents)
  search.check(
      config, {name: source.checksums for name, source in sources.items()},
      folder_lib.read_settings(folder))
  return search.narrow(config, rows.read(folder))


EXPERIMENT = experiment.Experiment(
    "figure4", config_lib.PRESETS,
    lambda: grid.planned("figure4", config_lib.PRESETS, _narrow),
    experiment.Section(
        "Figure 4: distilling Atari policies",
        "Paper, Section 4.2: with Sobolev Training the student is closer to "
        "its teacher on held-out episodes, on all three games and at every "
        "percentage, most of all with little data; on Pong the gap is small. "
        "The paper prints no values for this figure, so its claims are "
        "compared.",
        write),
    define_flags)
