"""Tests of distillation where illegal actions have the log-probability -inf."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf.losses import distillation

RNG = np.random.default_rng(0)
X = tf.constant(RNG.normal(size=(4, 3)))
LEGAL = tf.constant([[True, True, False, True]] * 4)
STUDENT = tf.Variable(RNG.normal(size=(3, 4)))
TEACHER = tf.constant(RNG.normal(size=(3, 4)))
KEPT = [0, 1, 3]


def masked(weights):
  return lambda x: tf.nn.log_softmax(tf.where(
      LEGAL, tf.tanh(x) @ weights, tf.constant(-np.inf, tf.float64)))


def small(weights):
  """The same policy of the legal actions alone."""
  return lambda x: tf.nn.log_softmax(
      tf.tanh(x) @ tf.gather(weights, KEPT, axis=1))


@pytest.mark.parametrize("kl", [
    distillation.kl_to_target, distillation.kl_from_target])
def test_masked_actions_are_as_if_they_did_not_exist(kl):
  # Exact derivatives: those of the policy of the legal actions alone.
  loss = distillation.DistillationLoss(1., kl=kl, exact=True)
  results = []
  for policy in (masked, small):
    with tf.GradientTape() as tape:
      terms = loss(policy(STUDENT), X, policy(TEACHER), [0, 1])
      total = terms.reduce()
    results.append((terms.value, terms.first,
                    tf.convert_to_tensor(tape.gradient(total, STUDENT))))
  for found, expected in zip(*results):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("graph", [False, True])
def test_projections_leave_masked_actions_out(graph):
  loss = distillation.DistillationLoss(1.)

  def compute():
    with tf.GradientTape() as tape:
      terms = loss(masked(STUDENT), X, masked(TEACHER), [0, 1])
      total = terms.reduce()
    return terms.value, terms.first, tape.gradient(total, STUDENT)

  value, first, gradient = (tf.function(compute) if graph else compute)()
  assert np.isfinite(gradient).all()
  # Unit directions among three actions: at most the largest singular value.
  exact = distillation.DistillationLoss(1., exact=True)(
      small(STUDENT), X, small(TEACHER), [0, 1])
  np.testing.assert_allclose(value, exact.value)
  assert (first.numpy() > 0).all()
  assert (first.numpy() <= exact.first.numpy()).all()


def test_where_only_one_masks():
  full = lambda x: tf.nn.log_softmax(tf.tanh(x) @ STUDENT)
  s, t = full(X), masked(TEACHER)(X)
  assert np.isinf(distillation.kl_to_target(t, s)).all()
  assert (distillation.kl_to_target(t, s).numpy() > 0).all()
  kept = np.array(KEPT)
  s, t = s.numpy(), t.numpy()
  np.testing.assert_allclose(
      distillation.kl_from_target(tf.constant(t), tf.constant(s)),
      np.sum(np.exp(t[:, kept]) * (t - s)[:, kept], 1))
