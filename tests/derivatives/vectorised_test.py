"""Tests of derivatives whose VJPs TensorFlow cannot vectorise."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import derivatives

RNG = np.random.default_rng(0)


def grouped():
  return keras.Sequential([
      keras.Input((3, 3, 2)), keras.layers.Conv2D(2, 2, groups=2),
      keras.layers.Activation("tanh"), keras.layers.Flatten(),
      keras.layers.Dense(2)])


def recurrent():
  return keras.Sequential([
      keras.Input((3, 2)), keras.layers.LSTM(2), keras.layers.Dense(2)])


def one_by_one(model, x):
  rows = []
  for output in range(2):
    with tf.GradientTape() as tape:
      tape.watch(x)
      y = model(x)[:, output]
    rows.append(tape.gradient(y, x).numpy())
  return np.stack(rows, 1)


@pytest.mark.parametrize("run", ["eager", "graph", "xla"])
@pytest.mark.parametrize("make, shape", [
    (grouped, (2, 3, 3, 2)), (recurrent, (4, 3, 2))])
def test_one_vjp_after_another(make, shape, run):
  model, x = make(), tf.constant(RNG.normal(size=shape), tf.float32)
  compute = lambda z: derivatives.jacobian(model, z)
  if run != "eager":
    compute = tf.function(compute, jit_compile=run == "xla")
  np.testing.assert_allclose(compute(x), one_by_one(model, x), atol=1e-5)


def test_the_failure_is_remembered(monkeypatch):
  tried = []

  def fails(*arguments, **options):
    tried.append(1)
    raise ValueError("no converter")

  monkeypatch.setattr(tf, "vectorized_map", fails)
  weights = tf.constant(RNG.normal(size=(2, 3)))
  x = tf.constant(RNG.normal(size=(4, 2)))
  for _ in range(3):
    found = derivatives.jacobian(lambda z: z @ weights, x)
    np.testing.assert_allclose(found, np.stack([np.transpose(weights)] * 4))
  assert len(tried) == 1


def test_no_points():
  model = lambda z: tf.concat([tf.sin(z), z**2, z], -1)
  for run in (lambda f: f, tf.function):
    found = run(lambda z: derivatives.value_and_derivatives(model, z, 2))(
        tf.zeros([0, 2]))
    assert [d.shape.as_list() for d in found] == [
        [0, 6], [0, 6, 2], [0, 6, 2, 2]]


@pytest.mark.parametrize("where", ["eager", "graph", "function"])
def test_what_is_vectorised_to_wrong_numbers(where):
  def model(x):  # tanh(x_1)^2 sin(x_2), tanh(x_3)^2 sin(x_2)
    rows = tf.TensorArray(x.dtype, 3, element_shape=[None]).unstack(
        tf.transpose(tf.tanh(x)))
    return tf.transpose(rows.gather([0, 2]))**2 * tf.sin(x[:, 1:2])

  def plain(x):
    return tf.gather(tf.tanh(x), [0, 2], axis=1)**2 * tf.sin(x[:, 1:2])

  x = tf.constant(RNG.normal(size=(4, 3)))
  inside = tf.function(model) if where == "function" else model
  compute = lambda: derivatives.value_and_derivatives(inside, x, 2)
  found = tf.function(compute)() if where == "graph" else compute()
  for a, b in zip(found, derivatives.value_and_derivatives(plain, x, 2)):
    np.testing.assert_allclose(a, b, atol=1e-12)
