"""Scales of channels, against NumPy and invariance to units."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import losses

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 3))
TARGETS = (RNG.normal(size=(50, 2)) + 4.,
           RNG.normal(size=(50, 2, 3)) * [[1., 10., 100.], [2., 3., 4.]] + 7.)


def vector(x):
  return tf.stack([tf.reduce_sum(tf.sin(x), 1), x[:, 0] * x[:, 1]], 1)


def jacobian(x):
  """Of `vector`, `[B, 2, 3]`."""
  zero = np.zeros(len(x))
  return np.stack([np.cos(x), np.stack([x[:, 1], x[:, 0], zero], 1)], 1)


def test_z_scores():
  """Channel means of squares, each over the variance of its channel."""
  loss = losses.SobolevLoss(weights=losses.standardise(TARGETS, (.5, 1 / 6)))
  value = (vector(X) - TARGETS[0])**2 / np.var(TARGETS[0], 0)
  first = (jacobian(X) - TARGETS[1])**2 / np.var(TARGETS[1], 0)
  np.testing.assert_allclose(
      loss(vector, X, TARGETS).reduce(), np.mean(value) + np.mean(first),
      rtol=1e-12)


def notebook(y, dy_dx, x, predicted, derivatives, strength=1.):
  """DifferentialML.ipynb: normalise everything, then the weighted cost."""
  x_std, y_std = x.std(0), y.std(0)
  scale = x_std / y_std
  lambda_j = 1 / np.sqrt(((dy_dx * scale)**2).mean(0))
  alpha = 1 / (1 + strength * x.shape[1])
  values = np.mean(((predicted - y) / y_std)**2)
  slopes = np.mean(((derivatives - dy_dx) * scale * lambda_j)**2)
  return alpha * values + (1 - alpha) * slopes


@pytest.mark.parametrize("strength", [1., .2])
def test_huge_and_savine(strength):
  x = X * [1., 5., .1] + 2.
  y, dy_dx = TARGETS[0][:, 0], TARGETS[1][:, 0]
  model = lambda points: tf.reduce_sum(tf.sin(points), 1)
  loss = losses.SobolevLoss(
      weights=losses.huge_savine((y, dy_dx), strength))
  np.testing.assert_allclose(
      loss(model, x, (y, dy_dx)).reduce(),
      notebook(y, dy_dx, x, model(x).numpy(), np.cos(x), strength),
      rtol=1e-12)


@pytest.mark.parametrize("make", [losses.standardise, losses.huge_savine])
def test_units_of_inputs_and_outputs_do_not_matter(make):
  """x' = a x and y' = b y leave every loss as it is."""
  a, b = np.array([1e-2, 3., 40.]), np.array([1e3, .2])
  plain = losses.SobolevLoss(weights=make(TARGETS))(vector, X, TARGETS)
  targets = (TARGETS[0] * b, TARGETS[1] * b[:, None] / a)
  other = losses.SobolevLoss(weights=make(targets))(
      lambda x: vector(x / a) * b, X * a, targets)
  np.testing.assert_allclose(plain.total, other.total, rtol=1e-10)


@pytest.mark.parametrize("make", [losses.standardise, losses.huge_savine])
def test_what_is_missing_does_not_enter_the_scales(make):
  there = RNG.uniform(size=(50, 2, 3)) < .7
  there[:, 1, 2] = False  # a channel that is never there
  example = np.arange(50) < 40
  holed = [np.where(example[:, None], TARGETS[0], np.nan),
           np.where(there & example[:, None, None], TARGETS[1], np.nan)]
  made = make(holed, sample_weight=example.astype(float),
              entry_weights=(None, there))
  for o in range(2):
    for d in range(3):
      kept = TARGETS[1][there[:, o, d] & example, o, d]
      expected = 1. if not len(kept) else (
          kept.std() if make is losses.standardise
          else np.sqrt(np.mean(kept**2)))
      assert made.scales[1][0, o, d].numpy() == pytest.approx(expected)
  np.testing.assert_allclose(
      made.scales[0], [TARGETS[0][:40].std(0)], rtol=1e-12)


def test_weights_of_examples_weigh_in_the_scales():
  counts = RNG.integers(0, 4, size=50)
  repeated = [np.repeat(target, counts, 0) for target in TARGETS]
  for one, other in zip(
      losses.standardise(TARGETS, sample_weight=counts).scales,
      losses.standardise(repeated).scales):
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_constant_channel_is_divided_by_its_size():
  first = np.array([[3., 0., 1.], [3., 0., 5.]])
  made = losses.standardise((np.array([1., 3.]), first))
  np.testing.assert_allclose(made.scales[0], [1.])
  np.testing.assert_allclose(made.scales[1], [[3., 1., 2.]])
  # In float32, rounding is no deviation.
  third = np.full([7, 1], 1 / 3, np.float32)
  third[0] = np.nextafter(third[0], np.float32(1))
  made = losses.standardise((np.arange(7.), third))
  np.testing.assert_allclose(made.scales[1], [[1 / 3]], rtol=1e-6)


def test_members_have_scales_of_their_own():
  targets = [np.stack([t, 10 * t]) for t in TARGETS]
  made = losses.standardise(targets, batch_dims=2)
  for both, alone in zip(made.scales, losses.standardise(TARGETS).scales):
    np.testing.assert_allclose(both[0], alone, rtol=1e-12)
    np.testing.assert_allclose(both[1], 10 * alone, rtol=1e-12)
  whole = losses.SobolevLoss(weights=made)(
      lambda x: tf.stack([vector(x[0]), 10 * vector(x[1])]),
      np.stack([X, X]), targets, batch_dims=2)
  np.testing.assert_allclose(whole.reduce()[0], whole.reduce()[1], rtol=1e-12)


def test_projections_of_a_scalar_output_have_the_channels_of_its_gradient():
  targets = TARGETS[0][:, 0], TARGETS[1][:, 0]
  made = losses.standardise(targets)
  model = lambda x: tf.reduce_sum(tf.sin(x), 1)
  np.testing.assert_allclose(
      losses.StochasticSobolevLoss(weights=made)(
          model, X, targets, [0, 1]).total,
      losses.SobolevLoss(weights=made)(model, X, targets).total, rtol=1e-12)
