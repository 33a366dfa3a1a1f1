"""Rows of a grid of distilled students, arranged for tables and figures."""

from collections import defaultdict
import re
from typing import Dict, List, Sequence, Tuple

import numpy as np

from reproduce import rows as results
from reproduce import stats

TIMING = "timing"  # folder of a run: seconds per step, a table per game
LABELS = {
    "regular": "regular", "sobolev": "Sobolev", "noise": "KL with noise",
    "shuffled": "shuffled derivatives", "exact": "exact Jacobians"}
COLOURS = {
    "regular": "#4878a8", "sobolev": "#c8553d", "noise": "#6a994e",
    "shuffled": "#8c6bb1", "exact": "#d9a441"}
GAMES = {"pong": "Pong", "breakout": "Breakout",
         "space_invaders": "Space Invaders"}


class Students:
  """Measurements by (game, percentage, method, trial), seed and step.

  Attributes:
    games: in the order of the paper's list.
    percentages: ascending.
    methods: in the order of `LABELS`.
    sizes: number of states in the training share, by percentage.
  """

  def __init__(self, rows: Sequence[results.Row]):
    """Args:
      rows: of one run.
    """
    self._cells: Dict[Tuple, Dict[Tuple[int, int], float]] = defaultdict(dict)
    self.sizes: Dict[float, int] = {}
    trials: Dict[Tuple[str, str], Dict[str, None]] = defaultdict(dict)
    for row in rows:
      percentage, trial = parse(row.setting)
      self.sizes[percentage] = row.n
      trials[row.task, row.method][trial] = None
      self._cells[row.task, percentage, row.method, trial, row.metric][
          row.seed, row.step] = row.value
    self._trials = {key: list(names) for key, names in trials.items()}
    self.games = [g for g in GAMES if any(g == key[0] for key in trials)]
    self.methods = [m for m in LABELS if any(m == key[1] for key in trials)]
    self.percentages = sorted(self.sizes)

  def trials(self, game: str, method: str) -> List[str]:
    """The labels of what was tried: one in a reported run."""
    return self._trials.get((game, method), [])

  def curves(self, game: str, percentage: float, method: str, metric: str,
             trial: str = "") -> Tuple[np.ndarray, np.ndarray, List[int]]:
    """A metric during training.

    Args:
      game: the game.
      percentage: the training share.
      method: the method.
      metric: the metric.
      trial: the label of the trial; empty for the first.

    Returns:
      Steps `[T]`, values `[S, T]`, and the S seeds.
    """
    tried = self.trials(game, method)
    cell = self._cells.get(
        (game, percentage, method, trial or (tried[0] if tried else ""),
         metric), {})
    seeds = sorted({seed for seed, _ in cell})
    steps = sorted({step for _, step in cell})
    return np.array(steps), np.array(
        [[cell.get((seed, step), np.nan) for step in steps]
         for seed in seeds]).reshape(len(seeds), len(steps)), seeds

  def final(self, game: str, percentage: float, method: str, metric: str,
            trial: str = "") -> Dict[int, float]:
    """A metric at the end of training, by seed."""
    _, values, seeds = self.curves(game, percentage, method, metric, trial)
    return {seed: row[-1] for seed, row in zip(seeds, values)}

  def difference(self, game: str, percentage: float, metric: str,
                 first: str = "regular", second: str = "sobolev"
                 ) -> stats.Interval:
    """first - second at the end of training, paired by seed."""
    cells = [self.final(game, percentage, method, metric)
             for method in (first, second)]
    shared = sorted(set(cells[0]) & set(cells[1]))
    return stats.paired_difference(
        *([cell[seed] for seed in shared] for cell in cells))


def parse(setting: str) -> Tuple[float, str]:
  """Takes "percentage=5 learning_rate=0.001" apart: 5, "learning_rate=..."."""
  match = re.fullmatch(r"percentage=(\S+) (.*)", setting)
  return (float(match[1]), match[2]) if match else (float("nan"), setting)
