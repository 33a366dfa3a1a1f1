"""Tests of right gradients, against differences in double precision."""

import threading

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import derivatives, ops
from sobolev_tf.derivatives import gradients

X = tf.constant([[0., .8, 1.2], [0., 0., 1.5], [1., .7, -.9], [0., 0., 0.]],
                tf.float64)
AWAY = tf.constant([[.4, 2., 3.], [-.7, .3, 5.], [1., 2., -3.]], tf.float64)
IMAGES = tf.constant(
    np.random.default_rng(0).normal(size=(2, 2, 3, 2)), tf.float64)
MIX = tf.constant(np.random.default_rng(1).normal(size=(100,)), tf.float64)


def scalar(function):
  """One curved number per example: the path through the seed counts."""
  def of(x):
    y = tf.cast(function(x), tf.float64)
    y = tf.reshape(y, [tf.shape(x)[0], y.shape[1:].num_elements()])
    return tf.reduce_sum(tf.sin(y * MIX[:y.shape[1]]), -1, keepdims=True)
  return of


def differences(function, x, order, h=1e-3):
  """D_x^order by differences of D_x^(order - 1), an error of h^4."""
  event = x.shape[1:].num_elements()

  def below(z):
    d = derivatives.value_and_derivatives(function, z, order - 1)[-1].numpy()
    return d.reshape(len(d), -1)

  columns = []
  for one in np.eye(event).reshape(event, *x.shape[1:]):
    columns.append(
        (8 * (below(x + h * one) - below(x - h * one)) -
         (below(x + 2 * h * one) - below(x - 2 * h * one))) / (12 * h))
  d = np.stack(columns, -1)
  return d.reshape(len(d), *list(x.shape[1:]) * order)


def moments_of(moments):
  def function(x):
    mean, variance = moments(x, [1], keepdims=True)
    return (x - mean) / tf.sqrt(variance + .1)
  return function


CASES = {
    "reduce_prod": (lambda x: tf.reduce_prod(x, -1), X),
    "two axes": (lambda x: tf.reduce_prod(x, [1, 2]), IMAGES[..., :1]),
    "cumprod": (lambda x: tf.math.cumprod(x, -1), X),
    "reverse": (lambda x: tf.math.cumprod(
        x, 1, exclusive=True, reverse=True), X),
    "x**2": (lambda x: x**2, X),
    "x**3": (lambda x: x**3, X),
    "x**5": (lambda x: x**5, X),
    "pow": (lambda x: tf.pow(x, 1), X),
    "softsign": (tf.nn.softsign, AWAY),
    "moments": (moments_of(tf.nn.moments), X),
    "group": (moments_of(lambda x, axes, keepdims: tf.nn.moments(
        x, [1, 3], keepdims=keepdims)), IMAGES),
}


