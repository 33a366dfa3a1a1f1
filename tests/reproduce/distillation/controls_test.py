"""Tests of the controls of Figure 4, in float64 on small policies."""

import numpy as np
import pytest
import tensorflow as tf

from configs.distillation import Trial
from reproduce.distillation import controls
from reproduce.distillation import step as step_lib
from sobolev_tf import derivatives
from sobolev_tf.losses import distillation as loss_lib
from sobolev_tf.losses import stochastic

STATES, INPUTS, ACTIONS = 4, 3, 3
ALPHA = .7
RANDOM = np.random.default_rng(0)
X = tf.constant(RANDOM.normal(size=(STATES, INPUTS)))  # [S, D]


def policy(*shape_seed):
  """A network with one hidden layer, and its weights."""
  random = np.random.default_rng(shape_seed)
  weights = [tf.Variable(random.normal(size=shape))
             for shape in ((INPUTS, 5), (5, ACTIONS))]
  return (lambda x: tf.nn.log_softmax(
      tf.tanh(x @ weights[0]) @ weights[1])), weights


TEACHER, _ = policy(1)
STUDENT, WEIGHTS = policy(2)
JACOBIANS = derivatives.jacobian(TEACHER, X)  # [S, A, D]


def step(x, index=0, distance="norm", student=STUDENT, alpha=ALPHA):
  return step_lib.Step(
      x, TEACHER(x), student, TEACHER, Trial(1e-3, alpha=alpha), distance,
      lambda stream: tf.constant([stream, index]),
      tf.reduce_mean(JACOBIANS, axis=0))


def direction(count, index=0):
  draw, = stochastic.unit_directions(
      1, tf.constant([step_lib.PROJECTION_STREAM, index]))
  return draw(tf.zeros([count, ACTIONS], tf.float64))


def silent(x):
  """A student that depends on its input with the derivative 0."""
  return TEACHER(0. * x)


def test_mean_jacobian(monkeypatch):
  monkeypatch.setattr(controls, "_SLICE", 2)  # of 3
  rows = np.array([0, 3, 1], np.int32)
  found = controls.mean_jacobian(
      TEACHER, lambda rows: (tf.gather(X, rows), None), rows)
  np.testing.assert_allclose(
      found, np.mean(JACOBIANS.numpy()[rows], axis=0), rtol=1e-12)


def test_squared_shuffled_targets_are_a_penalty_centred_on_the_mean():
  """All pairings of states, on which a run's pairs are drawn."""
  gradients, losses = [], []
  for centred in (False, True):
    with tf.GradientTape() as tape:
      total = 0.
      for one in range(STATES):
        for other in range(STATES):
          # The state at the first place gets the second's derivatives.
          pair = step(tf.gather(X, [one, other]), distance="squared")
          term = (controls.mean if centred else controls.shuffled)(pair)
          total += term.total[0] / STATES
    losses.append(float(total))
    gradients.append(tape.gradient(total, WEIGHTS))
  for one, other in zip(*gradients):
    assert np.abs(one).max() > .1
    np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
  v = direction(2)[0].numpy()
  spread = np.einsum("sad,a->sd", JACOBIANS - np.mean(JACOBIANS, axis=0), v)
  np.testing.assert_allclose(
      losses[0] - losses[1], ALPHA * np.sum(spread**2), rtol=1e-10)


def test_with_the_plain_norm_they_are_not():
  pair = step(tf.gather(X, [0, 1]))
  with tf.GradientTape(persistent=True) as tape:
    shuffled, mean = (term(pair).total[0]
                      for term in (controls.shuffled, controls.mean))
  assert np.abs(tape.gradient(shuffled, WEIGHTS[0]) -
                tape.gradient(mean, WEIGHTS[0])).max() > .01


@pytest.mark.parametrize("term, target", [
    (controls.zero, np.zeros((ACTIONS, INPUTS))),
    (controls.mean, np.mean(JACOBIANS, axis=0)),
])
def test_one_target_for_all_states(term, target):
  found = term(step(X))
  difference = derivatives.jacobian(STUDENT, X) - target  # [S, A, D]
  np.testing.assert_allclose(found.first, np.linalg.norm(
      np.einsum("sad,sa->sd", difference, direction(STATES)), axis=1))
  np.testing.assert_allclose(
      found.value, loss_lib.kl_to_target(TEACHER(X), STUDENT(X)))
  np.testing.assert_allclose(found.total, found.value + ALPHA * found.first)


def test_random_targets_are_as_long_as_the_teachers_and_point_elsewhere():
  sobolev, random = (
      term(step(X, student=silent)).first
      for term in (step_lib.matched, controls.random))
  np.testing.assert_allclose(random, sobolev)
  sobolev, *random = (
      term(step(X, index)).first.numpy() for term, index in (
          (step_lib.matched, 0), (controls.random, 0), (controls.random, 1)))
  assert (np.abs(random[0] - sobolev) > 1e-3).any()
  assert (np.abs(random[0] - random[1]) > 1e-3).any()


def test_softened_is_a_temperature_of_the_teacher():
  gradients, values = [], []
  for student, weights in ((STUDENT, WEIGHTS), policy(3)):
    with tf.GradientTape(persistent=True) as tape:
      found = controls.softened(step(X, student=student)).total
      warm = (1. + ALPHA) * loss_lib.kl_to_target(
          tf.nn.log_softmax(TEACHER(X) / (1. + ALPHA)), student(X))
    gradients.append([tape.gradient(loss, weights[0])
                      for loss in (found, warm)])
    values.append(found - warm)
  for one, other in gradients:
    np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
  np.testing.assert_allclose(*values, rtol=1e-10)


def test_the_teachers_derivatives_pass_no_gradient_to_it():
  teacher, weights = policy(4)
  for term in (controls.random, controls.shuffled):
    with tf.GradientTape() as tape:
      loss = term(step(X)._replace(teacher=teacher)).reduce()
    assert tape.gradient(loss, weights) == [None, None]
