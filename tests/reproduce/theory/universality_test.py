"""Theorem 1: both errors fall with the width, within what is proved."""

import numpy as np
import pytest
import tensorflow as tf

from reproduce.theory import shallow, universality
from sobolev_tf import derivatives
from sobolev_tf.training import ensemble


def test_targets_are_c1_and_not_c2():
  close = np.array([[-1e-8], [0.], [1e-8]])
  slopes = derivatives.gradient(universality.target_1d, close).numpy()[:, 0]
  assert slopes[1] == np.pi
  assert np.ptp(slopes) < 1e-3  # continuous ...
  assert np.ptp(slopes) / 2e-8 > 1e3  # ... with unbounded quotients
  ridge = np.array([[.25, .5], [.25, .5 - 1e-12], [.25, .5 + 1e-12]])
  slopes = derivatives.gradient(universality.target_2d, ridge).numpy()
  assert np.isfinite(slopes).all() and np.ptp(slopes, axis=0).max() < 1e-5


def test_construction_in_one_dimension_keeps_its_promise():
  before = (np.inf, np.inf)
  for width in (6, 18, 66, 258):
    found = universality.errors(
        universality.construct_1d(width), 1, side=2**11)
    value, derivative = universality.bounds_1d(width)
    assert found.value_sup < value and found.derivative_sup < derivative
    assert found.value_sup < before[0] / 4
    assert found.derivative_sup < before[1] / 2
    before = found.value_sup, found.derivative_sup


def test_leaky_networks_are_the_same_functions():
  x = tf.constant(universality.grid(1, 64))
  np.testing.assert_allclose(
      universality.construct_1d(18)(x), universality.construct_1d(18, .3)(x),
      atol=1e-13)


def test_construction_in_two_dimensions():
  found = [universality.errors(universality.construct_2d(angles, 20), 2, 32)
           for angles in (2, 4, 8)]
  for wide, narrow in zip(found[1:], found):
    assert wide.value_rms < .7 * narrow.value_rms
    assert wide.derivative_rms < .7 * narrow.derivative_rms


def test_errors_by_hand():
  # h = 0: the errors are the target's own norms.
  zero = lambda x: 0. * x
  found = universality.errors(zero, 1, 4)
  x = np.array([-.75, -.25, .25, .75])
  y = np.sin(np.pi * x) + np.abs(x)**1.5
  slope = np.pi * np.cos(np.pi * x) + 1.5 * np.sign(x) * np.abs(x)**.5
  np.testing.assert_allclose(found, [
      np.abs(y).max(), np.abs(slope).max(), np.mean(y**2)**.5,
      np.mean(slope**2)**.5])


@pytest.mark.parametrize("dimension", [1, 2])
def test_training_lowers_both_errors(dimension):
  def trained(steps):
    network = universality.train(
        16, dimension, (3,), 32 if dimension == 1 else 8,
        ensemble.Settings(steps, 1e-2))
    return universality.errors(network.member(0), dimension, 32)

  start, end = trained(1), trained(300)
  assert end.value_rms < .8 * start.value_rms
  assert end.derivative_rms < .8 * start.derivative_rms


def test_initial_networks_bend_all_over():
  network = shallow.spread_network(50, (0, 1), 1, tf.nn.relu, 2.)
  w, b = network.weights[0].numpy()[0, 0], network.biases[0].numpy()[0, 0]
  bends = -b / w
  assert bends.min() < -.8 and bends.max() > .8 and np.abs(bends).max() <= 1
  np.testing.assert_allclose(np.abs(w), 2.)
