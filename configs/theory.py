"""Settings of the theory run: every statement of Sections 2 and 3.

The paper's statements have no settings; all of these are ours, chosen so that
the numbers show the statement. Targets are defined beside the computations in
`reproduce/theory/`.
"""

import dataclasses
from typing import Mapping, Tuple

from sobolev_tf.training import ensemble


@dataclasses.dataclass(frozen=True)
class Figure1:
  """The traced losses: sizes of the batch, the input and the output."""
  batch: int
  inputs: int
  outputs: int


@dataclasses.dataclass(frozen=True)
class Figure2Left:
  """Hypotheses to draw, the seed of their slopes, points per curve."""
  hypotheses: int
  seed: int
  points: int


@dataclasses.dataclass(frozen=True)
class Theorem1:
  """Networks of growing width.

  Attributes:
    widths: hidden units of the constructed networks in one dimension.
    negative_slopes: of their activation.
    angles: of the constructed networks in two dimensions.
    fit_side: points per axis that these are fitted to.
    trained: by dimension, hidden units of the trained networks.
    training_side: by dimension, training points per axis.
    seeds: of the trained networks.
    settings: how to train.
    error_side: by dimension, points per axis that measure the errors; powers
      of two.
    drawn: width of the constructed network that is drawn.
  """
  widths: Tuple[int, ...]
  negative_slopes: Tuple[float, ...]
  angles: Tuple[int, ...]
  fit_side: int
  trained: Tuple[Tuple[int, ...], Tuple[int, ...]]
  training_side: Tuple[int, int]
  seeds: Tuple[int, ...]
  settings: ensemble.Settings
  error_side: Tuple[int, int]
  drawn: int


@dataclasses.dataclass(frozen=True)
class Theorem2:
  """The lower bound and the attempts to reach it.

  Attributes:
    points: of the grid that the bound is computed on.
    pieces: of the piecewise-linear functions that are optimised.
    piece_points: points per piece at which their errors are bounded.
    widths: hidden units of the trained networks.
    training_points: that they are trained on.
    seeds: of the trained networks.
    settings: how to train.
    error_points: that measure the errors of both.
    frequencies: k of g - f' = sin(k pi x).
  """
  points: int
  pieces: Tuple[int, ...]
  piece_points: int
  widths: Tuple[int, ...]
  training_points: int
  seeds: Tuple[int, ...]
  settings: ensemble.Settings
  error_points: int
  frequencies: Tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Proposition1:
  """Dimensions, numbers of points and seeds of the random sets."""
  dimensions: Tuple[int, ...]
  sizes: Tuple[int, ...]
  seeds: Tuple[int, ...]
  negative_slopes: Tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Identification:
  """The families of Propositions 2 and 3.

  Attributes:
    degrees: of the polynomials.
    dimensions: of hyperplanes and element-wise linear maps.
    sets: random sets per size.
    limit: the largest size tried.
    grids: (dimension, side) of the grids on which K_reg is found by trying
      every subset.
    gaussians: number of random densities.
  """
  degrees: Tuple[int, ...]
  dimensions: Tuple[int, ...]
  sets: int
  limit: int
  grids: Tuple[Tuple[int, int], ...]
  gaussians: int


@dataclasses.dataclass(frozen=True)
class Proposition4:
  """Sizes of the fields, modules drawn per kind, their seed."""
  sizes: Tuple[int, ...]
  draws: int
  seed: int


@dataclasses.dataclass(frozen=True)
class Config:
  """One run: the settings of each statement."""
  figure1: Figure1
  figure2_left: Figure2Left
  theorem1: Theorem1
  theorem2: Theorem2
  proposition1: Proposition1
  identification: Identification
  proposition4: Proposition4


_QUICK = Config(
    figure1=Figure1(batch=8, inputs=4, outputs=3),
    figure2_left=Figure2Left(hypotheses=40, seed=1, points=301),
    theorem1=Theorem1(
        widths=(4, 6, 10, 18, 34, 66, 130, 258),  # 2, 4, ..., 256 pieces
        negative_slopes=(0., .2), angles=(2, 4, 8, 16), fit_side=40,
        trained=((8, 32, 128), (16, 64, 256)), training_side=(256, 20),
        seeds=(0, 1, 2), settings=ensemble.Settings(1500, 1e-2),
        error_side=(2**14, 2**7), drawn=18),
    theorem2=Theorem2(
        points=1001, pieces=(4, 8, 16, 32, 64, 128, 256), piece_points=9,
        widths=(4, 8, 32), training_points=256, seeds=(0, 1, 2),
        settings=ensemble.Settings(1500, 2e-2), error_points=20_001,
        frequencies=(1, 2, 4, 8, 16, 32)),
    proposition1=Proposition1(
        dimensions=(1, 2, 5, 10), sizes=(2, 5, 10, 20), seeds=(0, 1, 2),
        negative_slopes=(0., .1)),
    identification=Identification(
        degrees=tuple(range(9)), dimensions=(1, 2, 3, 4, 5, 6), sets=5,
        limit=20, grids=((2, 2), (2, 3), (3, 2)), gaussians=200),
    proposition4=Proposition4(sizes=(8, 64), draws=50, seed=0),
)

PRESETS: Mapping[str, Config] = {
    "quick": _QUICK,
    "long": dataclasses.replace(
        _QUICK,
        theorem1=dataclasses.replace(
            _QUICK.theorem1, widths=tuple(2**k + 2 for k in range(1, 13)),
            angles=(2, 4, 8, 16, 24), fit_side=64,
            trained=((8, 32, 128, 512), (16, 64, 256, 1024)),
            training_side=(1024, 40), seeds=(0, 1, 2, 3, 4),
            settings=ensemble.Settings(20_000, 3e-3)),
        theorem2=dataclasses.replace(
            _QUICK.theorem2, points=2001, widths=(4, 8, 32, 128),
            training_points=1024, seeds=(0, 1, 2, 3, 4),
            settings=ensemble.Settings(20_000, 1e-2)),
        proposition4=Proposition4(sizes=(8, 64, 256), draws=200, seed=0)),
    "smoke": Config(
        figure1=Figure1(batch=2, inputs=3, outputs=2),
        figure2_left=Figure2Left(hypotheses=2, seed=1, points=31),
        theorem1=Theorem1(
            widths=(4, 10, 34), negative_slopes=(0., .2), angles=(2, 4),
            fit_side=8, trained=((4,), (4,)), training_side=(16, 4),
            seeds=(0, 1), settings=ensemble.Settings(20, 1e-2),
            error_side=(2**8, 2**4), drawn=10),
        theorem2=Theorem2(
            points=101, pieces=(4, 8), piece_points=5, widths=(4,),
            training_points=32, seeds=(0, 1),
            settings=ensemble.Settings(20, 1e-2), error_points=1001,
            frequencies=(1, 2)),
        proposition1=Proposition1(
            dimensions=(1, 2), sizes=(2, 5), seeds=(0,),
            negative_slopes=(0., .1)),
        identification=Identification(
            degrees=(0, 1, 2, 3), dimensions=(1, 2), sets=2, limit=6,
            grids=((2, 2),), gaussians=5),
        proposition4=Proposition4(sizes=(4,), draws=2, seed=0)),
}
