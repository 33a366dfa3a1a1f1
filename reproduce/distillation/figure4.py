"""Figure 4 from rows: curves, final values and verdicts."""

import pathlib
from typing import Dict, List, Sequence

from matplotlib import figure
import numpy as np

from reproduce import markdown, published, stats
from reproduce import rows as results
from reproduce.distillation import rows as students
from sobolev_tf.atari import states as data_lib

_METRICS = {
    "test_error": "test action-prediction error",
    "test_kl": "test D_KL(student || teacher), nats",
    "test_reverse_kl": "test D_KL(teacher || student), nats",
}
_DRAWN = ("test_error", "test_kl")
_STUCK = .75  # ours: students that learn end far below, those that do not at 1


def write(rows: Sequence[results.Row], source: pathlib.Path,
          folder: pathlib.Path) -> str:
  """Draws the figures of a run and writes its section of the report.

  Args:
    rows: of one run of Figure 4.
    source: the run's folder, which holds the timing of the steps.
    folder: where the figures and `section.md` go.

  Returns:
    The section, in Markdown.
  """
  cells = students.Students(rows)
  first = rows[0]
  seconds = read_timing(source)
  parts = [
      f"### Preset `{first.preset}`: {_count(cells)} seeds, "
      f"{max(row.step for row in rows):,} steps\n"]
  for metric in _DRAWN:
    name = f"figure4-{metric}.png"
    draw(cells, metric, {}).savefig(folder / name, dpi=100)
    parts.append(f"![Figure 4: {_METRICS[metric]}, by step]({name})\n")
  if seconds:
    for metric in _DRAWN:
      name = f"figure4-{metric}-time.png"
      draw(cells, metric, seconds).savefig(folder / name, dpi=100)
      parts.append(f"![Figure 4: {_METRICS[metric]}, by time]({name})\n")
  parts += [
      "Lines are means over seeds, bands their 95 % bootstrap intervals. "
      "Seeds differ in initial weights, minibatches and directions; teacher, "
      "training states and test games are the same, so the intervals do not "
      "cover the choice of games. Games cut off where the recording ends are "
      "not tested on. " + (
          "In the figures by time, a step's duration is that of the table of "
          "costs below.\n" if seconds else "\n"),
      *(f"**{title[0].upper()}{title[1:]}**\n\n{table(cells, metric)}"
        for metric, title in _METRICS.items()),
      summary(cells), write_controls(cells), _more(cells), _costs(seconds)]
  text = "\n".join(part for part in parts if part)
  (folder / "section.md").write_text(text, encoding="utf-8")
  return text


def read_timing(source: pathlib.Path) -> Dict[str, Dict[str, float]]:
  """Seconds per step, by game and method; empty if nothing was timed."""
  return {
      path.stem: {record["method"]: float(record["seconds"])
                  for record in results.read_table(path)}
      for path in sorted((source / students.TIMING).glob("*.csv"))}


