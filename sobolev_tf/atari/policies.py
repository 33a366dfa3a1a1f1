"""Policies pi(a|s) = softmax(logits), as functions of states and samples."""

import tensorflow as tf

from sobolev_tf import derivatives
from sobolev_tf.atari import networks


def log_policy(network: networks.AtariNetwork) -> derivatives.Function:
  """The function of states x `[B, ...]` -> log pi(.|x) `[B, A]`."""
  return lambda x: tf.nn.log_softmax(network(x).logits)


def sample_actions(logits: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
  """Samples from softmax(logits) `[N, A]` by the Gumbel trick: int32 `[N]`."""
  uniform = tf.random.stateless_uniform(
      tf.shape(logits), seed, minval=1e-20)  # [N, A]
  gumbel = -tf.math.log(-tf.math.log(uniform))
  return tf.argmax(logits + gumbel, axis=1, output_type=tf.int32)


def entropy(logits: tf.Tensor) -> tf.Tensor:
  """Entropy of softmax(logits) in nats: `[N]` from `[N, A]`."""
  log_probs = tf.nn.log_softmax(logits)  # [N, A]
  return -tf.reduce_sum(tf.exp(log_probs) * log_probs, axis=1)
