"""Energies and forces of a copper cluster along molecular dynamics.

The calculator is ASE's effective medium theory (EMT): K. W. Jacobsen, P.
Stoltze, J. K. Norskov, Surface Science 366 (1996) 394; atoms interact through
the density that their neighbours make, so that the energy is no sum over pairs.
ASE: A. H. Larsen et al., J. Phys.: Condens. Matter 29 (2017) 273002.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from configs import forces as config_lib
from sobolev_tf import errors


class Geometries(NamedTuple):
  """Geometries of one cluster; F of them, A atoms.

  Attributes:
    positions: `[F, A, 3]`, in Angstrom.
    energies: per atom, `[F]`, in eV.
    gradients: of the energy per atom by the positions, `[F, A, 3]`, in eV per
      Angstrom: minus the forces, divided by A.
  """
  positions: np.ndarray
  energies: np.ndarray
  gradients: np.ndarray


@functools.lru_cache(maxsize=64)
def trajectory(config: config_lib.Data, count: int, seed: int) -> Geometries:
  """Runs Langevin dynamics and takes geometries at intervals.

  Args:
    config: of the dynamics.
    count: of geometries F.
    seed: of the random forces.

  Returns:
    The geometries, in their order.

  Raises:
    UserError: if ASE is not installed.
  """
  try:
    from ase import cluster, units
    from ase.calculators import emt
    from ase.md import langevin
  except ImportError as error:
    raise errors.UserError(
        "This experiment needs ASE, of the extra 'forces': pip install ase."
    ) from error
  atoms = cluster.Icosahedron("Cu", config.shells)
  atoms.calc = emt.EMT()
  dynamics = langevin.Langevin(
      atoms, config.time_step * units.fs, temperature_K=config.temperature,
      friction=config_lib.FRICTION / units.fs, fixcm=False,
      rng=np.random.RandomState(seed))
  dynamics.run(config.warm_up)
  positions, energies, gradients = [], [], []
  for _ in range(count):
    dynamics.run(config.interval)
    positions.append(atoms.get_positions())
    energies.append(atoms.get_potential_energy() / len(atoms))
    gradients.append(-atoms.get_forces() / len(atoms))
  return Geometries(*map(np.array, (positions, energies, gradients)))


def share(fraction: float, unit: str, count: int, atoms: int) -> float:
  """The share of the forces that `hide` leaves, a whole number of units."""
  total = count * (1 if unit == "geometries" else atoms)
  return _known(fraction, total) / total


def hide(data: Geometries, fraction: float, unit: str, seed: int
         ) -> Geometries:
  """Hides forces.

  Args:
    data: with all forces.
    fraction: of the forces that stay known, from 0 to 1, but see `share`.
    unit: "geometries" hides all forces of a geometry or none; "atoms" hides
      those of single atoms, wherever they are.
    seed: of the choice; of the same seed, a larger fraction holds a smaller
      one's.

  Returns:
    The data with NaN for gradients that are hidden.
  """
  count, atoms, _ = data.gradients.shape
  shape = (count, 1 if unit == "geometries" else atoms)
  rank = np.random.default_rng(seed).permutation(math.prod(shape))
  known = rank.reshape(shape) < _known(fraction, rank.size)
  return data._replace(gradients=np.where(
      known[..., np.newaxis], data.gradients, np.nan))


def _known(fraction: float, total: int) -> int:
  return round(fraction * total)