def draw(cells: students.Students, metric: str,
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
  rows, columns = len(cells.games), len(cells.percentages)
  drawing = figure.Figure(
      figsize=(1.2 + 2.9 * columns, .9 + 2.2 * rows), layout="constrained")
  axes = drawing.subplots(rows, columns, squeeze=False, sharey="row")
  for i, game in enumerate(cells.games):
    for j, percentage in enumerate(cells.percentages):
      axis = axes[i, j]
      for method in cells.methods:
        steps, values, _ = cells.curves(game, percentage, method, metric)
        duration = seconds.get(game, {}).get(method) if seconds else 1
        if not len(steps) or duration is None:
          continue
        at = steps * duration
        bands = [stats.bootstrap(column) for column in values.T]
        colour = students.COLOURS[method]
        axis.plot(at, [band.estimate for band in bands], color=colour,
                  label=students.LABELS[method])
        axis.fill_between(
            at, [band.low for band in bands], [band.high for band in bands],
            color=colour, alpha=.25, linewidth=0)
      axis.set_yscale("log")
      axis.tick_params(labelsize=7, which="both")
      axis.grid(alpha=.25, which="both", linewidth=.5)
      axis.spines[["top", "right"]].set_visible(False)
      if i == 0:
        axis.set_title(f"{percentage:g} % "
                       f"({cells.sizes[percentage]:,} states)", fontsize=10)
      if i == rows - 1:
        axis.set_xlabel(
            "training time (s)" if seconds else "training steps", fontsize=9)
    axes[i, 0].set_ylabel(students.GAMES[game], fontsize=10)
  drawing.legend(*axes[0, 0].get_legend_handles_labels(), frameon=False,
                 loc="outside lower center", ncols=len(cells.methods),
                 fontsize=9)
  drawing.suptitle(_METRICS[metric], fontsize=11)
  return drawing


def table(cells: students.Students, metric: str) -> str:
  """Final values of regular and Sobolev with their difference."""
  rows = []
  for game in cells.games:
    for percentage in cells.percentages:
      difference = cells.difference(game, percentage, metric)
      rows.append([
          students.GAMES[game], f"{percentage:g} %",
          *(_mean(cells, game, percentage, method, metric)
            for method in ("regular", "sobolev")),
          markdown.interval(difference, 4), _verdict(difference),
          published.FIGURE4.verdict])
  return markdown.table(
      ["game", "share", "regular", "Sobolev", "regular - Sobolev", "verdict",
       "paper's claim"], rows)


def summary(cells: students.Students) -> str:
  """Counts the verdicts and says whether training had settled."""
  counts = []
  for metric in _METRICS:
    verdicts = [_verdict(cells.difference(game, percentage, metric))
                for game in cells.games for percentage in cells.percentages]
    counts.append(f"{_METRICS[metric]}: " + ", ".join(
        f"{name} in {verdicts.count(name)}"
        for name in dict.fromkeys(
            (published.SOBOLEV, published.REGULAR, published.NONE,
             *verdicts))))
  changes = [
      (abs(_late_change(cells, game, percentage)), game, percentage)
      for game in cells.games for percentage in cells.percentages
      if cells.final(game, percentage, "regular", "validation_kl")]
  settled = ""
  if changes:
    change, game, percentage = max(changes)
    settled = (
        " Over the last fifth of training, in which the learning rate falls "
        "to 0, the regular student's validation KL changes by at most "
        f"{100 * change:.1f} % of its value ({students.GAMES[game]}, "
        f"{percentage:g} %).")
  return (
      f"Of {len(cells.games) * len(cells.percentages)} cells: "
      f"{'; '.join(counts)}. Verdict: 95 % paired-t interval of the "
      "difference over seeds, whose students share initial weights and "
      f"minibatches.{settled}{_stuck(cells)}\n")


def _stuck(cells: students.Students) -> str:
  """How many students hardly learned to fit even their training states."""
  counts = dict.fromkeys(cells.methods, 0)
  for game in cells.games:
    for percentage in cells.percentages:
      for method in cells.methods:
        _, values, _ = cells.curves(game, percentage, method, "train_kl")
        if values.size:
          counts[method] += int(np.sum(
              values[:, -1] > _STUCK * values[:, 0]))
  if not any(counts.values()):
    return ""
  return (
      " Some students stay near a constant policy, and decide what their cell "
      f"shows: a training KL above {_STUCK:.0%} of the first one measured "
      "have " + ", ".join(
          f"{count} {students.LABELS[method]}"
          for method, count in counts.items()) + ".")


def _late_change(cells: students.Students, game: str,
                 percentage: float) -> float:
  """Relative change of the regular validation KL over the last fifth."""
  steps, values, _ = cells.curves(
      game, percentage, "regular", "validation_kl")
  mean = values.mean(axis=0)
  before = mean[np.searchsorted(steps, .8 * steps[-1])]
  return float((mean[-1] - before) / before)


def write_controls(cells: students.Students) -> str:
  """The other methods against regular and Sobolev; "" if there is none."""
  others = [m for m in cells.methods if m not in ("regular", "sobolev")]
  rows = [
      [students.GAMES[game], f"{percentage:g} %", students.LABELS[method],
       _mean(cells, game, percentage, method, "test_kl"),
       markdown.interval(cells.difference(
           game, percentage, "test_kl", "regular", method), 4),
       markdown.interval(cells.difference(
           game, percentage, "test_kl", method, "sobolev"), 4)]
      for game in cells.games for percentage in cells.percentages
      for method in others if cells.trials(game, method)]
  if not rows:
    return ""
  return "**Controls, test D_KL(student || teacher)**\n\n" + markdown.table(
      ["game", "share", "method", "value", "regular - it", "it - Sobolev"],
      rows)


def _more(cells: students.Students) -> str:
  """What else was measured at the end of training."""
  rows: List[List[str]] = []
  for game in cells.games:
    for percentage in cells.percentages:
      for method in cells.methods:
        if cells.trials(game, method):
          rows.append([
              students.GAMES[game], f"{percentage:g} %",
              students.LABELS[method], cells.trials(game, method)[0],
              *(_mean(cells, game, percentage, method, metric, digits)
                for metric, digits in (
                    ("train_kl", 4), ("validation_kl", 4),
                    ("test_derivative_distance", 2), ("score", 1))),
              *(_mean(cells, game, percentage, method,
                      f"test_duplicate_{what}", 3, spread=False)
                for what in ("states", "frames", "near_frames"))])
  return (
      "**Overfitting, derivatives, play**\n\n" + markdown.table(
          ["game", "share", "method", "chosen", "training KL",
           "validation KL", "test derivative distance", "student's score",
           "duplicate states", "frames", "near frames"], rows) +
      "\nDerivative distance: of the Jacobians of the log-probabilities, over "
      "the norm of the teacher's. Score: of full games with sampled actions. "
      "Duplicates: share of test states, and of their newest frames, that "
      "are in the training share bit for bit; of frames that are within "
      f"{data_lib.NEAR / 255:.0%} of the grey range of one there (root mean "
      "square over pixels).\n")


def _costs(seconds: Dict[str, Dict[str, float]]) -> str:
  if not seconds:
    return ""
  return "**Cost of a step**\n\n" + markdown.table(
      ["game", "method", "ms per step", "regular steps"],
      [[students.GAMES[game], students.LABELS[method],
        f"{1e3 * value:.1f}", f"{value / methods['regular']:.1f}"
        if "regular" in methods else "-"]
       for game, methods in seconds.items()
       for method, value in methods.items()])


def _mean(cells: students.Students, game: str, percentage: float, method: str,
          metric: str, digits: int = 4, spread: bool = True) -> str:
  values = list(cells.final(game, percentage, method, metric).values())
  if not values:
    return "-"
  if not spread:
    return f"{np.mean(values):.{digits}f}"
  return markdown.interval(stats.bootstrap(values), digits)


def _verdict(difference: stats.Interval) -> str:
  return stats.verdict(difference, published.SOBOLEV, published.REGULAR)


def _count(cells: students.Students) -> int:
  """The largest number of seeds in a cell."""
  return max(
      len(cells.final(game, percentage, method, "test_kl"))
      for game in cells.games for percentage in cells.percentages
      for method in cells.methods)
