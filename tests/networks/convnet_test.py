"""Tests of the convolutional stacks: shapes, counts, second derivatives."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.networks import convnet, initial

LAYERS = (convnet.Layer(4, pool=True), convnet.Layer(5, stride=2))
X = tf.constant(np.random.default_rng(0).normal(size=(6, 8, 8, 3)), tf.float32)


def test_shapes_of_all_three_ends():
  body = convnet.ConvStack(LAYERS, decay_rate=.9)
  assert body(X, True).shape == (6, 2, 2, 5)
  assert convnet.ConvStack(
      LAYERS, num_classes=7, decay_rate=.9)(X, True).shape == (6, 7)
  gradient = convnet.ConvStack(
      LAYERS[:0], gradient_channels=3, decay_rate=.9)(X, True)
  assert gradient.shape == X.shape
  np.testing.assert_array_equal(gradient, 0)
  with pytest.raises(errors.UserError, match="not both"):
    convnet.ConvStack(
        LAYERS, num_classes=7, gradient_channels=3, decay_rate=.9)


def test_normalised_stacks_have_no_bias_and_others_no_averages():
  normalised = convnet.ConvStack(LAYERS, decay_rate=.9)
  normalised(X, True)
  assert len(normalised.trainable_variables) == 2 * 3
  plain = convnet.ConvStack(LAYERS, decay_rate=None)
  plain(X, True)
  assert len(plain.variables) == len(plain.trainable_variables) == 2 * 2


def test_multiply_adds_by_hand():
  # 8x8 from 3 to 4 channels, pooled; 2x2 from 4 to 5.
  assert convnet.multiply_adds([LAYERS], 8) == (
      64 * 27 * 4 + 4 * 36 * 5)
  assert convnet.multiply_adds([LAYERS[:1], LAYERS[1:]], 8) == (
      convnet.multiply_adds([LAYERS], 8))


def test_split():
  stacks = [(layer,) for layer in (*LAYERS, *LAYERS)]
  assert convnet.split(stacks, 3) == stacks
  assert convnet.split(stacks, 1) == [LAYERS, LAYERS]
  assert convnet.split(stacks, 0) == [LAYERS + LAYERS]
  for cuts in (2, -1, 7):
    with pytest.raises(errors.UserError, match="4 blocks"):
      convnet.split(stacks, cuts)


class Reference:
  """The same stack from plain operations in double precision."""

  def __init__(self, stack):
    self.variables = [
        tf.Variable(tf.cast(v, tf.float64)) for v in stack.trainable_variables]
    names = [v.name.split("/")[-1] for v in stack.trainable_variables]
    self._of = {k: [v for v, n in zip(self.variables, names)
                    if n.startswith(k)] for k in ("w", "b", "scale", "offset")}

  def __call__(self, h, is_training):
    del is_training
    weights = self._of["w"]
    for layer, (w, scale, offset) in enumerate(
        zip(weights, self._of["scale"], self._of["offset"])):
      h = tf.nn.conv2d(h, w, 1 + layer, "SAME")
      mean = tf.reduce_mean(h, [0, 1, 2])  # tf.nn.moments has no second
      variance = tf.reduce_mean((h - mean)**2, [0, 1, 2])  # derivative
      h = tf.nn.softplus(
          (h - mean) / tf.sqrt(variance + 1e-5) * scale + offset)
      if layer == 0:
        h = tf.nn.max_pool2d(h, 2, 2, "SAME")
    return tf.reduce_mean(h, [1, 2]) @ weights[-1] + self._of["b"][-1]


def test_second_derivatives_through_every_layer():
  """Gradients of a loss on input gradients, against plain operations.

  Convolution, batch normalisation in training mode, max pooling, mean pooling,
  linear layer.
  """
  stack = convnet.ConvStack(
      LAYERS, num_classes=3, decay_rate=.9,
      activation=tf.nn.softplus)
  stack(X, True)
  initial.redraw(stack, 3)
  reference = Reference(stack)
  target = np.random.default_rng(1).normal(size=X.shape)

  def gradients(model, x, variables):
    with tf.GradientTape() as outer:
      with tf.GradientTape() as inner:
        inner.watch(x)
        value = tf.reduce_sum(tf.tanh(model(x, True)))
      loss = tf.reduce_sum((inner.gradient(value, x) - tf.cast(
          target, x.dtype))**2)
    return outer.gradient(loss, variables,
                          unconnected_gradients=tf.UnconnectedGradients.ZERO)

  expected = gradients(reference, tf.cast(X, tf.float64), reference.variables)
  for actual, right in zip(
      gradients(stack, X, stack.trainable_variables), expected):
    np.testing.assert_allclose(
        actual, right, atol=1e-4 * np.abs(right).max() + 1e-6)


def test_mixed_precision_is_near_and_keeps_float32_variables():
  single, mixed = (convnet.ConvStack(
      LAYERS, num_classes=3, decay_rate=.9, mixed=m) for m in (False, True))
  outputs = []
  for stack in (single, mixed):
    stack(X, True)
    initial.redraw(stack, 0)
    outputs.append(stack(X, True).numpy())
    assert all(v.dtype in (tf.float32, tf.int64) for v in stack.variables)
  assert 0 < np.abs(outputs[0] - outputs[1]).max() < .02


def test_redrawing_depends_on_the_seed_alone():
  def weights(seed):
    stack = convnet.ConvStack(LAYERS, gradient_channels=3, decay_rate=.9)
    stack(X, True)
    initial.redraw(stack, seed)
    return [v.numpy() for v in stack.trainable_variables]

  for a, b in zip(weights(1), weights(1)):
    np.testing.assert_array_equal(a, b)
  changed = [not np.array_equal(a, b) for a, b in zip(weights(1), weights(2))]
  assert sum(changed) == 2  # the two convolutions; not what starts at 0 or 1
  wide = convnet.ConvStack([convnet.Layer(200)], decay_rate=None)
  wide(X, True)
  initial.redraw(wide, 0)
  w = next(v for v in wide.trainable_variables if "w:" in v.name)
  # A normal draw cut off at two standard deviations has 0.88 of them.
  assert np.std(w) == pytest.approx(.88 * 27**-.5, rel=.05)
