"""Settings of Figure 3, Section 4.1: one function's models as surfaces.

Trained as in Figure 2: same points, initial weights and minibatches as its
first seed, so the models are the same up to rounding in training.
"""

import dataclasses
from typing import Mapping, Tuple

from configs import figure2, regression


@dataclasses.dataclass(frozen=True)
class Config:
  """One run of Figure 3.

  Attributes:
    function: the benchmark function to draw.
    sizes: numbers of training points.
    seed: of data, weights and minibatches.
    settings: how to train.
    points: held-out points for the test error.
    grid: points per axis of the surfaces.
  """
  function: str
  sizes: Tuple[int, ...]
  seed: int
  settings: regression.Settings
  points: int
  grid: int


_QUICK = Config(
    function="styblinski_tang", sizes=(20, 100),  # paper Figure 3
    seed=0, settings=figure2.QUICK, points=10_000,
    grid=31)  # ours: smooth at the size printed

PRESETS: Mapping[str, Config] = {
    "paper": dataclasses.replace(
        _QUICK, settings=figure2.PRESETS["paper"].settings[0]),
    "quick": _QUICK,
    "smoke": dataclasses.replace(
        _QUICK, settings=figure2.PRESETS["smoke"].settings[0], points=200,
        grid=7),
}
