"""Figure 4's rows as tables: final values, verdicts, controls, costs."""

from typing import Dict, List, Tuple

import numpy as np

from configs import distillation as student_config
from reproduce import markdown, published, rows, stats
from reproduce import reaching as reaching_lib
from reproduce.distillation import cells as cells_lib
from reproduce.distillation import methods

_STUCK = .75  # ours: students that learn end far below, those that do not at 1


def table(cells: cells_lib.Cells, metric: str) -> str:
  """Final values of regular and Sobolev with their difference."""
  lines = []
  for game in cells.games:
    for percentage in cells.percentages:
      difference = cells.difference(game, percentage, metric)
      lines.append([
          cells_lib.title(game), f"{percentage:g} %",
          *(_mean(cells, game, percentage, method, metric)
            for method in ("regular", "sobolev")),
          markdown.interval(difference, 4), _verdict(difference),
          published.FIGURE4.verdict])
  return markdown.table(
      ["game", "share", "regular", "Sobolev", "regular - Sobolev", "verdict",
       "paper's claim"], lines)


def summary(cells: cells_lib.Cells) -> str:
  """Counts the verdicts and says whether training had settled."""
  counts = []
  for metric in cells_lib.METRICS:
    verdicts = [_verdict(cells.difference(game, percentage, metric))
                for game in cells.games for percentage in cells.percentages]
    counts.append(f"{cells_lib.METRICS[metric]}: " + ", ".join(
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
        f"{100 * change:.1f} % of its value ({cells_lib.title(game)}, "
        f"{percentage:g} %).")
  return (
      f"Of {len(cells.games) * len(cells.percentages)} cells: "
      f"{'; '.join(counts)}. Verdict: 95 % paired-t interval of the "
      "difference over seeds, whose students share initial weights and "
      f"minibatches.{settled}{_stuck(cells)}\n")


def _stuck(cells: cells_lib.Cells) -> str:
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
          f"{count} {methods.METHODS[method].title}"
          for method, count in counts.items()) + ".")


def _late_change(cells: cells_lib.Cells, game: str,
                 percentage: float) -> float:
  """Relative change of the regular validation KL over the last fifth."""
  steps, values, _ = cells.curves(
      game, percentage, "regular", "validation_kl")
  mean = values.mean(axis=0)
  before = mean[np.searchsorted(steps, .8 * steps[-1])]
  return float((mean[-1] - before) / before)


def controls(cells: cells_lib.Cells) -> str:
  """The other methods against regular and Sobolev; "" if there is none."""
  others = [m for m in cells.methods if m not in ("regular", "sobolev")]
  lines = [
      [cells_lib.title(game), f"{percentage:g} %",
       methods.METHODS[method].title,
       _mean(cells, game, percentage, method, "test_kl"),
       markdown.interval(cells.difference(
           game, percentage, "test_kl", "regular", method), 4),
       markdown.interval(cells.difference(
           game, percentage, "test_kl", method, "sobolev"), 4)]
      for game in cells.games for percentage in cells.percentages
      for method in others if cells.trials(game, method)]
  if not lines:
    return ""
  return "**Controls, test D_KL(student || teacher)**\n\n" + markdown.table(
      ["game", "share", "method", "value", "regular - it", "it - Sobolev"],
      lines)


def reaching(cells: cells_lib.Cells, seconds: Dict[str, Dict[str, float]]
             ) -> str:
  """When regular and Sobolev reach each other's end; "" if one is missing."""
  reached: Dict[Tuple[str, ...], Tuple[
      reaching_lib.Reached, reaching_lib.Reached]] = {}
  durations: Dict[Tuple[str, ...], Tuple[float, float]] = {}
  for game in cells.games:
    for percentage in cells.percentages:
      sobolev, regular = (reaching_lib.Curves(*cells.curves(
          game, percentage, method, "test_kl"))
                          for method in ("sobolev", "regular"))
      if sobolev.seeds and regular.seeds:
        name = (cells_lib.title(game), f"{percentage:g} %")
        reached[name] = (reaching_lib.reached(sobolev, regular),
                         reaching_lib.reached(regular, sobolev))
        spent = seconds.get(game, {})
        if "sobolev" in spent and "regular" in spent:
          durations[name] = (spent["sobolev"], spent["regular"])
  if not reached:
    return ""
  return (
      "**Better, or only faster?**\n\n" + reaching_lib.table(
          reached, ("game", "share"), ("Sobolev", "regular"), durations) +
      "\nFrom this step on the test KL stays at or below the other's last one "
      "with the same seed; median over seeds, or how many ever come there if "
      "not most do. Learning rates fall to 0 at the end of training, so a run "
      "that is planned shorter can be there earlier.\n")


def more(cells: cells_lib.Cells) -> str:
  """What else was measured at the end of training."""
  lines: List[List[str]] = []
  for game in cells.games:
    for percentage in cells.percentages:
      for method in cells.methods:
        if cells.trials(game, method):
          lines.append([
              cells_lib.title(game), f"{percentage:g} %",
              methods.METHODS[method].title,
              rows.label(dict(cells.trials(game, method)[0])),
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
           "duplicate states", "frames", "near frames"], lines) +
      "\nDerivative distance: of the Jacobians of the log-probabilities, over "
      "the norm of the teacher's. Score: of full games with sampled actions. "
      "Duplicates: share of test states, and of their newest frames, that "
      "are in the training share bit for bit; of frames that are within "
      f"{student_config.NEAR / 255:.0%} of the grey range of one there (root "
      "mean square over pixels).\n")


def costs(seconds: Dict[str, Dict[str, float]]) -> str:
  """Seconds per step by game and method; "" if there are none."""
  if not seconds:
    return ""
  return "**Cost of a step**\n\n" + markdown.table(
      ["game", "method", "ms per step", "regular steps"],
      [[cells_lib.title(game), methods.METHODS[method].title,
        f"{1e3 * value:.1f}", f"{value / by_method['regular']:.1f}"
        if "regular" in by_method else "-"]
       for game, by_method in seconds.items()
       for method, value in by_method.items()])


def _mean(cells: cells_lib.Cells, game: str, percentage: float, method: str,
          metric: str, digits: int = 4, spread: bool = True) -> str:
  values = list(cells.final(game, percentage, method, metric).values())
  if not values:
    return "-"
  if not spread:
    return f"{np.mean(values):.{digits}f}"
  return markdown.interval(stats.bootstrap(values), digits)


def _verdict(difference: stats.Interval) -> str:
  return stats.verdict(difference, published.SOBOLEV, published.REGULAR)
