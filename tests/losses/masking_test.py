"""Tests that examples which do not count reach no weight."""

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors, losses

CENTRE = np.array([[.5, .5]])
POINTS = np.concatenate(
    [CENTRE, np.random.default_rng(0).uniform(size=(4, 2))])
X = tf.constant(POINTS)
NET = snt.nets.MLP([4, 1], activation=tf.tanh)
RNG = np.random.default_rng(1)
TARGETS = RNG.normal(size=(5, 1)), RNG.normal(size=(5, 2))


def distance(x):
  """A feature without a derivative at the centre, and a network of it."""
  return NET(tf.norm(x - CENTRE, axis=1, keepdims=True))


distance(X)


def gradients(x, targets, graph=False, kind=losses.SobolevLoss, **options):
  def compute():
    with tf.GradientTape() as tape:
      total = kind()(distance, x, targets, *(
          [] if kind is losses.SobolevLoss else [[0, 1]]), **options).reduce()
    return tape.gradient(total, NET.trainable_variables)
  found = (tf.function(compute) if graph else compute)()
  return [g.numpy() for g in found]


def without_first(values=False):
  """What the other examples alone give; the mean still divides by 5."""
  with tf.GradientTape() as tape:
    total = losses.SobolevLoss()(
        distance, X[1:], [t[1:] for t in TARGETS]).reduce() * .8
    if values:
      total += tf.reduce_sum((distance(X[:1]) - TARGETS[0][:1])**2) / 5
  return [g.numpy() for g in tape.gradient(total, NET.trainable_variables)]


FIRST = np.array([0., 1., 1., 1., 1.])


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("values, options", [
    (False, {"sample_weight": FIRST}),
    (False, {"entry_weights": (FIRST[:, None], FIRST[:, None])}),
    (True, {"entry_weights": (None, FIRST[:, None])}),
    (True, {"entry_weights": (1., np.stack([FIRST, FIRST], 1))}),
])
@pytest.mark.parametrize("kind", [
    losses.SobolevLoss, losses.StochasticSobolevLoss])
def test_a_masked_example_gives_exactly_nothing(kind, values, options, graph):
  targets = TARGETS[0], TARGETS[1].copy()
  targets[1][0] = np.nan
  found = gradients(X, targets, graph, kind, **options)
  for one, expected in zip(found, without_first(values)):
    np.testing.assert_allclose(one, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("graph", [False, True])
def test_a_value_that_is_missing_beside_a_derivative(graph):
  found = gradients(X, TARGETS, graph, entry_weights=(
      FIRST[::-1, None].copy(), FIRST[:, None]))
  with tf.GradientTape() as tape:
    y = losses.SobolevLoss()(distance, X[1:], [t[1:] for t in TARGETS])
    total = (tf.reduce_sum(y.first) + tf.reduce_sum(y.value[:-1]) +
             tf.reduce_sum((distance(X[:1]) - TARGETS[0][:1])**2)) / 5
  for one, expected in zip(
      found, tape.gradient(total, NET.trainable_variables)):
    np.testing.assert_allclose(one, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("graph", [False, True])
def test_batches_of_which_nothing_counts(graph):
  for x in (X, X[:1]):
    count = len(x)
    found = gradients(x, [t[:count] for t in TARGETS], graph,
                      sample_weight=np.zeros(count))
    for gradient in found:
      np.testing.assert_array_equal(gradient, np.zeros_like(gradient))


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("kind", [
    losses.SobolevLoss, losses.StochasticSobolevLoss])
def test_batches_without_examples(kind, graph):
  found = gradients(X[:0], [t[:0] for t in TARGETS], graph, kind)
  for gradient in found:
    np.testing.assert_array_equal(gradient, np.zeros_like(gradient))


def test_the_first_nan_of_the_model_is_named():
  with pytest.raises(errors.UserError, match=(
      "^The model's derivative of order 1 at example 0 is NaN: .*ops")):
    gradients(X, TARGETS)


@pytest.mark.parametrize("options", [
    {"sample_weight": FIRST > 0},
    {"entry_weights": (FIRST[:, None] > 0, FIRST[:, None] > 0)}])
def test_weights_may_be_true_and_false(options):
  for one, expected in zip(gradients(X, TARGETS, **options), without_first()):
    np.testing.assert_allclose(one, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("options, message", [
    ({"entry_weights": 5}, "entry_weights must have one entry per order"),
    ({"entry_weights": (None, "a")}, r"entry_weights\[1\] is text"),
    ({"sample_weight": "a"}, "sample_weight is text"),
    ({"entry_weights": np.ones([3, 5])}, "entry_weights needs 2 entries")])
def test_weights_that_are_none_are_named(options, message):
  with pytest.raises(errors.UserError, match=message):
    gradients(X, TARGETS, **options)
