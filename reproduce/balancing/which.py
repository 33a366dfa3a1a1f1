"""Which method to use when, from the rows of every problem that was run."""

import pathlib
from typing import List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from configs import balancing as config_lib
from reproduce import markdown, stats
from reproduce import rows as rows_lib
from reproduce.balancing import grid, tables

# Other artefacts whose rows hold such a comparison, and its tasks.
OTHERS: Mapping[str, Tuple[str, ...]] = {
    "surrogate": ("reactor",), "pricing": ("basket",), "forces": ("forces",)}
_NOTHING = "no difference found"


class Problem(NamedTuple):
  """A task at one number of training points."""
  name: str
  scores: tables.Scores


def problems(rows: Sequence[rows_lib.Row], folder: pathlib.Path
             ) -> List[Problem]:
  """What the rows of a run and those of other artefacts beside it hold.

  Args:
    rows: of the run.
    folder: of the run, ARTEFACT/PRESET: other artefacts' runs of that preset
      count as well.
  """
  found = []
  beside = [row for artefact, tasks in OTHERS.items() for row in rows_lib.read(
      folder.parent.parent / artefact / folder.name) if row.task in tasks]
  for own in (rows, beside):
    mine = rows_lib.matching(own, metric=grid.VALUE)
    for task, n in sorted({(row.task, row.n) for row in mine}):
      found.append(Problem(f"{task}, n = {n:,}", tables.scores(
          mine, grid.VALUE, task=task, n=n)))
  return found


def write(found: Sequence[Problem]) -> str:
  """A table with a line per problem and one with a line per method."""
  methods = max(len(problem.scores.methods) for problem in found)
  return (
      "#### Which to use when\n\n" + markdown.table(
          ["problem", "lowest error", "no worse", "gain over values alone",
           "gain over Eq. 1", "balancing"],
          [_problem(problem) for problem in found]) +
      "\nGains: log10 of the error, minus that of the method with the lowest, "
      "paired by seed, with 95 % intervals. As the lowest is picked among "
      f"{methods}, its gain is somewhat too high.\n\n" +
      markdown.table(
          ["method", "lowest or no worse", "behind the lowest, mean",
           "at most", "on"],
          [_method(method, found) for method in config_lib.METHODS
           if any(method in p.scores.methods for p in found)]) +
      "\nBehind: in decades of the error.\n")


def _problem(problem: Problem) -> List[str]:
  scores = problem.scores
  if scores.best is None:
    return [problem.name, "all diverged", *[""] * 4]
  best = scores.methods[scores.best]
  level = [config_lib.METHODS[method].title
           for index, method in enumerate(scores.methods)
           if scores.level(index) and method != best]
  gains = [
      scores.behind(scores.methods.index(method))
      if method in scores.methods else None for method in ("values", "eq1")]
  others = "all others" if len(level) + 1 == len(scores.methods) else (
      ", ".join(level) or "none")
  return [
      problem.name, config_lib.METHODS[best].title, others,
      *("" if gain is None else markdown.interval(gain) for gain in gains),
      _verdict(best, gains[1])]


def _verdict(best: str, gain: Optional[stats.Interval]) -> str:
  if gain is None:
    return ""
  if gain.size < 2:
    return stats.TOO_FEW
  if best == "values":
    return "derivatives do not help"
  return "helps" if gain.low > 0 else _NOTHING


def _method(method: str, found: Sequence[Problem]) -> List[str]:
  mine = [problem for problem in found if method in problem.scores.methods]
  indices = [problem.scores.methods.index(method) for problem in mine]
  level = sum(p.scores.level(i) for p, i in zip(mine, indices))
  behind = np.array([
      p.scores.behind(i).estimate for p, i in zip(mine, indices)])
  cells = [config_lib.METHODS[method].title, f"{level} of {len(mine)}"]
  if not np.isfinite(behind).any():
    return [*cells, "all diverged", "", ""]
  worst = int(np.nanargmax(behind))
  return [*cells, f"{np.nanmean(behind):.2f}", f"{behind[worst]:.2f}",
          mine[worst].name]
