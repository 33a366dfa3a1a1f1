"""check_derivatives finds what is wrong, and by the layer's name."""

import keras
import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import check_derivatives, errors
from sobolev_tf.checks import differences

X = tf.random.stateless_normal([4, 3], [1, 2])


@tf.custom_gradient
def wrong_twice(x):
  """tanh whose first derivative is right and whose second is not."""
  y = tf.tanh(x)

  @tf.custom_gradient
  def first(dy):
    return dy * (1 - y**2), lambda ddy: .7 * ddy * (1 - y**2)

  return y, first


class WrongLayer(keras.layers.Layer):

  def call(self, x):
    return wrong_twice(x)


class WrongModule(snt.Module):

  def __call__(self, x):
    return wrong_twice(x)


def wrongs(report):
  return {(e.order, e.what) for e in report.entries if e.verdict == "wrong"}


def test_names_the_wrong_layer_of_ten_in_keras():
  layers = [keras.layers.Dense(4, "tanh", name=f"layer_{i}") for i in range(8)]
  model = keras.Sequential([
      keras.Input((3,)), *layers[:5], WrongLayer(name="culprit"), *layers[5:],
      keras.layers.Dense(1, name="output")])
  report = check_derivatives(model, X)
  assert not report.ok
  assert [name for name, _ in report.responsible] == ["culprit"]
  assert "culprit" in str(report) and "seed" in str(report)


def test_names_the_wrong_module_of_ten_in_sonnet():
  linear = [snt.Linear(4, name=f"linear_{i}") for i in range(5)]
  model = snt.Sequential([
      linear[0], tf.tanh, linear[1], tf.tanh, linear[2],
      WrongModule(name="culprit"), linear[3], tf.tanh, linear[4],
      snt.Linear(1)])
  model(X)
  report = check_derivatives(model, X)
  assert not report.ok
  assert [name for name, _ in report.responsible] == ["culprit"]


@pytest.mark.parametrize("order", [1, 2])
def test_a_right_model_is_right_and_is_left_alone(order):
  model = snt.nets.MLP([5, 1], activation=tf.tanh)
  model(X)
  before = [v.numpy() for v in model.variables]
  report = check_derivatives(model, X, order)
  assert report.ok and report.dtype == "float64" and not report.responsible
  assert all(e.error < 1e-8 for e in report.entries)
  assert len(report.entries) == order * 5  # the derivative and four variables
  for variable, value in zip(model.variables, before):
    np.testing.assert_array_equal(variable, value)


def test_a_missing_gradient_is_named_with_its_layer():
  inputs = keras.Input((4, 4, 1))
  h = keras.layers.Conv2D(2, 2, activation="tanh")(inputs)
  h = keras.layers.Resizing(2, 5, interpolation="nearest", name="resize")(h)
  model = keras.Model(inputs, keras.layers.Dense(1)(
      keras.layers.Flatten()(keras.ops.tanh(h))))
  x = tf.random.stateless_normal([3, 4, 4, 1], [1, 2])
  report = check_derivatives(model, x)
  assert not report.ok
  assert report.entries[0].verdict == "right"  # the first derivative itself
  missing = [e for e in report.entries if e.verdict == "missing"]
  assert missing and {e.note for e in missing} == {"ResizeNearestNeighborGrad"}
  assert report.responsible == (
      ("resize", "no gradient for ResizeNearestNeighborGrad"),)
  second = check_derivatives(model, x, 2)
  assert (2, "missing") in {(e.order, e.verdict) for e in second.entries}


def test_an_operation_of_a_functional_model_is_named():
  inputs = keras.Input((4, 4, 1))
  h = keras.ops.image.resize(
      keras.layers.Conv2D(2, 2)(inputs), (5, 2), interpolation="nearest")
  model = keras.Model(inputs, keras.layers.Dense(1)(keras.ops.tanh(
      keras.layers.Flatten()(h))))
  report = check_derivatives(
      model, tf.random.stateless_normal([3, 4, 4, 1], [1, 2]))
  assert [name.rstrip("_0123456789") for name, _ in report.responsible] == [
      "resize"]


def test_functions_and_what_they_close_over():
  network = snt.nets.MLP([4, 1], activation=tf.nn.softplus)
  network(X)
  scale = tf.Variable(2.)
  report = check_derivatives(lambda x: scale * network(x), X)
  assert report.ok and report.dtype == "float64"
  assert {e.what for e in report.entries} >= {"Variable", "mlp/linear_0/w"}
  assert scale.dtype == tf.float32 and scale == 2.


GLOBAL = tf.Variable(tf.random.stateless_normal([3, 1], [3, 4]))


def test_globals_of_inner_functions_are_cast():
  def model(x):
    def inner(z):
      return tf.tanh(z @ GLOBAL)
    return inner(x)

  report = check_derivatives(model, X)
  assert report.ok and report.dtype == "float64"


def test_float32_is_said():
  class Subclassed(keras.Model):

    def __init__(self):
      super().__init__()
      self.dense = keras.layers.Dense(1)

    def call(self, x):
      return self.dense(tf.tanh(x))

  model = Subclassed()
  model(X)
  before = model.get_weights()
  report = check_derivatives(model, X)
  assert report.ok and report.dtype == "float32"
  assert report.tolerance == differences.PRECISION[tf.float32].tolerance
  assert "float64" in str(report).splitlines()[-1]
  for weight, value in zip(model.get_weights(), before):
    np.testing.assert_array_equal(weight, value)


def test_points_at_kinks_are_set_aside_and_counted():
  x = tf.constant([[0., 1.], [1., -2.], [-3., 1.], [2., 0.]], tf.float64)
  report = check_derivatives(tf.nn.relu, x)
  assert report.ok and report.near_kinks == 2
  assert "2 of 4 points" in str(report)
  nothing = check_derivatives(tf.abs, tf.zeros([3, 2]))
  assert not nothing.ok and nothing.near_kinks == 3
  assert "Nothing could be decided" in str(nothing)


def test_a_wrong_first_derivative():
  @tf.custom_gradient
  def square(x):
    return x**2, lambda dy: dy * x

  assert wrongs(check_derivatives(square, X)) == {(1, "derivative")}


@pytest.mark.parametrize("order", [0, True, 1.5])
def test_bad_order(order):
  with pytest.raises(errors.UserError, match="order must be"):
    check_derivatives(tf.tanh, X, order)


def test_bad_points_and_models():
  with pytest.raises(errors.UserError, match="float32 or float64"):
    check_derivatives(tf.tanh, tf.zeros([2, 3], tf.float16))
  with pytest.raises(errors.UserError, match="float32 or float64"):
    check_derivatives(tf.tanh, X[:0])
  with pytest.raises(errors.UserError, match="another output at every call"):
    check_derivatives(lambda x: x * tf.random.uniform([]), X)
  with pytest.raises(errors.UserError, match="other points"):
    check_derivatives(lambda x: x - tf.reduce_mean(x, 0), X)
  with pytest.raises(errors.UserError, match="not finite at point 1"):
    check_derivatives(tf.math.log, tf.constant([[1.], [-1.]]))
