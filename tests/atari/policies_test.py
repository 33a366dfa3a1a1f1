"""Tests of policies: samples, entropy, log-probabilities."""

import numpy as np
import tensorflow as tf

from sobolev_tf.atari import networks, policies


def test_samples_follow_the_policy():
  logits = np.log([[0.6, 0.3, 0.1]]).astype(np.float32)
  actions = policies.sample_actions(
      tf.constant(np.repeat(logits, 20_000, axis=0)), [0, 5]).numpy()
  frequencies = np.bincount(actions, minlength=3) / 20_000
  np.testing.assert_allclose(frequencies, [0.6, 0.3, 0.1], atol=0.015)


def test_samples_depend_on_the_seed_only():
  logits = tf.zeros([100, 3])
  one, same, other = (
      policies.sample_actions(logits, tf.constant(seed)).numpy()
      for seed in ([0, 1], [0, 1], [0, 2]))
  np.testing.assert_array_equal(one, same)
  assert (one != other).any()


def test_log_probabilities_and_entropy_by_hand():
  network = networks.make_network(3, networks.SIZES["student-cpu"], 2, 1.)
  x = tf.random.stateless_uniform([4, 84, 84, 4], [0, 1])
  logits = np.float64(network(x).logits)
  p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)  # [4, 3]
  np.testing.assert_allclose(
      policies.log_policy(network)(x), np.log(p), atol=1e-5)
  np.testing.assert_allclose(
      policies.entropy(tf.constant(logits)), -(p * np.log(p)).sum(1))
