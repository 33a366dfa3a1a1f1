"""Data of a cluster, and which forces are hidden."""

import dataclasses
import sys

import numpy as np
import pytest

from configs import forces as config_lib
from reproduce.forces import cluster
from sobolev_tf import errors

CONFIG = config_lib.PRESETS["smoke"].data


def test_gradients_are_those_of_the_energy_per_atom():
  emt = pytest.importorskip("ase.calculators.emt")
  from ase import Atoms
  data = cluster.trajectory(CONFIG, 2, seed=3)
  assert data.positions.shape == (2, 13, 3) and data.energies.shape == (2,)

  def energy(positions):
    atoms = Atoms("Cu13", positions, calculator=emt.EMT())
    return atoms.get_potential_energy() / 13

  assert energy(data.positions[1]) == pytest.approx(data.energies[1])
  step = np.zeros([13, 3])
  step[4, 1] = 1e-4
  slope = (energy(data.positions[1] + step) -
           energy(data.positions[1] - step)) / 2e-4
  assert slope == pytest.approx(data.gradients[1, 4, 1], rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("unit, share", [
    ("geometries", 2 / 50), ("atoms", 32 / 650)])
def test_the_share_that_is_known_is_a_whole_number_of_units(unit, share):
  assert cluster.share(.05, unit, 50, 13) == share


def test_atoms_of_an_icosahedron():
  icosahedron = pytest.importorskip("ase.cluster").Icosahedron
  for shells in (1, 2, 3):
    assert dataclasses.replace(CONFIG, shells=shells).atoms == len(
        icosahedron("Cu", shells))


def test_a_seed_gives_a_trajectory_and_another_one_another():
  first, again, other = (
      cluster.trajectory.__wrapped__(CONFIG, 1, seed) for seed in (3, 3, 4))
  np.testing.assert_array_equal(first.positions, again.positions)
  assert np.abs(first.positions - other.positions).max() > 1e-3


def test_without_ase_one_sentence_says_so(monkeypatch):
  monkeypatch.setitem(sys.modules, "ase", None)
  with pytest.raises(errors.UserError, match="needs ASE, of the extra"):
    cluster.trajectory.__wrapped__(CONFIG, 1, 0)


@pytest.mark.parametrize("unit, shape", [
    ("geometries", (10, 1)), ("atoms", (10, 13))])
def test_a_fraction_of_the_forces_is_known(unit, shape):
  data = cluster.Geometries(
      np.zeros([10, 13, 3]), np.zeros(10), np.ones([10, 13, 3]))
  known = {
      fraction: np.isfinite(cluster.hide(data, fraction, unit, 5).gradients)
      for fraction in (0., .2, .5, 1.)}
  for fraction, mask in known.items():
    each = mask[:, :shape[1]].all(2)  # three coordinates together
    np.testing.assert_array_equal(mask.any(2)[:, :shape[1]], each)
    assert each.sum() == round(fraction * each.size)
    assert cluster.share(fraction, unit, 10, 13) == each.mean()
  assert (known[.5] >= known[.2]).all()
