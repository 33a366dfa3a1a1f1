"""Tests of the four-product path against nested tapes, in float64."""

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import derivatives, errors, losses
from sobolev_tf.derivatives import four_products
from sobolev_tf.networks import mlp

E, B, D = 3, 7, 2
RNG = np.random.default_rng(0)
ACTIVATIONS = {
    "relu": tf.nn.relu, "leaky": tf.nn.leaky_relu, "tanh": tf.tanh,
    "softplus": tf.nn.softplus, "swish": tf.nn.swish,
    "identity": tf.identity, "square": tf.square}
X = tf.constant(RNG.normal(size=(E, B, D)))
TARGETS = (tf.constant(RNG.normal(size=(E, B, 1))),
           tf.constant(RNG.normal(size=(E, B, D))))


def ensemble(activation="relu", sizes=(6, 5, 1)):
  network = mlp.EnsembleMLP(
      range(E), D, sizes, ACTIVATIONS[activation], tf.float64)
  for bias in network.biases:
    bias.assign(RNG.normal(size=bias.shape))
  return network


def train_gradients(network, x, targets, weights, batch_dims, fast):
  options = ({"differentiate": four_products.value_and_derivatives}
             if fast else {})
  loss = losses.SobolevLoss(weights=weights, **options)
  with tf.GradientTape() as tape:
    tape.watch(x)
    total = tf.reduce_sum(loss(network, x, targets, batch_dims=batch_dims)
                          .reduce())
  return total, tape.gradient(total, [x, *network.trainable_variables])


def check(network, x, targets, weights=(1., .7), batch_dims=2):
  slow, fast = (train_gradients(network, x, targets, weights, batch_dims, fast)
                for fast in (False, True))
  np.testing.assert_allclose(fast[0], slow[0], rtol=1e-13)
  for one, other in zip(fast[1], slow[1], strict=True):
    if other is None:  # the last bias, if values do not count
      other = tf.zeros_like(one)
    np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(6, 5, 1), (4, 1), (1,), (5, 4, 3, 1)])
def test_ensembles(activation, sizes):
  network = ensemble(activation, sizes)
  y, dy_dx = four_products.value_and_derivatives(network, X, 1, 2)
  expected = derivatives.value_and_derivatives(network, X, 1, 2)
  np.testing.assert_allclose(y, expected[0], rtol=1e-13)
  np.testing.assert_allclose(dy_dx, expected[1], rtol=1e-12, atol=1e-15)
  check(network, X, TARGETS)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("count", [7, 100, 104, 102])  # 100, 104: in blocks
def test_one_network_alone(activation, count):
  network = mlp.EnsembleMLP(
      [5], D, (6, 5, 1), ACTIVATIONS[activation], tf.float64)
  check(network, tf.constant(RNG.normal(size=(1, count, D))),
        (tf.constant(RNG.normal(size=(1, count, 1))),
         tf.constant(RNG.normal(size=(1, count, D)))))
  alone = snt.nets.MLP([6, 5, 1], activation=ACTIVATIONS[activation])
  check(alone, tf.constant(RNG.normal(size=(count, D))),
        (tf.constant(RNG.normal(size=(count, 1))),
         tf.constant(RNG.normal(size=(count, D)))), batch_dims=1)


def test_members_may_share_their_points():
  network = ensemble()
  shared = four_products.value_and_derivatives(network, X[:1], 1, 2)
  expected = four_products.value_and_derivatives(
      network, tf.tile(X[:1], [E, 1, 1]), 1, 2)
  for one, other in zip(shared, expected):
    np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("weights", [(1., 0.), (0., 1.), (.5, 2.)])
def test_weights_of_the_orders(weights):
  check(ensemble(), X, TARGETS, weights)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_sonnet_mlp(activation):
  network = snt.nets.MLP([6, 5, 1], activation=ACTIVATIONS[activation])
  network(X[0])
  check(network, X[0], tuple(t[0] for t in TARGETS), batch_dims=1)


def test_inside_a_function_with_unknown_batch():
  network = ensemble()

  @tf.function(input_signature=[tf.TensorSpec([E, None, D], tf.float64)])
  def gradients(x):
    with tf.GradientTape() as tape:
      y, dy_dx = four_products.value_and_derivatives(network, x, 1, 2)
      total = tf.reduce_sum(y**2) + tf.reduce_sum(dy_dx**3)
    return tape.gradient(total, network.trainable_variables)

  with tf.GradientTape() as tape:
    y, dy_dx = derivatives.value_and_derivatives(network, X, 1, 2)
    total = tf.reduce_sum(y**2) + tf.reduce_sum(dy_dx**3)
  for one, other in zip(gradients(X), tape.gradient(
      total, network.trainable_variables)):
    np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)


def products(function, *arguments):
  """Matrix products of [B, 6] with [6, 5] and their transposes, in a graph."""
  graph = tf.function(function).get_concrete_function(*arguments).graph
  return sum(
      op.type in ("BatchMatMulV2", "MatMul") and 5 in (
          op.inputs[0].shape[-1], op.outputs[0].shape[-1]) and 6 in (
          *op.inputs[0].shape[-2:], *op.outputs[0].shape[-2:])
      for op in graph.get_operations())


@pytest.mark.parametrize("activation, count", [("relu", 4), ("tanh", 6)])
def test_number_of_products_of_a_hidden_layer(activation, count):
  network = ensemble(activation)

  def step(x):
    # No gradient is asked of x, as in training.
    loss = losses.SobolevLoss(
        differentiate=four_products.value_and_derivatives)
    with tf.GradientTape() as tape:
      total = tf.reduce_sum(loss(network, x, TARGETS, batch_dims=2).reduce())
    return tape.gradient(total, network.trainable_variables)

  assert products(step, X) == count


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_further_derivative_raises(activation):
  network = ensemble(activation)
  with pytest.raises(LookupError, match="once only"):
    with tf.GradientTape() as outer:
      outer.watch(X)
      with tf.GradientTape() as inner:
        inner.watch(X)
        y, _ = four_products.value_and_derivatives(network, X, 1, 2)
      slope = inner.gradient(y, X)
    outer.gradient(slope, X)


@pytest.mark.parametrize("model, x, order, words", [
    (ensemble(sizes=(4, 2)), X, 1, "2 outputs"),
    (ensemble(), X, 2, "order 2"),
    (ensemble(), X[0], 1, "3 axes"),
    (snt.nets.MLP([4, 1], dropout_rate=.5), X[0], 1, "dropout"),
    (tf.tanh, X[0], 1, "four-product path is for EnsembleMLP"),
])
def test_what_it_cannot_do_is_refused(model, x, order, words):
  with pytest.raises(errors.UserError, match=words):
    four_products.value_and_derivatives(model, x, order, len(x.shape) - 1)
