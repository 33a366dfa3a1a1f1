"""Rows of a grid of distilled students, arranged for tables and figures."""

from collections import defaultdict
from typing import Dict, List, Optional, Sequence, Tuple, cast

import numpy as np

from reproduce import rows as rows_lib
from reproduce import stats
from reproduce.distillation import methods
from sobolev_tf.atari import environment

METRICS = {
    "test_error": "test action-prediction error",
    "test_kl": "test D_KL(student || teacher), nats",
    "test_reverse_kl": "test D_KL(teacher || student), nats",
}
Trial = Tuple[Tuple[str, rows_lib.Setting], ...]  # names and values


class Cells:
  """Measurements by (game, percentage, method, trial), seed and step.

  Attributes:
    games: in the order of the paper's list.
    percentages: ascending.
    methods: in the order of `methods.METHODS`.
    sizes: number of states in the training share, by percentage.
  """

  def __init__(self, rows: Sequence[rows_lib.Row]):
    """Arranges the rows.

    Args:
      rows: of one run.
    """
    self._cells: Dict[Tuple, Dict[Tuple[int, int], float]] = defaultdict(dict)
    self.sizes: Dict[float, int] = {}
    trials: Dict[Tuple[str, str], Dict[Trial, None]] = defaultdict(dict)
    for row in rows:
      settings = dict(row.settings)
      percentage = cast(float, settings.pop("percentage"))
      trial = tuple(settings.items())
      self.sizes[percentage] = row.n
      trials[row.task, row.method][trial] = None
      self._cells[row.task, percentage, row.method, trial, row.metric][
          row.seed, row.step] = row.value
    self._trials = {key: sorted(found, key=_order)
                    for key, found in trials.items()}
    self.games = [g for g in environment.GAMES
                  if any(g == key[0] for key in trials)]
    self.methods = [m for m in methods.METHODS
                    if any(m == key[1] for key in trials)]
    self.percentages = sorted(self.sizes)

  def trials(self, game: str, method: str) -> List[Trial]:
    """What was tried: one trial in a reported run."""
    return self._trials.get((game, method), [])

  def curves(self, game: str, percentage: float, method: str, metric: str,
             trial: Optional[Trial] = None
             ) -> Tuple[np.ndarray, np.ndarray, List[int]]:
    """A metric during training.

    Args:
      game: the game.
      percentage: the training share.
      method: the method.
      metric: the metric.
      trial: one of `trials`; None stands for the first.

    Returns:
      Steps `[T]`, values `[S, T]`, and the S seeds.
    """
    tried = self.trials(game, method)
    cell = self._cells.get(
        (game, percentage, method,
         tried[0] if trial is None and tried else trial, metric), {})
    seeds = sorted({seed for seed, _ in cell})
    steps = sorted({step for _, step in cell})
    return np.array(steps), np.array(
        [[cell.get((seed, step), np.nan) for step in steps]
         for seed in seeds]).reshape(len(seeds), len(steps)), seeds

  def final(self, game: str, percentage: float, method: str, metric: str,
            trial: Optional[Trial] = None) -> Dict[int, float]:
    """A metric at the end of training, by seed."""
    _, values, seeds = self.curves(game, percentage, method, metric, trial)
    return {seed: row[-1] for seed, row in zip(seeds, values)}

  def shared(self, game: str, percentage: float, metric: str, *methods: str
             ) -> List[List[float]]:
    """Methods' values at the end of training, of the seeds all of them have."""
    cells = [self.final(game, percentage, method, metric)
             for method in methods]
    seeds = sorted(set.intersection(*map(set, cells)))
    return [[cell[seed] for seed in seeds] for cell in cells]

  def difference(self, game: str, percentage: float, metric: str,
                 first: str = "regular", second: str = "sobolev"
                 ) -> stats.Interval:
    """first - second at the end of training, paired by seed."""
    return stats.paired_difference(
        *self.shared(game, percentage, metric, first, second))


def title(game: str) -> str:
  """A game's name for readers, "Space Invaders"."""
  return game.replace("_", " ").title()


def _order(trial: Trial) -> Tuple:
  """Sorts trials: raw before centred, then by their numbers."""
  settings = dict(trial)
  return (bool(settings.pop("centred", False)),
          *(value or 0 for value in settings.values()))
