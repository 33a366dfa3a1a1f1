"""Jacobian asymmetry against closed forms, and its estimate against it."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf.derivatives import symmetry

X = tf.constant(np.random.default_rng(0).normal(size=(3, 4)))


def linear(matrix):
  return lambda x: tf.matmul(x, matrix, transpose_b=True)


def test_linear_fields():
  random = np.random.default_rng(1).normal(size=(4, 4))
  expected = np.linalg.norm(random - random.T) / np.linalg.norm(random)
  np.testing.assert_allclose(
      symmetry.jacobian_asymmetry(linear(random), X), [expected] * 3)
  symmetric = symmetry.jacobian_asymmetry(linear(random + random.T), X)
  assert np.max(symmetric) < 1e-15
  np.testing.assert_allclose(
      symmetry.jacobian_asymmetry(linear(random - random.T), X), [2.] * 3)


def test_gradient_fields_are_symmetric_per_point():
  field = lambda x: derivatives.gradient(
      lambda p: tf.sin(p[:, 0] * p[:, 1]) + p[:, 2]**2 * p[:, 3], x)
  assert np.max(symmetry.jacobian_asymmetry(field, X)) < 1e-15
  # The field depends on the point; so does how far this one is from symmetric.
  half = lambda x: tf.stop_gradient(x[:, ::-1]) * x + x[:, ::-1] * [0, 0, 0, 1.]
  assert len(set(symmetry.jacobian_asymmetry(half, X).numpy().round(6))) == 3


def test_fields_of_images():
  image = tf.reshape(X, [3, 2, 2, 1])
  matrix = np.random.default_rng(2).normal(size=(4, 4))
  field = lambda h: tf.reshape(
      linear(matrix)(tf.reshape(h, [-1, 4])), tf.shape(h))
  np.testing.assert_allclose(
      symmetry.jacobian_asymmetry(field, image),
      symmetry.jacobian_asymmetry(linear(matrix), X))


def test_the_estimate_approaches_the_exact_value():
  matrix = np.random.default_rng(3).normal(size=(4, 4))
  field = lambda x: tf.tanh(linear(matrix)(x))
  exact = symmetry.jacobian_asymmetry(field, X)
  np.testing.assert_allclose(symmetry.estimated_jacobian_asymmetry(
      field, X, [0, 1], 100), exact, rtol=.2)
  traced = tf.function(
      lambda x: symmetry.estimated_jacobian_asymmetry(field, x, [0, 1], 2))
  np.testing.assert_allclose(traced(X), symmetry.estimated_jacobian_asymmetry(
      field, X, [0, 1], 2))
  gradient = lambda x: derivatives.gradient(
      lambda p: tf.reduce_sum(tf.tanh(linear(matrix)(p)), -1), x)
  assert np.max(symmetry.estimated_jacobian_asymmetry(
      gradient, X, [0, 1], 2)) < 1e-14


def test_a_vanishing_jacobian_is_symmetric():
  flat = lambda x: tf.nn.relu(x - 100.)
  np.testing.assert_array_equal(symmetry.jacobian_asymmetry(flat, X), [0.] * 3)
  np.testing.assert_array_equal(
      symmetry.estimated_jacobian_asymmetry(flat, X, [0, 1], 1), [0.] * 3)


@pytest.mark.parametrize("measure", [
    symmetry.jacobian_asymmetry,
    lambda f, x: symmetry.estimated_jacobian_asymmetry(f, x, [0, 1], 1)])
def test_bad_fields(measure):
  with pytest.raises(errors.UserError, match="one number per component"):
    measure(lambda x: x[:, :2], X)
  with pytest.raises(errors.UserError, match="does not depend"):
    measure(lambda x: tf.ones_like(x), X)


def test_no_probes():
  with pytest.raises(errors.UserError, match="at least 1, got 0"):
    symmetry.estimated_jacobian_asymmetry(lambda x: x, X, [0, 1], 0)
