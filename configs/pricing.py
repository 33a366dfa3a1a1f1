"""Settings of option pricing with differential machine learning.

`Notebook` is DifferentialMLTF2.ipynb of B. Huge and A. Savine
(https://github.com/differential-machine-learning/notebooks, commit 1056f27).
"""

import dataclasses
from typing import Mapping, Tuple

from configs import balancing

Trials = Mapping[str, Tuple[balancing.Trial, ...]]

# (share of the epochs, learning rate), linear in between; the notebook's.
ONE_CYCLE = ((0., 1e-8), (.2, .1), (.6, .01), (.9, 1e-6), (1., 1e-8))
ASSETS = 7  # of the basket; the notebook's
WIDEST = 3.  # ours: test spots of the digital option, deviations off the strike
MOST_PATHS = 16_384  # the notebook's; smaller training sets are its first ones


@dataclasses.dataclass(frozen=True)
class Notebook:
  """The notebook's basket, through Keras.

  Attributes:
    assets: D.
    sizes: numbers of training paths of the printed market.
    hidden_sizes: of the network, softplus.
    epochs: of training.
    batches: per epoch, but no smaller than `smallest_batch`, in a fixed order.
    smallest_batch: in samples.
    strength: lambda of their loss.
    paths: of the printed run: the seed that the notebook shows.
    weights: seeds of initial weights, on those paths.
    markets: seeds of other markets, paths and weights.
    market_sizes: numbers of training paths of other markets.
    points: of the test set.
  """
  sizes: Tuple[int, ...]
  epochs: int
  weights: Tuple[int, ...]
  markets: Tuple[int, ...] = ()
  market_sizes: Tuple[int, ...] = ()
  paths: int = 281
  assets: int = ASSETS
  hidden_sizes: Tuple[int, ...] = (20,) * 4
  batches: int = 16
  smallest_batch: int = 256
  strength: float = 1.
  points: int = 4_096


@dataclasses.dataclass(frozen=True)
class Basket:
  """All methods on the same basket, tuned as `configs.balancing` says.

  Attributes:
    count: of training paths.
    trials: by method.
    training: of the networks.
    seeds: of markets, paths and weights.
    stream: "validation": payoffs of other paths, or "test": prices.
    points: held-out.
  """
  count: int
  trials: Trials
  training: balancing.Training
  seeds: Tuple[int, ...]
  stream: str
  points: int


@dataclasses.dataclass(frozen=True)
class Digital:
  """Labels of a digital option's delta, each with several weights.

  Attributes:
    count: of training paths.
    widths: of the call spread, in units of the spot.
    weights: of the derivatives' mean of squares beside that of the values, in
      standardised units.
    learning_rate: Adam's at the start.
    training: of the networks.
    seeds: of paths and weights.
    points: of the test set, equally spaced over `WIDEST`.
  """
  count: int
  widths: Tuple[float, ...]
  weights: Tuple[float, ...]
  training: balancing.Training
  seeds: Tuple[int, ...]
  learning_rate: float = 1e-2  # ours
  points: int = 1_000


@dataclasses.dataclass(frozen=True)
class Config:
  """One run.

  Attributes:
    notebook: its experiment, or None.
    basket: the comparison of methods, or None.
    digital: the digital option, or None.
  """
  notebook: Notebook | None = None
  basket: Basket | None = None
  digital: Digital | None = None


def _training(steps: int, hidden_sizes: Tuple[int, ...] = (20,) * 4
              ) -> balancing.Training:
  """The notebook's network and, for 4,096 paths, its batches."""
  return balancing.Training(hidden_sizes, "softplus", steps, batch_size=256)


_STEPS = 1_600  # the notebook's 100 epochs of 16 batches
_SEEDS = tuple(range(10))  # ours: intervals
_FEW: Trials = {method: balancing.ONE_TRIAL[method]
                for method in ("values", "huge-savine")}

_CHOSEN: Trials = {  # by `tuning`, on payoffs of other paths
    "values": (balancing.Trial(1e-2, 0., .3),),
    "eq1": (balancing.Trial(1e-2, 0., .3),),
    "constant": (balancing.Trial(1e-2, .1, .3),),
    "prefactors": (balancing.Trial(1e-2, 10., 0.),),
    "z-score": (balancing.Trial(1e-2, 1., 0.),),
    "huge-savine": (balancing.Trial(1e-2, .1, .3),),
    "likelihood": (balancing.Trial(3e-3, 0., 0.),),
    "soft-adapt": (balancing.Trial(1e-2, .1, .3),),
}

PRESETS: Mapping[str, Config] = {
    "tuning": Config(basket=Basket(
        4_096, balancing.ALL_TRIALS, _training(_STEPS),
        seeds=(100, 101),  # ours: no reported run uses them
        stream="validation",
        points=16_384)),  # ours: payoffs are noisy, but cheap
    "cpu": Config(
        basket=Basket(4_096, _CHOSEN, _training(_STEPS), _SEEDS, "test",
                      4_096),
        digital=Digital(4_096, (.05, .2, .8), (.1, 1., 10.), _training(800),
                        _SEEDS)),
    "notebook": Config(Notebook(
        (4_096, 8_192, 16_384), 100, _SEEDS[:3], _SEEDS,
        market_sizes=(4_096,))),  # ours: a minute of CPU per size and method
    "quick": Config(  # ours: a minute of two cores
        Notebook((4_096,), 30, (0, 1)),
        Basket(4_096, balancing.ONE_TRIAL, _training(300), (0, 1, 2), "test",
               1_000),
        Digital(4_096, (.2,), (1.,), _training(300), (0, 1, 2))),
    "smoke": Config(
        Notebook((64,), 1, (0,), hidden_sizes=(4,), points=50),
        Basket(64, _FEW, _training(3, (4,)), (0, 1), "test", 50),
        Digital(64, (.2,), (1.,), _training(3, (4,)), (0, 1), points=50)),
}
