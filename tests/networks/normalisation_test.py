"""Tests of batch normalisation: both kinds, differentiated twice."""

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from reproduce.classification import networks
from sobolev_tf.networks import normalisation

RNG = np.random.default_rng(0)
X, TARGET = RNG.normal(size=(2, 5, 2, 3, 2)) + .7
MEAN, VARIANCE = np.array([.6, .8]), np.array([1.2, .7])
SCALE, OFFSET = np.array([1.5, -.5]), np.array([.3, .1])
KINDS = {"sonnet": normalisation.batch_norm,
         "cross_replica": normalisation.CrossReplicaBatchNorm}


def make(kind, dtype=tf.float32, x=X):
  norm = KINDS[kind](.9)
  norm(tf.cast(x, dtype), False)
  norm.scale.assign(SCALE)
  norm.offset.assign(OFFSET)
  return norm


def plain(x, scale, offset):
  mean = tf.reduce_mean(x, [0, 1, 2])
  variance = tf.reduce_mean((x - mean)**2, [0, 1, 2])
  return (x - mean) / tf.sqrt(variance + 1e-5) * scale + offset


def by_moments(x, scale, offset):
  mean, variance = tf.nn.moments(x, [0, 1, 2])
  return tf.nn.batch_normalization(x, mean, variance, offset, scale, 1e-5)


def input_gradient(function, x):
  with tf.GradientTape() as tape:
    tape.watch(x)
    value = tf.reduce_sum(tf.tanh(function(x)))
  return tape.gradient(value, x)


def twice(function, x, variables):
  """Gradients of a loss on the gradient with respect to the input."""
  with tf.GradientTape() as tape:
    tape.watch([x, *variables])
    loss = tf.reduce_sum(
        (input_gradient(function, x) - tf.cast(TARGET, x.dtype))**2)
  return tape.gradient(loss, [x, *variables])


def twice_plainly(function):
  x, scale, offset = map(tf.constant, (X, SCALE, OFFSET))
  return twice(lambda x: function(x, scale, offset), x, [scale, offset])


def test_the_reference_agrees_with_central_differences():
  move = RNG.normal(size=X.shape)
  function = lambda x: plain(x, SCALE, OFFSET)
  losses = [np.sum((input_gradient(
      function, tf.constant(X + s * 1e-5 * move)) - TARGET)**2)
            for s in (1, -1)]
  np.testing.assert_allclose(
      np.sum(twice_plainly(plain)[0] * move),
      (losses[0] - losses[1]) / 2e-5, rtol=1e-7)


def in_evaluation(x, scale, offset):
  return (x - MEAN) / tf.sqrt(VARIANCE + 1e-5) * scale + offset


@pytest.mark.parametrize("is_training, reference", [
    (True, plain), (False, in_evaluation)])
@pytest.mark.parametrize("kind", KINDS)
def test_second_derivatives(kind, is_training, reference):
  norm = make(kind)
  # What moving averages say after one batch, for decay does not bias them.
  norm.moving_mean.update(tf.constant(MEAN, tf.float32))
  norm.moving_variance.update(tf.constant(VARIANCE, tf.float32))
  actual = twice(lambda x: norm(x, is_training), tf.constant(X, tf.float32),
                 [norm.scale, norm.offset])
  for a, expected in zip(actual, twice_plainly(reference)):
    np.testing.assert_allclose(
        a, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("method", ["direct", "vfbn", "critic", "sobolev"])
def test_no_fused_gradient_in_evaluation_mode(method):
  # TensorFlow has no deterministic one for GPUs and refuses to run it.
  network = networks.make_network(
      "small", method, cuts=1, num_classes=3, input_shape=(8, 8, 1),
      decay_rate=.9, seed=0)

  @tf.function
  def differentiated(x, is_training):
    h, = network.activations(x, is_training)
    with tf.GradientTape() as tape:
      tape.watch(h)
      gradient = network.cuts[0](
          h, tf.zeros([2], tf.int32), is_training).gradient
    return tape.gradient(gradient, h)

  for is_training in (True, False):
    graph = differentiated.get_concrete_function(
        tf.zeros([2, 8, 8, 1]), is_training).graph
    fused = [op for op in graph.get_operations()
             if op.type.startswith("FusedBatchNorm")]
    assert bool(fused) == is_training


def test_moments_of_tensorflow_have_wrong_second_derivatives():
  right, wrong = twice_plainly(plain)[0], twice_plainly(by_moments)[0]
  error = np.abs(right - wrong).max() / np.abs(right).max()
  assert error > .005
  # Sonnet's normalisation is made of them for any number of axes but four.
  x = tf.constant(X.reshape(-1, 2))
  sonnets = snt.BatchNorm(True, True)
  ours = normalisation.CrossReplicaBatchNorm(.9)
  target = TARGET.reshape(-1, 2)

  def second(norm):
    with tf.GradientTape() as tape:
      tape.watch(x)
      loss = tf.reduce_sum(
          (input_gradient(lambda x: norm(x, True), x) - target)**2)
    return tape.gradient(loss, x)

  expected = twice(lambda x: plain(x, 1., 0.), tf.constant(X), [])[0]
  expected = tf.reshape(expected, x.shape)
  np.testing.assert_allclose(second(ours), expected, rtol=1e-9, atol=1e-9)
  assert np.abs(second(sonnets) - expected).max() > .005 * np.abs(
      expected).max()


def test_both_compute_the_same_in_training_and_evaluation():
  one, other = (make(kind) for kind in KINDS)
  for batch in (X, 2 * X + 1):
    x = tf.constant(batch, tf.float32)
    for is_training in (True, False):
      np.testing.assert_allclose(
          one(x, is_training), other(x, is_training), atol=1e-5)
  for a, b in zip(one.variables, other.variables):
    np.testing.assert_allclose(a, b, rtol=1e-5)
  assert len(one.variables) == 2 + 2 * 3
