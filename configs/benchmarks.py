"""Settings of the benchmarks that keep their rows.

Of speed (`compare`), of cost (`scaling`), of Table 1's methods
(`synthetic_gradients`) and of right derivatives (`operations`).
"""

import dataclasses
from typing import Mapping, Tuple


@dataclasses.dataclass(frozen=True)
class Config:
  """What to time.

  Attributes:
    sizes: numbers of training points.
    members: sizes of the ensembles.
    batch_size: points per step; all of them if there are not more.
    model_steps: steps times members of one timing.
    repeats: timings of everything, interleaved; their median counts.
  """
  sizes: Tuple[int, ...]
  members: Tuple[int, ...]
  batch_size: int
  model_steps: int
  repeats: int


_QUICK = Config(
    sizes=(20, 100, 10_000),  # paper Figure 2
    members=(1, 8, 64),  # ours: one, a CPU's caches, a GPU's
    batch_size=100,  # ours: large enough for products to count
    model_steps=512,  # ours: a timing of 0.1 s and more
    repeats=7)  # ours

PRESETS: Mapping[str, Config] = {
    "quick": _QUICK,
    "gpu": dataclasses.replace(_QUICK, members=(1, 8, 64, 512)),
    "smoke": Config(sizes=(5, 20), members=(1, 2), batch_size=10,
                    model_steps=4, repeats=1),
}


@dataclasses.dataclass(frozen=True)
class Scaling:
  """What to time our own step at.

  Attributes:
    points: numbers of points, full batches.
    widths: of both hidden layers.
    orders: of derivatives, with nested tapes; 0 is regular training.
    outputs: sizes of the output.
    exact_outputs: the largest of them with whole Jacobians.
    members: of the ensembles; the networks of the outputs are single ones.
    batch_size: points per step where points do not vary.
    steps: of one timing.
    repeats: timings of everything, interleaved; their median counts.
  """
  points: Tuple[int, ...]
  widths: Tuple[int, ...]
  orders: Tuple[int, ...]
  outputs: Tuple[int, ...]
  exact_outputs: int
  members: int
  batch_size: int
  steps: int
  repeats: int


SCALING: Mapping[str, Scaling] = {
    "quick": Scaling(
        points=(10, 20, 50, 100, 200, 500, 1000),
        widths=(32, 64, 128, 256, 512, 1024), orders=(0, 1, 2),
        outputs=(1, 3, 10, 30, 100, 300, 1000),
        exact_outputs=100,  # ours: a thousand Jacobian rows take gigabytes
        members=8,  # ours: weights and slots in a CPU's cache
        batch_size=100, steps=30, repeats=5),  # ours
    "smoke": Scaling(
        points=(4, 8), widths=(4, 8), orders=(0, 1, 2), outputs=(1, 3),
        exact_outputs=2, members=2, batch_size=4, steps=2, repeats=1),
}


@dataclasses.dataclass(frozen=True)
class SyntheticGradients:
  """What to time of Table 1's methods.

  Attributes:
    architecture: a key of `classifiers.ARCHITECTURES`.
    cuts: the number of SG modules.
    batch_size: images per step.
    steps: of one timing.
    repeats: timings of everything, interleaved; their median counts.
    count_paper: whether to count the paper presets of Table 1, too.
  """
  architecture: str
  cuts: int
  batch_size: int
  steps: int
  repeats: int
  count_paper: bool


_SMALL = SyntheticGradients(
    architecture="small", cuts=3, batch_size=32,  # as Table 1's quick preset
    steps=20, repeats=5,  # ours: a timing of 0.1 s and more
    count_paper=True)
SYNTHETIC_GRADIENTS: Mapping[str, SyntheticGradients] = {
    "quick": _SMALL,
    # On a GPU: Table 1's networks themselves.
    "cifar10": dataclasses.replace(_SMALL, architecture="cifar10"),
    "resnet50": dataclasses.replace(_SMALL, architecture="resnet50"),
    "smoke": dataclasses.replace(
        _SMALL, batch_size=2, steps=1, repeats=1, count_paper=False),
}

# What `operations` differentiates: everything TensorFlow and Keras have.
SWEEPS = ("operations", "layers")
