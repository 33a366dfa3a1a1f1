"""The core of the checks, on functions whose derivatives are known."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf.checks import differences, directional

X = tf.random.stateless_normal([3, 4], [1, 2], dtype=tf.float64)


def verdicts(function, *inputs, order=3):
  return [v.verdict for v in directional.check(
      lambda x: [function(*x)], inputs or [X], order)]


def test_right_to_order_three():
  assert verdicts(lambda x: tf.sin(x) * tf.reduce_sum(x**2)) == ["right"] * 3
  assert verdicts(tf.matmul, X, tf.transpose(X) + 1.) == ["right"] * 3


def test_moments_are_wrong_at_the_second_order():
  """tf.nn.moments stops a gradient that only the second order needs."""
  assert verdicts(lambda x: tf.nn.moments(x, [1])[1])[:2] == ["right", "wrong"]


def test_missing_ends_the_list():
  found = directional.check(lambda x: [tf.nn.softsign(x[0])], [X], 3)
  assert [v.verdict for v in found] == ["right", "missing"]
  assert found[-1].note == "SoftsignGrad"


def test_constants_and_inputs_without_gradient():
  assert verdicts(tf.stop_gradient) == ["none"]
  found = directional.check(
      lambda x: [x[0] * tf.stop_gradient(x[1])], [X, X + 1.], 2)
  assert found[0].verdict == "right" and "input 2" in found[0].note


def test_an_infinite_derivative_of_a_smooth_function_is_wrong():
  x = tf.constant([[0., 2., 3.]], tf.float64)
  assert verdicts(lambda x: tf.reduce_prod(x, 1), x)[:2] == ["right", "wrong"]


@pytest.mark.parametrize("dtype", [tf.float64, tf.float32])
def test_differences_of_a_known_slope(dtype):
  found = differences.difference(
      lambda t: tf.exp(tf.cast(t, dtype) * [1., 2.]), dtype)
  assert found.smooth.all()
  np.testing.assert_allclose(found.slope, [1., 2.], rtol=found.tolerance)


def test_a_kink_is_not_smooth_though_central_differences_settle():
  found = differences.difference(
      lambda t: tf.abs(tf.constant([0., 1.], tf.float64) + t), tf.float64)
  np.testing.assert_array_equal(found.smooth, [False, True])
  assert found.slope[1] == pytest.approx(1.)


def test_float32_inside_of_float64():
  def along(t):
    return tf.cast(tf.sin(tf.cast(1. + t, tf.float32)), tf.float64)
  found = differences.difference(along, tf.float64)
  assert found.smooth and found.tolerance > 1e-3
  assert found.slope == pytest.approx(np.cos(1.), abs=1e-3)


def test_agreement_that_is_off_or_not_finite():
  expected = differences.difference(
      lambda t: tf.constant(3., tf.float64) * t, tf.float64)
  assert differences.agreement(3., expected).verdict == "right"
  assert differences.agreement(3.001, expected).verdict == "wrong"
  assert differences.agreement(np.nan, expected).error == float("inf")