@pytest.mark.parametrize("name", CASES)
def test_every_order_equals_differences(name):
  function, x = CASES[name]
  function = scalar(function)
  orders = 3 if x.shape.rank == 2 else 2
  eager = derivatives.value_and_derivatives(function, x, orders)
  graph = tf.function(
      lambda z: derivatives.value_and_derivatives(function, z, orders))(x)
  for order in range(1, orders + 1):
    expected = differences(function, x, order)
    for found in (eager, graph):
      np.testing.assert_allclose(
          found[order], expected, atol=1e-6 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("method", ["bilinear", "bicubic"])
def test_resizing(method):
  # TensorFlow's kernels are in float32; the drop-in is in float64, and linear.
  usual = lambda x: tf.image.resize(x, [3, 4], method)
  drop_in = lambda x: ops.resize(x, [3, 4], method)
  np.testing.assert_allclose(usual(IMAGES), drop_in(IMAGES), atol=1e-6)
  for order in (1, 2):
    np.testing.assert_allclose(
        derivatives.value_and_derivatives(scalar(usual), IMAGES, order)[order],
        differences(scalar(drop_in), IMAGES, order), atol=1e-5)


def test_local_response_normalisation_in_single_precision():
  x = tf.cast(AWAY, tf.float32)
  usual = lambda x: tf.nn.local_response_normalization(
      x[:, None, None], 1, bias=.7, alpha=.3, beta=.6)[:, 0, 0]
  drop_in = lambda x: ops.local_response_normalization(
      x, 1, bias=.7, alpha=.3, beta=.6)
  np.testing.assert_allclose(usual(x), drop_in(x), rtol=1e-5)
  found = derivatives.jacobian(
      lambda z: derivatives.jacobian(usual, z), x)
  expected = derivatives.jacobian(
      lambda z: derivatives.jacobian(drop_in, z), AWAY)
  np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("name", ["reduce_prod", "x**2", "moments"])
def test_weight_gradients_of_derivatives(name, graph):
  function, x = CASES[name]
  weights = tf.Variable(np.eye(3) + 0.)

  def loss():
    model = scalar(lambda z: function(z @ weights))
    terms = derivatives.value_and_derivatives(model, x, 2)
    return tf.add_n([tf.reduce_sum(term**2) for term in terms])

  def gradient():
    with tf.GradientTape() as tape:
      total = loss()
    return tape.gradient(total, weights)

  found = (tf.function(gradient) if graph else gradient)().numpy()
  direction = np.random.default_rng(2).normal(size=(3, 3))
  base = weights.numpy()

  def along(t):
    weights.assign(base + t * direction)
    return loss().numpy()

  h = 1e-3
  expected = (8 * (along(h) - along(-h)) - along(2 * h) + along(-2 * h)) / (
      12 * h)
  np.testing.assert_allclose(
      np.sum(found * direction), expected,
      atol=1e-6 * np.sum(np.abs(found * direction)))


def hessian_by_tapes(function, x):
  with tf.GradientTape() as outer:
    outer.watch(x)
    with tf.GradientTape() as inner:
      inner.watch(x)
      y = function(x)
    first = inner.gradient(y, x)
  return outer.batch_jacobian(first, x).numpy()


def test_tensorflow_is_left_alone_elsewhere():
  # If this fails TensorFlow has mended its own: drop the replacement.
  product = lambda x: tf.reduce_prod(x, -1)
  right = derivatives.hessian(product, X).numpy()
  assert np.abs(hessian_by_tapes(product, X) - right).max() > .1
  with pytest.raises(Exception, match="no entry for: SoftsignGrad"):
    hessian_by_tapes(lambda x: tf.reduce_sum(tf.nn.softsign(x), -1), X)
  with gradients.right_gradients():
    found = []
    thread = threading.Thread(
        target=lambda: found.append(hessian_by_tapes(product, X)))
    thread.start()
    thread.join()
  assert np.abs(found[0] - right).max() > .1


def test_what_cannot_be_replaced_keeps_its_gradient():
  x = AWAY[:1]
  for power in (.5, -1., x):
    np.testing.assert_allclose(
        derivatives.gradient(lambda z: tf.reduce_sum(
            tf.abs(z)**power, -1), x),  # noqa: B023
        hessian_free(lambda z: tf.reduce_sum(
            tf.abs(z)**power, -1), x))  # noqa: B023


@pytest.mark.parametrize("graph", [False, True])
def test_a_power_that_depends_on_the_input_is_no_constant(graph):
  # One number, so that eagerly the exponent looks like that of x**2.
  compute = lambda z: derivatives.gradient(lambda x: x[:, :1]**x[:, 1:], z)
  found = (tf.function(compute) if graph else compute)(
      tf.constant([[1.5, 2.]], tf.float64))
  np.testing.assert_allclose(found, [[3., 2.25 * np.log(1.5)]])


@pytest.mark.parametrize("graph", [False, True])
def test_a_power_may_be_trained(graph):
  power = tf.Variable(2., dtype=tf.float64)
  x = tf.constant([[1.5], [.7]], tf.float64)

  def gradient():
    with tf.GradientTape() as tape:
      first = derivatives.gradient(lambda z: z**power, x)
      total = tf.reduce_sum(first)
    return tape.gradient(total, power)

  # d/dp of p x^(p - 1) at p = 2.
  np.testing.assert_allclose(
      (tf.function(gradient) if graph else gradient)(),
      np.sum(x + 2 * x * np.log(x)))


@pytest.mark.parametrize("graph", [False, True])
def test_a_squared_difference_from_a_mean_that_is_differentiated(graph):
  weights = np.array([1., 2., 5.])

  def function(x):
    mean = tf.reduce_mean(x, 1, keepdims=True)
    return tf.reduce_sum(weights * tf.math.squared_difference(x, mean), 1)

  compute = lambda z: derivatives.gradient(function, z)
  centred = AWAY - tf.reduce_mean(AWAY, 1, keepdims=True)
  np.testing.assert_allclose(
      (tf.function(compute) if graph else compute)(AWAY),
      2 * (weights * centred - tf.reduce_mean(
          weights * centred, 1, keepdims=True)))


def hessian_free(function, x):
  with tf.GradientTape() as tape:
    tape.watch(x)
    y = function(x)
  return tape.gradient(y, x)


def test_a_mean_that_is_meant_to_be_constant_elsewhere_stays_so():
  # Only a squared difference from the mean of the same tensor is a variance.
  def function(x):
    return tf.reduce_sum(tf.math.squared_difference(
        x, tf.stop_gradient(tf.reduce_mean(x * x, 1, keepdims=True))), -1)

  for found in (derivatives.hessian(function, AWAY),
                tf.function(lambda z: derivatives.hessian(function, z))(AWAY)):
    np.testing.assert_array_equal(found, [2 * np.eye(3)] * 3)


@pytest.mark.parametrize("graph", [False, True])
def test_a_constant_that_happens_to_be_the_mean_stays_one(graph):
  grid = tf.constant([[-1., -1.], [-1., 1.], [1., -1.], [1., 1.]])
  function = lambda x: tf.reduce_sum(
      tf.math.squared_difference(x, tf.zeros([1, 2])), 1)
  compute = lambda z: derivatives.hessian(function, z)
  np.testing.assert_array_equal(
      (tf.function(compute) if graph else compute)(grid), [2 * np.eye(2)] * 4)


def test_a_mean_that_the_user_holds_constant_stays_constant_in_a_graph():
  x = tf.constant([[1., 2., 4.], [0., 3., 5.]], tf.float64)

  def spread(x):
    mean = tf.stop_gradient(tf.reduce_mean(x, 1, keepdims=True))
    return tf.reduce_sum(tf.math.squared_difference(x, mean), 1)

  hessian = tf.function(lambda x: derivatives.hessian(spread, x))(x)
  np.testing.assert_allclose(hessian, [2 * np.eye(3)] * 2)
