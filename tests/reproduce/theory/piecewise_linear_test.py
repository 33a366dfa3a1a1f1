"""Piecewise-linear functions and the networks built from them."""

import numpy as np
import pytest
import tensorflow as tf

from reproduce.theory import piecewise_linear, ridge_network
from sobolev_tf import derivatives, errors

TENT = piecewise_linear.PiecewiseLinear(
    np.array([0., 1., 3.]), np.array([1., 2., 1.]),
    np.array([0., 1., -.5, 4.]))


def test_values_and_slopes_by_hand():
  x = np.array([-2., 0., .5, 2., 4.])
  np.testing.assert_array_equal(TENT(x), [1., 1., 1.5, 1.5, 5.])
  np.testing.assert_array_equal(TENT.derivative(x), [0., 1., 1., -.5, 4.])


def test_interpolant_meets_the_function_at_the_knots():
  h = piecewise_linear.interpolate(np.exp, np.array([0., .5, 2.]))
  np.testing.assert_allclose(h(np.array([0., .5, 2.])), np.exp([0., .5, 2.]))
  np.testing.assert_allclose(h(np.array([1.25])),
                             [(np.exp(.5) + np.exp(2)) / 2])


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_through_tangents(order):
  x, y, s = np.array([0., 1., 1.5]), np.array([3., -2., 0.]), np.array(
      [10., -7., 0.])
  h = piecewise_linear.through_tangents(x[order], y[order], s[order])
  np.testing.assert_allclose(h(x), y, atol=1e-14)
  np.testing.assert_array_equal(h.derivative(x), s)
  inside = h.knots[:, None] == x
  assert not inside.any()
  jumps = h(h.knots + 1e-9) - h(h.knots - 1e-9)
  assert np.abs(jumps).max() < 1e-6  # continuous


def test_through_one_tangent_is_a_line():
  h = piecewise_linear.through_tangents(
      np.array([2.]), np.array([1.]), np.array([-3.]))
  np.testing.assert_allclose(h(np.array([-8., 2., 12.])), [31., 1., -29.])


def test_coinciding_points_are_refused():
  with pytest.raises(errors.UserError, match="Two points coincide"):
    piecewise_linear.through_tangents(
        np.array([1., 1.]), np.zeros(2), np.zeros(2))


def test_through_lines_recovers_a_function_from_its_pieces():
  x = np.array([-1., .5, 2., 4.])
  h = piecewise_linear.through_lines(x, TENT(x), TENT.derivative(x))
  for found, true in zip(h, TENT):
    np.testing.assert_allclose(found, true)


@pytest.mark.parametrize("slopes", [[1., 1.], [-1., 1.]])
def test_lines_that_do_not_meet_between_the_points(slopes):
  with pytest.raises(errors.UserError, match="meet between"):
    piecewise_linear.through_lines(
        np.array([0., 1.]), np.array([0., 5.]), np.array(slopes))


@pytest.mark.parametrize("negative_slope", [0., .01, .5])
def test_network_is_the_sum_of_its_profiles(negative_slope):
  directions = np.array([[1., 2.], [-.5, 1.]])
  other = piecewise_linear.interpolate(np.cos, np.linspace(-1, 1, 6))
  network = ridge_network.ridge_network(
      directions, [TENT, other], negative_slope)
  x = np.random.default_rng(0).normal(size=(50, 2)) * 3
  y, dy_dx = derivatives.value_and_derivatives(network, tf.constant(x), 1)
  t = x @ directions.T
  np.testing.assert_allclose(
      y[:, 0], TENT(t[:, 0]) + other(t[:, 1]), atol=1e-13)
  np.testing.assert_allclose(
      dy_dx, TENT.derivative(t[:, :1]) * directions[0] +
      other.derivative(t[:, 1:]) * directions[1], atol=1e-13)
  hidden = network.submodules[0].b.shape[0]
  assert hidden == (3 + 1) + (6 + 1)  # one layer, a unit per knot and one more


@pytest.mark.parametrize("directions, slope, match", [
    (np.ones([2, 1]), 0., "1 profiles"), (np.ones([1]), 0., r"\[R, D\]"),
    (np.ones([1, 1]), 1., "got 1.0"), (np.ones([1, 1]), -.1, "got -0.1")])
def test_bad_networks(directions, slope, match):
  with pytest.raises(errors.UserError, match=match):
    ridge_network.ridge_network(directions, [TENT], slope)
