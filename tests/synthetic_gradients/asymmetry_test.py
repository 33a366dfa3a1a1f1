"""Tests of Proposition 4's measure: known matrices, exact against projected."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf.synthetic_gradients import asymmetry

RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(6, 6))
H = tf.constant(RNG.normal(size=(3, 2, 3)))


def linear(matrix):
  return lambda h: tf.reshape(
      tf.reshape(h, [-1, 6]) @ tf.constant(matrix.T), [-1, 2, 3])


@pytest.mark.parametrize("matrix, expected", [
    (MATRIX + MATRIX.T, 0.),
    (MATRIX - MATRIX.T, 2.),
    (MATRIX, np.linalg.norm(MATRIX - MATRIX.T) / np.linalg.norm(MATRIX)),
    (np.zeros([6, 6]), np.nan),
])
def test_linear_fields(matrix, expected):
  np.testing.assert_allclose(
      asymmetry.exact(linear(matrix), H), [expected] * 3, atol=1e-12)
  estimate = asymmetry.projected(linear(matrix), H, 400, [1, 2])
  np.testing.assert_allclose(estimate, [expected] * 3, rtol=.1, atol=1e-12)


def test_curved_fields():
  for field, symmetric in (
      (lambda h: h * tf.reduce_sum(h**2, [1, 2], keepdims=True), True),
      (lambda h: tf.roll(h, 1, 2) * h**2, False)):
    exact = asymmetry.exact(field, H).numpy()
    assert (exact < 1e-12).all() if symmetric else (exact > .1).all()
    np.testing.assert_allclose(
        asymmetry.projected(field, H, 400, [1, 2]), exact, rtol=.15,
        atol=1e-12)
