"""Settings of the comparison of energies alone with energies and forces.

No paper fixes them: all are ours, but for the claim that is tried, that forces
on a tenth to a fifth of the data do as well as all of them.
"""

import dataclasses
from typing import Mapping, Tuple

from configs import balancing


@dataclasses.dataclass(frozen=True)
class Data:
  """Geometries along Langevin dynamics of a copper cluster.

  Attributes:
    shells: of the icosahedron; 2 are 13 atoms.
    temperature: in K; the cluster stays solid but for rare jumps.
    time_step: in fs.
    warm_up: steps before the first geometry.
    interval: steps between geometries.
    count: of training geometries.
    held_out: of validation geometries, and as many test geometries, each on a
      trajectory of its own.
  """
  shells: int = 2
  temperature: float = 500.
  time_step: float = 5.  # usual for metals with EMT
  warm_up: int = 200  # 1 ps: ten times as long as velocities are remembered
  interval: int = 5
  count: int = 50
  held_out: int = 200


@dataclasses.dataclass(frozen=True)
class Descriptors:
  """Radial symmetry functions, Gaussians at equal distances.

  Attributes:
    functions: their number per atom.
    nearest: the first one's centre, Angstrom; neighbours are 2.5 away.
    cutoff: the distance at which they have faded, and the last one's centre.
  """
  functions: int = 8
  nearest: float = 2.
  cutoff: float = 6.  # the whole cluster


@dataclasses.dataclass(frozen=True)
class Config:
  """One run.

  Attributes:
    data: of the cluster.
    descriptors: of its atoms.
    training: of the networks, full batches.
    grid: the trials of every method, on validation geometries.
    search_seeds: of the trials: trajectories and initial weights.
    seeds: of the reported runs, others.
    fractions: of the forces that are known.
    units: what a fraction is of: "geometries", "atoms".
    methods: compared with all forces known.
    partial: those that are compared over the fractions.
  """
  data: Data
  descriptors: Descriptors
  training: balancing.Training
  grid: balancing.Grid
  search_seeds: Tuple[int, ...]
  seeds: Tuple[int, ...]
  fractions: Tuple[float, ...] = (.05, .1, .2, .5)
  units: Tuple[str, ...] = ("geometries", "atoms")
  methods: Tuple[str, ...] = tuple(balancing.METHODS)
  partial: Tuple[str, ...] = ("eq1", "huge-savine")


_FEW = balancing.Grid(  # one trial each, for presets that show how it runs
    learning_rates=(1e-2,), weight_decays=(0.,), more_learning_rates=(1e-2,),
    more_weight_decays=(0.,))

PRESETS: Mapping[str, Config] = {
    "cpu": Config(
        Data(), Descriptors(),
        balancing.Training((16, 16), "tanh", steps=500), balancing.Grid(),
        search_seeds=(100, 101), seeds=tuple(range(10))),
    "quick": Config(
        Data(count=30, held_out=50), Descriptors(),
        balancing.Training((16, 16), "tanh", steps=300), _FEW,
        search_seeds=(100,), seeds=(0, 1, 2),
        methods=("values", "eq1", "huge-savine")),
    "smoke": Config(
        Data(count=6, held_out=4, warm_up=5, interval=1),
        Descriptors(functions=4), balancing.Training((4,), "tanh", steps=3),
        _FEW, search_seeds=(100,), seeds=(0, 1), fractions=(.2,),
        methods=("values", "eq1", "huge-savine"), partial=("eq1",)),
}
