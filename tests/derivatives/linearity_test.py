"""Tests of what counts as piecewise linear."""

import warnings

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import losses, targets
from sobolev_tf.derivatives import linearity

VECTORS = tf.ones([3, 4])
IMAGES = tf.ones([2, 6, 6, 3])


def conv_net(activation, pool):
  return snt.Sequential([
      snt.Conv2D(4, 3), activation,
      lambda h: pool(h, ksize=2, strides=2, padding="SAME"),
      snt.Flatten(), snt.Linear(5), activation, snt.Linear(2)])


def residual(x):
  return x + tf.nn.relu(x @ tf.ones([4, 4])) - 1.


def ensemble(x):
  hidden = tf.nn.relu(tf.einsum("ebd,edh->ebh", x, tf.ones([2, 4, 6])))
  return tf.matmul(hidden, tf.ones([2, 6, 1]))


def detached_curve(x):
  # The shape only, and a curve of a constant.
  return x + tf.sin(tf.cast(tf.shape(x)[0], x.dtype)) + tf.exp(1.)


def clipped_both_ways(x):
  return tf.where(x > 0, tf.minimum(x, 1.), 0.1 * x)


@pytest.mark.parametrize("model, x", [
    (snt.nets.MLP([5, 1]), VECTORS),  # sonnet's activation is ReLU
    (snt.nets.MLP([5, 5, 2], activation=tf.nn.leaky_relu), VECTORS),
    (snt.nets.MLP([5, 1], activation=tf.nn.relu6), VECTORS),
    (snt.Linear(3), VECTORS),
    (conv_net(tf.nn.relu, tf.nn.max_pool2d), IMAGES),
    (conv_net(tf.nn.leaky_relu, tf.nn.avg_pool2d), IMAGES),
    (residual, VECTORS),
    (ensemble, tf.ones([2, 3, 4])),
    (tf.abs, VECTORS),
    (lambda x: tf.reduce_max(x, -1) - tf.reduce_mean(x, -1), VECTORS),
    (clipped_both_ways, VECTORS),
], ids=["relu", "leaky", "relu6", "linear", "conv-max", "conv-avg",
        "residual", "ensemble", "abs", "max-mean", "where"])
def test_piecewise_linear(model, x):
  assert linearity.is_piecewise_linear(model, x)


def test_curves_of_anything_but_the_input_do_not_matter():
  w = tf.Variable(tf.ones([4, 2]))

  def curved_in_its_weights(x):
    return tf.nn.relu(x @ tf.exp(w) * tf.nn.softplus(2.)) + w[0] * w[1]

  assert linearity.is_piecewise_linear(curved_in_its_weights, VECTORS)
  assert linearity.is_piecewise_linear(detached_curve, VECTORS)


@pytest.mark.parametrize("model, x", [
    (snt.nets.MLP([5, 1], activation=tf.tanh), VECTORS),
    (snt.nets.MLP([5, 1], activation=tf.nn.softplus), VECTORS),
    (snt.nets.MLP([5, 1], activation=tf.nn.elu), VECTORS),
    (conv_net(tf.tanh, tf.nn.max_pool2d), IMAGES),
    (lambda x: x * x, VECTORS),
    (tf.square, VECTORS),
    (lambda x: x**3, VECTORS),
    (lambda x: tf.matmul(x, x, transpose_b=True), VECTORS),
    (lambda x: tf.einsum("bi,bj->bij", x, tf.nn.relu(x)), VECTORS),
    (lambda x: x * tf.reduce_sum(x, -1, keepdims=True), VECTORS),
    (lambda x: x / tf.norm(x, axis=-1, keepdims=True), VECTORS),
    (lambda x: 1 / x, VECTORS),
    (tf.nn.log_softmax, VECTORS),
    (lambda x: tf.where(x > 0, x, tf.exp(x) - 1), VECTORS),
    (lambda x: tf.nn.relu(x) + 1e-3 * tf.sin(x), VECTORS),
], ids=["tanh", "softplus", "elu", "conv-tanh", "x*x", "square", "x**3",
        "x x^T", "einsum", "x sum(x)", "x/|x|", "1/x", "log_softmax", "where",
        "little sine"])
def test_curved(model, x):
  assert not linearity.is_piecewise_linear(model, x)


def test_division_by_a_constant_is_linear():
  # Images are commonly divided by 255.
  assert linearity.is_piecewise_linear(
      lambda x: tf.nn.relu(x / 255.), IMAGES)


def test_a_saturated_model_is_curved():
  # Its second derivatives are 0 in float32, but not by construction.
  assert not linearity.is_piecewise_linear(
      lambda x: tf.tanh(1000. * x), VECTORS)


def test_inside_a_traced_function():
  answers = []
  net = snt.nets.MLP([5, 1])
  net(VECTORS)

  @tf.function
  def step(x):
    answers.append(linearity.is_piecewise_linear(net, x))
    return net(x)

  step(VECTORS)
  assert answers == [True]


def compute(net, loss, stochastic):
  x = tf.constant(np.random.default_rng(0).normal(size=(3, 2)))
  target = lambda p: tf.reduce_sum(tf.sin(p), -1, keepdims=True)
  if stochastic:
    return loss(net, x, target, [0, 1])
  return loss(net, x, targets.from_function(target, x, loss.order))


@pytest.mark.parametrize("stochastic", [False, True])
def test_order_2_on_a_relu_network_warns(stochastic):
  kind = losses.StochasticSobolevLoss if stochastic else losses.SobolevLoss
  net = snt.nets.MLP([4, 1])
  with pytest.warns(linearity.PiecewiseLinearWarning,
                    match=r"order 2 was asked for.*tf\.nn\.softplus") as seen:
    terms = compute(net, kind(order=2), stochastic)
  if not stochastic:
    # And so it is: the term is that of the target alone, sin² x + sin² y.
    x = np.random.default_rng(0).normal(size=(3, 2))
    np.testing.assert_allclose(terms.second, np.sum(np.sin(x)**2, -1))
  # The warning points at the caller of the loss, not into the library.
  assert seen[0].filename == __file__


@pytest.mark.parametrize("stochastic", [False, True])
@pytest.mark.parametrize("order, activation", [(1, tf.nn.relu), (2, tf.tanh)])
def test_no_warning_without_cause(order, activation, stochastic):
  kind = losses.StochasticSobolevLoss if stochastic else losses.SobolevLoss
  with warnings.catch_warnings():
    warnings.simplefilter("error", linearity.PiecewiseLinearWarning)
    compute(snt.nets.MLP([4, 1], activation=activation), kind(order=order),
            stochastic)
