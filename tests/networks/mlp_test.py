"""Tests of the ensemble against ordinary Sonnet networks."""

import math

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from reproduce.regression import data as data_lib
from sobolev_tf import derivatives, errors, functions, losses
from sobolev_tf.networks import mlp
from sobolev_tf.training import minibatches, optimizers

SEEDS = (3, 1, 4)


def single(ensemble, index):
  """Sonnet's MLP with one member's weights, put in by hand."""
  net = snt.nets.MLP([b.shape[-1] for b in ensemble.biases])
  net(tf.zeros([1, 2], ensemble.weights[0].dtype))
  layers = [m for m in net.submodules if isinstance(m, snt.Linear)]
  for i, layer in enumerate(sorted(layers, key=lambda m: m.name)):
    layer.w.assign(ensemble.weights[i][index])
    layer.b.assign(ensemble.biases[i][index, 0])
  return net


def loss_of(method, net, x, y, dy_dx, batch_dims):
  if method == "sobolev":
    return losses.SobolevLoss(order=1, weights=(1., .5))(
        net, x, (y, dy_dx), batch_dims=batch_dims).reduce()
  return tf.reduce_mean((net(x)[..., 0] - y[..., 0])**2, -1)


def train(method, net, seeds, data, batch_dims):
  """A few steps of minibatch Adam, written without the training loop."""
  tensors = [tf.constant(t) for t in (data.x, data.y, data.dy_dx)]
  batches = minibatches.Minibatches(seeds, data.x.shape[1], 5)
  parameters = net.trainable_variables
  adam = optimizers.Adam(parameters, 1e-2)
  for step in range(7):
    batch = batches(tf.constant(step, tf.int64), *tensors)
    if batch_dims == 1:
      batch = [t[0] for t in batch]
    with tf.GradientTape() as tape:
      loss = tf.reduce_sum(loss_of(method, net, *batch, batch_dims))
    adam.apply(tape.gradient(loss, parameters), parameters)


@pytest.mark.parametrize("method", ["regular", "sobolev"])
def test_member_equals_the_single_network_trained_alone(method):
  data = [data_lib.sample(functions.by_name(name), 20, seed=seed,
                          stream="train")
          for name, seed in zip(("booth", "mccormick", "beale"), SEEDS)]
  ensemble = mlp.EnsembleMLP(SEEDS, 2, (8, 7, 1), dtype=tf.float64)
  initial = [w.numpy() for w in ensemble.weights]
  alone = [single(ensemble, e) for e in range(3)]
  train(method, ensemble, SEEDS, data_lib.stack(data), batch_dims=2)
  assert all((w.numpy() != before).mean() > .5  # dead units keep theirs
             for w, before in zip(ensemble.weights, initial))
  for e, net in enumerate(alone):
    train(method, net, SEEDS[e:e + 1], data_lib.stack(data[e:e + 1]),
          batch_dims=1)
    trained = single(ensemble, e)
    for mine, theirs in zip(net.variables, trained.variables, strict=True):
      np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-10)


def test_member_method_copies():
  ensemble = mlp.EnsembleMLP(
      SEEDS, 2, (5, 4, 2), activation=tf.tanh, dtype=tf.float64)
  for b in ensemble.biases:
    b.assign(tf.random.stateless_normal(b.shape, [1, 2], dtype=b.dtype))
  x = tf.random.stateless_uniform([3, 6, 2], [0, 1], dtype=tf.float64)
  y = ensemble(x)
  members = [ensemble.member(e) for e in range(3)]
  ensemble.weights[0].assign_add(tf.ones_like(ensemble.weights[0]))
  for e, member in enumerate(members):
    np.testing.assert_allclose(member(x[e]), y[e], rtol=1e-13, atol=1e-13)


def test_members_do_not_mix():
  ensemble = mlp.EnsembleMLP((0, 1), 2, (6, 1))
  x = tf.random.stateless_uniform([2, 4, 2], [0, 1])
  with tf.GradientTape() as tape:
    loss = tf.reduce_sum(ensemble(x)[1]**2)
  for gradient in tape.gradient(loss, ensemble.trainable_variables):
    np.testing.assert_array_equal(gradient[0], tf.zeros_like(gradient[0]))
    assert np.abs(gradient[1]).max() > 0


def test_same_seed_same_member_whatever_the_ensemble():
  many = mlp.EnsembleMLP((7, 3, 7), 2, (6, 5, 1))
  alone = mlp.EnsembleMLP((7,), 2, (6, 5, 1))
  for w, v in zip(many.weights, alone.weights):
    np.testing.assert_array_equal(w[0], v[0])
    np.testing.assert_array_equal(w[2], v[0])
    assert np.abs(w[1] - v[0]).min() > 0
  assert all((b.numpy() == 0).all() for b in many.biases)


def test_layers_of_one_shape_differ():
  first, second = mlp.initial_weights(0, (5, 5, 5))
  assert np.abs(first - second).min() > 0


@pytest.mark.parametrize("fan_in", [2, 256])
def test_initial_weights_are_distributed_as_sonnets(fan_in):
  drawn, = mlp.initial_weights(0, (fan_in, 20_000 // fan_in * 5))
  # A normal cut at two deviations keeps 0.8796 of its deviation.
  assert np.std(drawn) * math.sqrt(fan_in) == pytest.approx(.8796, rel=.01)
  assert abs(np.mean(drawn)) * math.sqrt(fan_in) < .01
  assert np.abs(drawn).max() <= 2 / math.sqrt(fan_in)
  linear = snt.Linear(drawn.shape[1])
  linear(tf.zeros([1, fan_in]))
  assert np.std(linear.w) == pytest.approx(np.std(drawn), rel=.02)


def test_size_of_the_papers_network():
  # 2·256 + 256 + 256·256 + 256 + 256 + 1.
  ensemble = mlp.EnsembleMLP((0, 1), 2)
  assert sum(int(tf.size(v)) for v in ensemble.trainable_variables) == (
      2 * 66_817)
  assert sum(int(tf.size(v)) for v in ensemble.member(0).variables) == 66_817


def test_unknown_batch_in_a_graph():
  ensemble = mlp.EnsembleMLP((0, 1), 2, (6, 3))
  traced = tf.function(ensemble, input_signature=[
      tf.TensorSpec([2, None, 2], tf.float32)])
  x = tf.random.stateless_uniform([2, 9, 2], [0, 1])
  assert ensemble(x).shape == [2, 9, 3]
  np.testing.assert_allclose(traced(x), ensemble(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seeds, sizes", [((), (1,)), ((0,), ())])
def test_nothing_to_build(seeds, sizes):
  with pytest.raises(errors.UserError, match="at least one seed and one"):
    mlp.EnsembleMLP(seeds, 2, sizes)


@pytest.mark.parametrize("compiled", [False, True])
def test_hessians_of_an_ensemble_of_one(compiled):
  # TensorFlow 2.21 with oneDNN crashes here if products are broadcast.
  ensemble = mlp.EnsembleMLP([1], 2, (32, 32, 1), tf.tanh)
  both = mlp.EnsembleMLP([1, 1], 2, (32, 32, 1), tf.tanh)
  x = tf.random.stateless_normal([1, 50, 2], [0, 1])
  differentiate = lambda net: lambda points: (
      derivatives.value_and_derivatives(net, points, 2, batch_dims=2))
  call = differentiate(ensemble)
  alone = (tf.function(call) if compiled else call)(x)
  for mine, theirs in zip(alone, differentiate(both)(tf.tile(x, [2, 1, 1]))):
    np.testing.assert_allclose(mine[0], theirs[1], rtol=1e-4, atol=1e-5)
