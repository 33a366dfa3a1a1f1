"""Tests of the drop-ins: TensorFlow's values; derivatives at zeros.

Derivatives away from zeros are tested in `gradients_test.py`, where the
drop-ins stand in for TensorFlow's operations.
"""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import derivatives, errors, ops

X = tf.constant(np.random.default_rng(0).normal(size=(2, 5, 3)), tf.float64)


@pytest.mark.parametrize("axis", [None, 0, -1, [0, 2], [0, 1, 2]])
@pytest.mark.parametrize("keepdims", [False, True])
def test_values(axis, keepdims):
  for ours, usual in ((ops.reduce_prod, tf.reduce_prod), (ops.norm, tf.norm)):
    if ours is ops.norm and axis == [0, 1, 2]:
      continue  # tf.norm takes at most two
    np.testing.assert_allclose(
        ours(X, axis, keepdims=keepdims),
        usual(X, axis=axis, keepdims=keepdims))


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_cumprod(exclusive, reverse):
  for axis in (0, 1, -1):
    np.testing.assert_allclose(
        ops.cumprod(X, axis, exclusive, reverse),
        tf.math.cumprod(X, axis, exclusive, reverse))


def test_products_of_nothing_and_of_unknown_size():
  empty = tf.zeros([2, 0])
  np.testing.assert_array_equal(ops.reduce_prod(empty, 1), [1., 1.])
  assert ops.cumprod(empty, 1).shape == (2, 0)

  @tf.function(input_signature=[tf.TensorSpec([2, None])])
  def product(x):
    return ops.reduce_prod(x, 1)

  with pytest.raises(errors.UserError, match="static size: use tf.ensure_sh"):
    product(empty)


def test_products_over_no_axis_and_over_one_that_is_not_there():
  x = tf.ones([2, 1])
  assert ops.reduce_prod(x, []).shape == tf.reduce_prod(x, []).shape
  for product in (ops.reduce_prod, ops.cumprod):
    for axis in (2, -3):
      with pytest.raises(errors.UserError, match=f"no axis {axis} in"):
        product(x, axis)


@pytest.mark.parametrize("exponent", [-2, 0, 1, 2, 7, 12])
def test_power(exponent):
  np.testing.assert_allclose(ops.power(X, exponent), X**exponent)
  with pytest.raises(errors.UserError, match="must be a whole number, got 0.5"):
    ops.power(X, .5)


def test_powers_at_0():
  x = tf.zeros([1, 1], tf.float64)
  for exponent in range(4):
    found = derivatives.value_and_derivatives(
        lambda z: ops.power(z, exponent) + 0 * z, x, 4)  # noqa: B023
    expected = [0.] * 5
    expected[exponent] = float(np.prod(np.arange(1, exponent + 1)))
    np.testing.assert_array_equal(
        [float(tf.squeeze(d)) for d in found], expected)


def test_the_norm_at_0():
  x = tf.constant([[0., 0.], [3., 4.]], tf.float64)
  found = derivatives.value_and_derivatives(
      lambda z: ops.norm(z, -1, keepdims=True), x, 3)
  for order in found:
    np.testing.assert_array_equal(order[0], np.zeros(order.shape[1:]))
  np.testing.assert_allclose(found[1][1], [.6, .8])
  np.testing.assert_allclose(
      found[2][1], (np.eye(2) - np.outer([.6, .8], [.6, .8])) / 5)


@pytest.mark.parametrize("method", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(2, 2), (3, 9), (10, 4), (5, 3)])
def test_resize(method, size):
  images = X[..., None]
  np.testing.assert_allclose(
      ops.resize(images, size, method),
      tf.image.resize(images, size, method), atol=1e-6)


def test_resize_names_what_it_cannot_do():
  with pytest.raises(errors.UserError, match="got 'nearest'"):
    ops.resize(X[..., None], [2, 2], "nearest")
  for size in ([2], [2, 2, 1], [0, 2], [2., 2.], [None, 2]):
    with pytest.raises(errors.UserError, match="size must be the new height"):
      ops.resize(X[..., None], size)
  with pytest.raises(errors.UserError, match="static height and width, got"):
    ops.resize(X, [2, 2])


def test_moments():
  for keepdims in (False, True):
    for ours, usual in zip(ops.moments(X, [0, 2], keepdims),
                           tf.nn.moments(X, [0, 2], keepdims=keepdims)):
      np.testing.assert_allclose(ours, usual)


def test_softsign():
  np.testing.assert_allclose(ops.softsign(X), tf.nn.softsign(X))
  first, second = derivatives.value_and_derivatives(
      ops.softsign, tf.zeros([1, 1], tf.float64), 2)[1:]
  assert (float(tf.squeeze(first)), float(tf.squeeze(second))) == (1., 0.)


@pytest.mark.parametrize("use, message", [
    (ops.reduce_prod, "how many axes"), (ops.cumprod, "how many axes"),
    (ops.local_response_normalization, "must be static")])
def test_a_shape_that_is_not_known(use, message):
  with pytest.raises(errors.UserError, match=message):
    tf.function(use, input_signature=[
        tf.TensorSpec(None, tf.float32)]).get_concrete_function()


@pytest.mark.parametrize("exponent", [None, float("inf"), float("nan"), "2.5"])
def test_exponents_that_are_no_whole_numbers(exponent):
  with pytest.raises(errors.UserError, match="must be a whole number, got"):
    ops.power(X, exponent)
