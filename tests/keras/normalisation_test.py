"""Normalising layers through SobolevModel, against differences and by hand.

`tf.nn.moments`, on which several of them rest, has a wrong second derivative
in TensorFlow.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf.keras import SobolevModel

pytestmark = pytest.mark.usefixtures("float64")

B = 4
RNG = np.random.default_rng(0)
X = RNG.normal(size=(B, 3, 2))
LAYERS = {
    "layer": lambda: keras.layers.LayerNormalization(),
    "group": lambda: keras.layers.GroupNormalization(2),
    "unit": lambda: keras.layers.UnitNormalization(),
    "rms": lambda: keras.layers.RMSNormalization(),
    "batch, frozen": lambda: keras.layers.BatchNormalization(trainable=False),
    "spectral": lambda: keras.layers.SpectralNormalization(
        keras.layers.Dense(4)),
    "fixed": lambda: keras.layers.Normalization(mean=.1, variance=2.),
}


def network(layer):
  made = keras.Sequential([
      keras.Input((3, 2)), keras.layers.Dense(4), layer,
      keras.layers.Activation("tanh"), keras.layers.Flatten(),
      keras.layers.Dense(1)])
  rng = np.random.default_rng(3)
  for v in made.trainable_variables:
    v.assign(rng.normal(0., .5, v.shape))
  return made


# In steps, of each entry of a point; and the weights of the values there.
SHIFTS = np.array([1, -1, 2, -2])
WEIGHTS = np.array([8, -8, -1, 1]) / 12


def by_differences(f, order, step=2e-3):
  """f and its derivatives at X, by fourth-order central differences.

  All shifted points are one batch: no layer here looks at other examples.
  """
  shifts = step * SHIFTS[:, None, None, None] * np.eye(6).reshape(6, 3, 2)

  def derivative(g):
    def of(z):  # [N, 3, 2] -> [N, ..., 3, 2]
      shifted = z[:, None, None] + shifts  # [N, 4, 6, 3, 2]
      values = g(shifted.reshape(-1, 3, 2))
      values = values.reshape(len(z), 4, 6, *values.shape[1:])
      columns = np.tensordot(values, WEIGHTS / step, (1, 0))  # [N, 6, ...]
      found = np.moveaxis(columns, 1, -1)
      return found.reshape(*found.shape[:-1], 3, 2)
    return of

  found = [f(X)]
  g = lambda z: f(z)[:, 0]
  for _ in range(order):
    g = derivative(g)
    found.append(g(X))
  return found


def weight_gradients(inner, targets, order):
  made = SobolevModel(inner, order)
  made.compile(keras.optimizers.SGD(1.))
  before = [v.numpy() for v in inner.trainable_variables]
  made.fit(X, targets, batch_size=B, shuffle=False, verbose=0)
  found = [b - v.numpy() for b, v in zip(before, inner.trainable_variables)]
  for v, b in zip(inner.trainable_variables, before):
    v.assign(b)
  return found


def some_targets(order):
  rng = np.random.default_rng(5)
  return tuple(rng.normal(size=shape) for shape in (
      (B, 1), (B, 3, 2), (B, 3, 2, 3, 2))[:order + 1])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", sorted(set(LAYERS) - {"spectral"}))
def test_derivatives_and_weight_gradients_equal_differences(name, order):
  inner = network(LAYERS[name]())
  forward = lambda z: inner(tf.constant(z)).numpy()
  for found, expected in zip(
      SobolevModel(inner, order).predict_derivatives(X),
      by_differences(forward, order)):
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
  targets = some_targets(order)
  found = weight_gradients(inner, targets, order)
  weights = [v.numpy() for v in inner.trainable_variables]
  rng = np.random.default_rng(7)
  u = [rng.normal(size=w.shape) for w in weights]

  def loss(t):
    for v, w, d in zip(inner.trainable_variables, weights, u):
      v.assign(w + t * d)
    return sum(np.sum((p - q)**2) / B for p, q in zip(
        by_differences(forward, order), targets))

  h = 1e-3
  expected = (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (
      12 * h)
  assert sum(np.sum(g * d) for g, d in zip(found, u)) == pytest.approx(
      expected, rel=1e-4)


def by_hand(axes, groups=None):
  def normalise(z):
    shape = tf.shape(z)
    if groups:
      z = tf.reshape(z, [-1, z.shape[1], groups, z.shape[2] // groups])
    mean = tf.reduce_mean(z, axes, keepdims=True)
    variance = tf.reduce_mean(tf.square(z - mean), axes, keepdims=True)
    return tf.reshape((z - mean) / tf.sqrt(variance + 1e-3), shape)
  return keras.layers.Lambda(normalise)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("layer, hand", [
    (lambda: keras.layers.LayerNormalization(center=False, scale=False),
     lambda: by_hand([-1])),
    (lambda: keras.layers.GroupNormalization(2, center=False, scale=False),
     lambda: by_hand([1, 3], 2)),
    (lambda: keras.layers.BatchNormalization(
        center=False, scale=False, momentum=1.), lambda: by_hand([0, 1])),
])
@pytest.mark.filterwarnings("ignore:The layer")
def test_it_equals_the_normalisation_written_out(layer, hand, order):
  targets = some_targets(order)
  for a, b in zip(weight_gradients(network(layer()), targets, order),
                  weight_gradients(network(hand()), targets, order)):
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_spectral_normalisation_sets_its_kernel_once_a_step():
  inner = network(LAYERS["spectral"]())
  before = inner.layers[1].layer.kernel.numpy()
  made = SobolevModel(inner)
  made.compile(keras.optimizers.SGD(0.))
  made.fit(X, some_targets(1), batch_size=B, verbose=0)
  kernel = inner.layers[1].layer.kernel.numpy()
  ratio = kernel / before
  np.testing.assert_allclose(ratio, ratio.flat[0], rtol=1e-9)
  other = network(LAYERS["spectral"]())
  other(tf.constant(X), training=True)
  assert other.layers[1].layer.kernel.shape == kernel.shape
