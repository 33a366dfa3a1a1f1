"""A potential's symmetries, its forces, and its closed form."""

import numpy as np
import pytest
import tensorflow as tf

from configs import forces as config_lib
from reproduce.forces import potential
from sobolev_tf import derivatives

CONFIG = config_lib.Descriptors(functions=3, nearest=1., cutoff=3.)
RANDOM = np.random.default_rng(0)
POSITIONS = RANDOM.uniform(0., 3., (2, 4, 5, 3))  # two members


@pytest.fixture(scope="module")
def describe():
  return potential.SymmetryFunctions(CONFIG, POSITIONS)


@pytest.fixture(scope="module")
def potentials(describe):
  return potential.Potential((6,), (0, 1), describe)


def energies(potentials, positions):
  return potentials(tf.constant(positions, tf.float32)).numpy()


def turned(positions):
  axes, _ = np.linalg.qr(RANDOM.normal(size=(3, 3)))
  return positions @ axes


@pytest.mark.parametrize("change", [
    lambda x: x + [1., -2., 3.], turned, lambda x: x * [-1., 1., 1.],
    lambda x: x[..., [3, 1, 0, 4, 2], :]],
    ids=["moved", "turned", "mirrored", "renumbered"])
def test_symmetries(potentials, change):
  before = energies(potentials, POSITIONS)
  np.testing.assert_allclose(
      energies(potentials, change(POSITIONS)), before, atol=1e-4)
  assert before.shape == (2, 4, 1) and before.std() > 1e-2


def test_symmetry_functions_against_a_loop(describe):
  x = POSITIONS[1, 2]
  centres, width = np.array([1., 2., 3.]), 1.
  raw = np.zeros([5, 3])
  for i in range(5):
    for j in range(5):
      r = np.linalg.norm(x[i] - x[j])
      if i != j and r < 3.:
        raw[i] += (np.exp(-(r - centres)**2 / (2 * width**2)) *
                   (np.cos(np.pi * r / 3.) + 1.) / 2)
  found = describe(tf.constant(POSITIONS))[1, 2]
  scaled = (raw - describe.mean[1, 0].numpy()) / describe.deviation[1, 0]
  np.testing.assert_allclose(found, scaled, rtol=1e-5, atol=1e-6)


def test_scales_are_each_members_own(describe):
  found = describe(tf.constant(POSITIONS, tf.float32)).numpy()
  np.testing.assert_allclose(found.mean((1, 2)), 0., atol=1e-5)
  np.testing.assert_allclose(found.std((1, 2)), 1., rtol=1e-3)


def test_forces_are_slopes_and_far_atoms_have_none(describe):
  x = POSITIONS.copy()
  x[:, :, 0] += 50.
  def total(points):
    return tf.reduce_sum(tf.sin(describe(points)), [-1, -2])
  y, dy_dx = derivatives.value_and_derivatives(total, tf.constant(x), 1, 2)
  np.testing.assert_array_equal(dy_dx[:, :, 0], 0.)
  np.testing.assert_allclose(tf.reduce_sum(dy_dx, 2), 0., atol=1e-9)
  step = np.zeros_like(x)
  step[:, :, 1, 2] = 1e-5
  slope = (total(tf.constant(x + step)) - total(tf.constant(x - step))) / 2e-5
  np.testing.assert_allclose(dy_dx[:, :, 1, 2], slope, rtol=1e-6, atol=1e-8)
  assert y.shape == (2, 4)
