"""Proposition 1: zero training loss on any finite set."""

import numpy as np
import pytest
import tensorflow as tf

from reproduce.theory import proposition1
from sobolev_tf import errors, losses


@pytest.mark.parametrize("negative_slope", [0., .1])
@pytest.mark.parametrize("dimension", [1, 2, 3, 10])
@pytest.mark.parametrize("count", [1, 2, 12])
def test_any_values_and_gradients(count, dimension, negative_slope):
  x, y, dy_dx = proposition1.random_demands(count, dimension, seed=5)
  network = proposition1.interpolating_network(x, y, dy_dx, negative_slope)
  terms = losses.SobolevLoss(order=1)(
      network, tf.constant(x), (y[:, None], dy_dx))
  assert np.max(terms.total) < 1e-22  # squared: errors of 1e-12 with 12 points
  assert network.submodules[0].b.shape == [dimension * (2 * count + 1)]


def test_large_and_unequal_demands():
  x, y, dy_dx = proposition1.random_demands(6, 3, seed=0)
  y, dy_dx = 1e3 * y, 1e3 * dy_dx
  y[2], dy_dx[3] = 0., 0.
  network = proposition1.interpolating_network(x, y, dy_dx)
  terms = losses.SobolevLoss(order=1)(
      network, tf.constant(x), (y[:, None], dy_dx))
  assert np.max(terms.total) < 1e-16  # relative 1e-11


def test_points_on_a_lattice_share_components_but_not_coordinates():
  x = np.stack(np.meshgrid([0., 1., 2.], [0., 1., 2.]), -1).reshape(-1, 2)
  basis = proposition1.separating_basis(x)
  np.testing.assert_allclose(basis @ basis.T, np.eye(2), atol=1e-14)
  along = np.sort(x @ basis.T, axis=0)
  gaps = np.diff(along, axis=0).min(axis=0)
  assert gaps.min() > .05 and gaps[0] >= gaps[1]
  y, dy_dx = np.arange(9.), np.arange(18.).reshape(9, 2)
  network = proposition1.interpolating_network(x, y, dy_dx)
  np.testing.assert_allclose(network(tf.constant(x))[:, 0], y, atol=1e-11)


def test_it_is_differentiable_around_the_points():
  x, y, dy_dx = proposition1.random_demands(4, 2, seed=1)
  network = proposition1.interpolating_network(x, y, dy_dx)
  step = 1e-6 * np.array([[1., 1.]])
  for sign in (1, -1):
    moved = network(tf.constant(x + sign * step))[:, 0]
    np.testing.assert_allclose(
        (moved - y) / sign, dy_dx @ step[0], rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("x, y, dy_dx, match", [
    ([[0., 1.], [0., 1.]], [1., 2.], np.zeros([2, 2]), "coincide"),
    ([[0.], [1.]], [1., 2.], np.zeros([2, 2]), r"\(2, 1\), \(2,\) and \(2, 2"),
    ([[0.], [1.]], [[1.], [2.]], np.zeros([2, 1]), r"values \[N\]")])
def test_bad_demands(x, y, dy_dx, match):
  with pytest.raises(errors.UserError, match=match):
    proposition1.interpolating_network(x, y, dy_dx)
