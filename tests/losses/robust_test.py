"""Robust losses against numbers worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors, losses

TARGET = np.array([[1., 2., 3.], [0., 0., 0.], [6., 0., 8.]])
PREDICTION = np.array([[1., 2.3, 3.4], [3., 4., 0.], [6., 0., 6.]])
WEIGHT = np.array([[5., 1., 0.], [0., 1., 7.], [0., 2., .5]])
# Differences (0, .3, .4), (3, 4, 0), (0, 0, -2): distances .5, 5, 2; weighted
# .3, 4 and the root of 2.


@pytest.mark.parametrize("loss, plain, weighted", [
    # d^2 up to 1, then 2 d - 1.
    (losses.huber(1.), [.25, 9., 3.], [.09, 7., 2 * 2**.5 - 1]),
    (losses.huber(2.), [.25, 16., 4.], [.09, 12., 2.]),
    # Targets of length sqrt(14), 0, 10; (1, 2), (0, 0) and (0, 8) that count.
    (losses.relative(5.), [.25 / (1 + 14**.5 / 5), 25., 4 / 3],
     [.09 / (1 + 5**.5 / 5), 16., 2 / 2.6]),
    (losses.relative(10., losses.norm), [.5 / (1 + 14**.5 / 10), 5., 1.],
     [.3 / (1 + 5**.5 / 10), 4., 2**.5 / 1.8]),
    (losses.capped(3.), [.25, 3., 3.], [.09, 3., 2.]),
    (losses.capped(3., losses.absolute_error), [.7, 3., 2.], [.3, 3., 1.]),
])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_golden_values(loss, plain, weighted, dtype):
  target, prediction, weight = (
      a.astype(dtype) for a in (TARGET, PREDICTION, WEIGHT))
  result = loss(target, prediction)
  assert result.dtype == dtype and result.shape == (3,)
  np.testing.assert_allclose(result, plain, rtol=2e-6)
  np.testing.assert_allclose(
      loss(target, prediction, weight), weighted, rtol=2e-6)


def test_gradients_by_hand():
  prediction = tf.constant(PREDICTION)
  for loss, expected in (
      # 2 d; beyond delta 2 delta d / |d|.
      (losses.huber(1.), [[0, .6, .8], [1.2, 1.6, 0], [0, 0, -2.]]),
      (losses.relative(5.),
       np.array([[0, .6, .8], [6, 8, 0], [0, 0, -4]])
       / np.array([[1 + 14**.5 / 5], [1], [3]])),
      (losses.capped(3.), [[0, .6, .8], [0, 0, 0], [0, 0, 0]])):
    with tf.GradientTape() as tape:
      tape.watch(prediction)
      result = loss(tf.constant(TARGET), prediction)
    np.testing.assert_allclose(
        tape.gradient(result, prediction), expected, rtol=1e-12, atol=1e-15)


LOSSES = [losses.huber(.7), losses.relative(.7), losses.capped(2.),
          losses.capped(2., losses.huber(.7)),
          losses.relative(3., losses.huber(.7))]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_the_gradient_is_the_slope(loss, weight):
  rng = np.random.default_rng(3)
  target, prediction = rng.normal(size=(2, 3, 3))
  variable = tf.constant(prediction)
  with tf.GradientTape() as tape:
    tape.watch(variable)
    total = tf.reduce_sum(loss(target, variable, weight))
  gradient = tape.gradient(total, variable).numpy()
  h = 1e-6
  for place in np.ndindex(3, 3):
    moved = np.zeros([3, 3])
    moved[place] = h
    slope = (loss(target, prediction + moved, weight)
             - loss(target, prediction - moved, weight)) / (2 * h)
    assert np.sum(slope) == pytest.approx(gradient[place], abs=1e-7)


@pytest.mark.parametrize("loss", LOSSES)
def test_at_the_target_everything_is_0(loss):
  prediction = tf.constant(TARGET)
  with tf.GradientTape() as tape:
    tape.watch(prediction)
    result = loss(TARGET, prediction)
  np.testing.assert_array_equal(result, [0, 0, 0])
  np.testing.assert_array_equal(
      tape.gradient(result, prediction), np.zeros([3, 3]))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["target", "prediction"])
def test_an_unmasked_nan_is_not_hidden(loss, bad, where):
  target, prediction = TARGET.copy(), PREDICTION.copy()
  (target if where == "target" else prediction)[0, 1] = bad
  result = loss(target, prediction).numpy()
  assert not np.isfinite(result[0])
  assert np.isfinite(result[1:]).all()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weights", [
    (1., 1.), losses.ProfiledLikelihood(), losses.ChannelScales((2., 3.))])
def test_masked_targets_contribute_nothing(loss, weights):
  x = np.random.default_rng(0).normal(size=(4, 3))
  net = tf.Variable([1., -2., .5], dtype=tf.float64)
  there = np.array([[1, 1, 1], [1, 0, 0], [0, 0, 0], [1, 0, 1]])
  results = []
  for filling in (np.nan, np.inf, 1e9):
    with tf.GradientTape() as tape:
      total = losses.SobolevLoss(losses=[loss] * 2, weights=weights)(
          lambda p: tf.reduce_sum(tf.sin(p * net), 1), x,
          (np.array([1., 2., filling, 3.]), np.where(there, 4., filling)),
          sample_weight=[1, 2, 1, 3],
          entry_weights=([1, 1, 0, 1], there)).reduce()
    results.append((total, tape.gradient(total, net)))
  for other in results:
    for one, two in zip(results[0], other):
      assert np.isfinite(one).all()
      np.testing.assert_array_equal(one, two)


def test_an_outlier_cannot_decide_the_step():
  """One of 20 gradients is 1e4 times too large; the others agree on 2."""
  x = np.linspace(-1., 1., 20)[:, None]
  first = np.full([20, 1], 2.)
  first[7] = 2e4
  slope = tf.Variable(2., dtype=tf.float64)

  def pull(loss):
    with tf.GradientTape() as tape:
      total = losses.SobolevLoss(losses=[losses.squared_error, loss])(
          lambda p: slope * p[:, 0], x, (2 * x[:, 0], first)).reduce()
    return abs(tape.gradient(total, slope).numpy())

  assert pull(losses.squared_error) > 1e3
  assert pull(losses.relative(1.)) < .2  # 2 g / (1 + g) / 20
  assert pull(losses.huber(1.)) < .2
  assert pull(losses.capped(1.)) == 0


@pytest.mark.parametrize("make, name", [
    (losses.huber, "delta"), (losses.relative, "delta"),
    (losses.capped, "cap")])
@pytest.mark.parametrize("bad", [0., -1., np.nan, np.inf, "1", None, True])
def test_what_is_no_scale(make, name, bad):
  with pytest.raises(errors.UserError, match=f"{name} must be a positive"):
    make(bad)
