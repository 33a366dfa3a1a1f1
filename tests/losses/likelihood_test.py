"""The profiled likelihood against its closed form and the one it comes from."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import losses

X = tf.constant(np.random.default_rng(0).normal(size=(5, 2)))
RNG = np.random.default_rng(1)
TARGETS = (RNG.normal(size=(5, 2)), RNG.normal(size=(5, 2, 2)))
START = np.array([[.3, -1.], [.8, .5]])
MATRIX = tf.Variable(START)


def model(x):
  return tf.matmul(x, MATRIX) + tf.sin(x)


def errors_by_channel():
  """MSE_k of the two values and the four derivatives, with NumPy."""
  x, matrix = X.numpy(), MATRIX.numpy()
  value = x @ matrix + np.sin(x) - TARGETS[0]
  first = matrix.T + np.cos(x)[:, :, None] * np.eye(2) - TARGETS[1]
  return [np.mean(value**2, 0), np.mean(first**2, 0).ravel()]


@pytest.mark.parametrize("floor", [1e-12, .5])
def test_half_the_sum_of_logarithms(floor):
  made = losses.ProfiledLikelihood(floor=floor)
  terms = losses.SobolevLoss(weights=made)(model, X, TARGETS)
  expected = errors_by_channel()
  for mean, channels, term, squares in zip(
      terms.means, terms.channels, terms.orders, expected):
    np.testing.assert_allclose(mean, squares, rtol=1e-12)
    np.testing.assert_allclose(
        tf.reduce_sum(channels, -1), term, rtol=1e-14)
  np.testing.assert_allclose(
      terms.reduce(),
      .5 * np.sum(np.log(np.concatenate(expected) + floor)), rtol=1e-12)


def test_it_is_the_minimum_over_the_variances():
  """sum_k MSE_k / (2 s_k) + log(s_k) / 2, by gradient descent on log s_k."""
  squares = tf.constant(np.concatenate(errors_by_channel()))
  log_variance = tf.Variable(tf.zeros_like(squares))
  for _ in range(200):
    with tf.GradientTape() as tape:
      loss = tf.reduce_sum(
          .5 * squares * tf.exp(-log_variance) + .5 * log_variance)
    log_variance.assign_sub(tape.gradient(loss, log_variance))
  terms = losses.SobolevLoss(weights=losses.ProfiledLikelihood())(
      model, X, TARGETS)
  # At the minimum MSE_k / s_k is 1, six times.
  np.testing.assert_allclose(loss, terms.reduce() + 3, rtol=1e-9)


def gradient(weights, targets=TARGETS, net=model):
  with tf.GradientTape() as tape:
    loss = losses.SobolevLoss(weights=weights)(net, X, targets).reduce()
  return tape.gradient(loss, MATRIX)


def test_units_do_not_change_the_gradient():
  """Outputs in other units, each in its own."""
  unit = np.array([1e4, 1e-3])
  likelihood = losses.ProfiledLikelihood(floor=1e-30)
  scaled = gradient(
      likelihood, (TARGETS[0] * unit, TARGETS[1] * unit[:, None]),
      lambda x: model(x) * unit)
  np.testing.assert_allclose(gradient(likelihood), scaled, rtol=1e-10)
  constant = gradient((1., 1.), (TARGETS[0] * 1e4, TARGETS[1] * 1e4),
                      lambda x: model(x) * 1e4)
  assert not np.allclose(gradient((1., 1.)), constant)


def test_a_perfect_channel_is_no_infinity():
  exact = [model(X), tf.stack([tf.transpose(MATRIX)] * 5) + tf.linalg.diag(
      tf.cos(X))]
  with tf.GradientTape() as tape:
    loss = losses.SobolevLoss(weights=losses.ProfiledLikelihood())(
        model, X, exact).reduce()
  np.testing.assert_allclose(loss, 3 * np.log(1e-12), rtol=1e-6)
  np.testing.assert_allclose(tape.gradient(loss, MATRIX), tf.zeros([2, 2]),
                             atol=1e-2)
