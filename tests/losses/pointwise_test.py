"""Tests of the losses of one order against numbers worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import losses

TARGET = np.array([[1., 2., 3.], [0., 0., 0.]])
PREDICTION = np.array([[1., 4., 0.], [3., 4., 0.]])
WEIGHT = np.array([[5., .5, 2.], [0., 1., 7.]])
# The differences are (0, 2, -3) and (3, 4, 0).


@pytest.mark.parametrize("loss, plain, weighted", [
    # 4 + 9; 9 + 16. Weighted: 0.5 · 4 + 2 · 9; 16. No 1/2, no mean.
    (losses.squared_error, [13, 25], [20, 16]),
    # Square roots of these.
    (losses.norm, [13**.5, 5], [20**.5, 4]),
    # 2 + 3; 3 + 4. Weighted: 0.5 · 2 + 2 · 3; 4.
    (losses.absolute_error, [5, 7], [7, 4]),
])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_golden_values(loss, plain, weighted, dtype):
  target, prediction, weight = (
      a.astype(dtype) for a in (TARGET, PREDICTION, WEIGHT))
  result = loss(target, prediction)
  assert result.dtype == dtype and result.shape == (2,)
  np.testing.assert_allclose(result, plain, rtol=1e-6)
  np.testing.assert_allclose(
      loss(target, prediction, weight), weighted, rtol=1e-6)


@pytest.mark.parametrize("loss, expected", [
    # 2 d; d / |d|; sign d.
    (losses.squared_error, [[0, 4, -6], [6, 8, 0]]),
    (losses.norm, [[0, 2 / 13**.5, -3 / 13**.5], [.6, .8, 0]]),
    (losses.absolute_error, [[0, 1, -1], [1, 1, 0]]),
])
def test_gradients(loss, expected):
  prediction = tf.constant(PREDICTION)
  with tf.GradientTape() as tape:
    tape.watch(prediction)
    result = loss(tf.constant(TARGET), prediction)
  np.testing.assert_allclose(
      tape.gradient(result, prediction), expected, rtol=1e-14)


@pytest.mark.parametrize("weight", [None, np.zeros([2, 3]), np.ones([2, 3])])
def test_norm_at_zero_is_zero_with_gradient_zero(weight):
  prediction = tf.constant(TARGET)
  with tf.GradientTape() as tape:
    tape.watch(prediction)
    result = losses.norm(TARGET, prediction, weight)
  np.testing.assert_array_equal(result, [0, 0])
  np.testing.assert_array_equal(
      tape.gradient(result, prediction), np.zeros([2, 3]))


@pytest.mark.parametrize(
    "loss", [losses.squared_error, losses.norm, losses.absolute_error])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["target", "prediction"])
def test_an_unmasked_nan_is_not_hidden(loss, bad, where):
  target, prediction = TARGET.copy(), PREDICTION.copy()
  (target if where == "target" else prediction)[0, 1] = bad
  result = loss(target, prediction).numpy()
  assert not np.isfinite(result[0])
  assert np.isfinite(result[1])
