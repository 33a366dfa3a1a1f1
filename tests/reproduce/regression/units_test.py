"""Tests that changes of units follow the chain rule."""

import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf

from configs import regression
from reproduce.regression import data as data_lib
from reproduce.regression import units as units_lib
from sobolev_tf import errors, functions

PAIRS = [(i, t) for i in regression.SCALINGS for t in regression.SCALINGS]
NAMES = ["bukin", "mccormick"]  # domains that are neither square nor centred


def fitted(name, inputs, targets, count=30):
  function = functions.by_name(name)
  data = data_lib.sample(function, count, seed=0, stream="train")
  return function, data, units_lib.fit(data, function.domain, inputs, targets)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("inputs, targets", PAIRS)
def test_derivative_is_that_of_the_scaled_function(name, inputs, targets):
  function, data, units = fitted(name, inputs, targets)
  scaled = units.apply(data)
  x = tf.constant(scaled.x)
  with tf.GradientTape() as tape:
    tape.watch(x)
    y = (function(x * units.x_scale + units.x_mean) - units.y_mean[0]
         ) / units.y_scale[0]
  np.testing.assert_allclose(scaled.y[:, 0], y, rtol=1e-10, atol=1e-12)
  np.testing.assert_allclose(
      scaled.dy_dx, tape.gradient(y, x), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("inputs, targets", PAIRS)
def test_invert_undoes_apply(inputs, targets):
  _, data, units = fitted("mccormick", inputs, targets)
  scaled = units.apply(data)
  y, dy_dx = units.invert(scaled.y, scaled.dy_dx)
  np.testing.assert_allclose(y, data.y, rtol=1e-12, atol=1e-12)
  np.testing.assert_allclose(dy_dx, data.dy_dx, rtol=1e-12, atol=1e-12)


def test_hessian_is_that_of_the_scaled_function():
  # Booth's is ((10, 8), (8, 10)); the inputs' units differ from each other.
  hessian = np.array([[10., 8.], [8., 10.]])
  units = units_lib.Units(
      np.zeros([1, 2]), np.array([[2., 3.]]), np.zeros([1, 1]),
      np.array([[4.]]))
  data = data_lib.RegressionData(
      np.zeros([5, 2]), np.zeros([5, 1]), np.zeros([5, 2]),
      np.stack([hessian] * 5))
  both = units_lib.stack([units, units]).apply(data_lib.stack([data, data]))
  assert both.d2y_dx2.shape == (2, 5, 2, 2)
  np.testing.assert_allclose(
      both.d2y_dx2[1, 4], [[10 * 4 / 4, 8 * 6 / 4], [8 * 6 / 4, 10 * 9 / 4]])
  scaled = units.apply(data)
  np.testing.assert_allclose(
      units.invert(scaled.y, scaled.dy_dx, scaled.d2y_dx2)[2], data.d2y_dx2)
  assert units.apply(dataclasses.replace(data, d2y_dx2=None)).d2y_dx2 is None


def test_raw_changes_nothing():
  _, data, units = fitted("bukin", "raw", "raw")
  scaled = units.apply(data)
  for name in ("x", "y", "dy_dx"):
    np.testing.assert_array_equal(getattr(scaled, name), getattr(data, name))


def test_standardised_inputs_are_uniform_with_deviation_1():
  # Uniform on [-a, a] has variance a²/3.
  function, data, units = fitted("mccormick", "standardised", "raw")
  low, high = np.array(function.domain).T
  ends = data_lib.RegressionData(
      np.stack([low, high]), data.y[:2], data.dy_dx[:2])
  np.testing.assert_allclose(
      units.apply(ends).x, math.sqrt(3) * np.array([[-1, -1], [1, 1]]),
      rtol=1e-14)


def test_standardised_targets_have_mean_0_and_deviation_1():
  _, data, units = fitted("bukin", "raw", "standardised")
  scaled = units.apply(data)
  assert scaled.y.mean() == pytest.approx(0, abs=1e-12)
  assert scaled.y.std() == pytest.approx(1, rel=1e-12)


def test_stacked_units_act_member_by_member():
  _, first, a = fitted("bukin", "standardised", "standardised")
  _, second, b = fitted("mccormick", "raw", "standardised")
  together = units_lib.stack([a, b]).apply(data_lib.stack([first, second]))
  for e, alone in enumerate((a.apply(first), b.apply(second))):
    np.testing.assert_array_equal(together.x[e], alone.x)
    np.testing.assert_array_equal(together.y[e], alone.y)
    np.testing.assert_array_equal(together.dy_dx[e], alone.dy_dx)


@pytest.mark.parametrize("inputs, targets, named", [
    ("log", "raw", "inputs"), ("raw", "", "targets")])
def test_unknown_choice(inputs, targets, named):
  with pytest.raises(errors.UserError) as error:
    fitted("booth", inputs, targets)
  assert str(error.value) == (
      f"The scaling of {named} must be one of raw, standardised, got "
      f"'{inputs if named == 'inputs' else targets}'.")


@pytest.mark.parametrize("constant", [0., .1, 1e300])
@pytest.mark.parametrize("count", [1, 3])
def test_constant_targets_cannot_be_standardised(constant, count):
  data = data_lib.RegressionData(
      np.zeros([count, 2]), np.full([count, 1], constant),
      np.zeros([count, 2]))
  with pytest.raises(errors.UserError, match="All target values are equal"):
    units_lib.fit(data, [(0, 1)] * 2, "raw", "standardised")
