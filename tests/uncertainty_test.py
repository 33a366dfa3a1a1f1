"""Tests of second-order targets from known variances."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors, losses, uncertainty


def test_hessian_of_a_gaussian_with_independent_inputs():
  hessian, weights = uncertainty.hessian_from_variances([[4., .5]])
  np.testing.assert_array_equal(np.diagonal(hessian[0]), [-.25, -2.])
  np.testing.assert_array_equal(weights, [np.eye(2)])
  assert np.isnan(hessian[0, 0, 1]) and np.isnan(hessian[0, 1, 0])


def test_unknown_variance_has_no_weight():
  hessian, weights = uncertainty.hessian_from_variances([[np.nan, 1.]])
  assert np.isnan(hessian[0, 0, 0])
  np.testing.assert_array_equal(weights[0], [[0., 0.], [0., 1.]])


def test_only_the_known_entries_enter_the_loss():
  hessian, weights = uncertainty.hessian_from_variances([[1., 1.]])
  x = tf.constant([[.3, -.2]], tf.float64)
  # Its Hessian is ((-3, 7), (7, -1)): 2 off on the diagonal, once.
  model = lambda x: -1.5 * x[:, 0]**2 - .5 * x[:, 1]**2 + 7 * x[:, 0] * x[:, 1]
  y, zeros = model(x), tf.zeros_like(x)
  loss = losses.SobolevLoss(order=2, weights=(1., 0., 1.))(
      model, x, (y, zeros, hessian), entry_weights=(None, None, weights))
  assert float(loss.reduce()) == pytest.approx(4.)


@pytest.mark.parametrize("variance", [0., -1.])
def test_variances_are_positive(variance):
  with pytest.raises(errors.UserError, match="Every variance must be > 0"):
    uncertainty.hessian_from_variances([[1., variance]])
