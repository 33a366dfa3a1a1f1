"""Settings of Figure 2 (right), Section 4.1.

Paper: 2 hidden layers of 256 ReLU units, squared L2 losses with weight 1 on
values and gradients, N = 20, 100 and 10000 uniform points, seven functions.
Supplement, unverified: Adam with learning rate 3e-5. Not stated anywhere:
steps, batch size, number of seeds, scaling of inputs and targets.
"""

import dataclasses
from typing import Mapping, Tuple

from configs import regression
from sobolev_tf import functions


@dataclasses.dataclass(frozen=True)
class Config:
  """One grid of functions, sizes, seeds and settings.

  Attributes:
    functions: names of the benchmark functions.
    sizes: numbers of training points.
    seeds: one repetition each.
    settings: how to train, one entry per scaling to report.
    stream: which held-out points: "test", or "validation" to choose settings.
    points: number of held-out points per function.
    seeds_per_part: seeds trained in one ensemble.
    curve_every: steps between measurements of the error on validation points,
      for learning curves; 0 makes none.
    curve_points: number of these points per function.
  """
  functions: Tuple[str, ...]
  sizes: Tuple[int, ...]
  seeds: Tuple[int, ...]
  settings: Tuple[regression.Settings, ...]
  stream: str
  points: int
  seeds_per_part: int
  curve_every: int = 0
  curve_points: int = 1_000  # ours: measured in no time


_PAPER = regression.Settings(
    hidden_sizes=(256, 256),  # paper §4.1
    # ours: the paper gives none, but its claims are of trained networks. In
    # runs of seed 100 at n = 20 and 100 the regular networks' validation error
    # was flat by then with standardised data; in raw units some of it was not
    # by 100,000 either. The report says in which cells it is.
    steps=50_000,
    batch_size=50,  # ours: divides 100 and 10000; all points at N = 20
    # supplement, unverified
    learning_rates=regression.LearningRates(regular=3e-5, sobolev=3e-5),
    schedule="constant",  # ours: the paper mentions none
    derivative_weight=1.,  # paper §4.1
    # ours: the best scaling at the lowest learning rate of the sensitivity run
    inputs="standardised", targets="standardised",
    gradients="four_products",  # ours: a quarter faster than nested tapes
    xla=True,  # ours: nearly twice as fast again
)
QUICK = dataclasses.replace(
    _PAPER, steps=2_500,  # ours: all of it in 5 minutes on 2 cores
    schedule="cosine",  # ours: ends at the best a short run can reach
    # ours: Adam's customary rate, one for both methods as in the paper
    learning_rates=regression.LearningRates(regular=1e-3, sobolev=1e-3),
    # ours: best on validation points at that rate, see configs/sensitivity.py
    inputs="standardised", targets="standardised")
_TUNED = dataclasses.replace(
    QUICK,  # ours: best on validation points, each method with its own rate
    learning_rates=regression.LearningRates(regular=3e-2, sobolev=1e-2),
    inputs="standardised", targets="raw",
    gradients="nested", xla=False)  # ours: as its committed rows were made

PRESETS: Mapping[str, Config] = {
    "paper": Config(
        functions=tuple(functions.FUNCTIONS),
        sizes=(20, 100, 10_000),  # paper Figure 2
        seeds=tuple(range(10)),  # ours
        settings=(
            _PAPER,
            dataclasses.replace(_PAPER, inputs="raw", targets="raw")),
        stream="test", points=10_000,  # ours: "a hold-out test set"
        seeds_per_part=5,  # ours: two parts to share per size and method
        curve_every=2_000),  # ours: 25 points of a curve
    "quick": Config(
        functions=tuple(functions.FUNCTIONS), sizes=(20, 100, 10_000),
        seeds=tuple(range(5)), settings=(QUICK,), stream="test",
        points=10_000, seeds_per_part=3),  # ours: fewer graphs to build
    "tuned": Config(
        functions=tuple(functions.FUNCTIONS), sizes=(20, 100, 10_000),
        seeds=tuple(range(5)), settings=(_TUNED,), stream="test",
        points=10_000, seeds_per_part=3),
    "smoke": Config(
        functions=("booth", "styblinski_tang"), sizes=(20,), seeds=(0, 1),
        settings=(dataclasses.replace(
            QUICK, hidden_sizes=(16, 16), steps=60),),
        stream="test", points=200, seeds_per_part=1),
}
