"""Tests of training an ensemble on a loss of its own."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.networks import mlp
from sobolev_tf.training import ensemble

X = tf.random.stateless_normal([1, 8, 2], [0, 1])
SETTINGS = ensemble.Settings(steps=40, learning_rate=1e-2)


def trained(seeds):
  network = mlp.EnsembleMLP(seeds, 2, (6, 1), tf.tanh)
  x = tf.repeat(X, len(seeds), 0)

  def loss(unused_index):
    return tf.reduce_mean((network(x)[..., 0] - x[..., 0] * x[..., 1])**2, -1)

  ensemble.train(network, loss, SETTINGS, identity={})
  return network, loss(0).numpy()


def test_members_train_as_if_alone():
  both, losses = trained([3, 4])
  alone, loss = trained([4])
  np.testing.assert_allclose(losses[1:], loss, rtol=1e-4)
  for ours, theirs in zip(both.weights, alone.weights):
    np.testing.assert_allclose(ours[1:], theirs, rtol=1e-3, atol=1e-5)


def test_training_lowers_every_members_loss():
  start = mlp.EnsembleMLP([3, 4], 2, (6, 1), tf.tanh)
  x = tf.repeat(X, 2, 0)
  before = np.mean((start(x)[..., 0] - x[..., 0] * x[..., 1])**2, -1)
  assert (trained([3, 4])[1] < .8 * before).all()


def test_the_loss_gets_the_steps_index():
  network = mlp.EnsembleMLP([0], 2, (1,), tf.tanh)

  def loss(index):
    return tf.cast(index, tf.float32) + 0 * tf.reduce_sum(network(X), (1, 2))

  history = ensemble.train(
      network, loss, ensemble.Settings(5, 1e-2), identity={})
  assert history.records[-1]["loss"] == [4.]


def test_checkpoints_of_another_identity_are_refused(tmp_path):
  def train(title, **identity):
    network = mlp.EnsembleMLP([0], 2, (1,), tf.tanh)

    def loss(unused_index):
      return tf.reduce_mean(network(X)**2, (1, 2))

    return ensemble.train(
        network, loss, ensemble.Settings(1000, 1e-2), identity=identity,
        folder=tmp_path, title=title).records

  records = train("first", points=20)
  assert train("another title", points=20) == records  # goes on from the end
  with pytest.raises(errors.UserError, match="points"):
    train("first", points=30)
