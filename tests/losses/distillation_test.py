"""Tests of the loss of policy distillation (Section 4.2)."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors, losses
from sobolev_tf.losses import distillation

B, D, A = 5, 4, 3
RNG = np.random.default_rng(0)
X = tf.constant(RNG.normal(size=(B, D)))
SEED = tf.constant([3, 4])


def policy(seed):
  """A smooth policy [B, D] -> log-probabilities [B, A] and its weights."""
  rng = np.random.default_rng(seed)
  weights = [tf.Variable(rng.normal(size=s)) for s in ((D, 6), (6, A))]
  return (lambda x: tf.nn.log_softmax(
      tf.tanh(x @ weights[0]) @ weights[1])), weights


STUDENT, WEIGHTS = policy(1)
TEACHER, TEACHER_WEIGHTS = policy(2)


def value_and_gradients(loss, **options):
  with tf.GradientTape(persistent=True) as tape:
    total = loss(STUDENT, X, TEACHER, SEED, **options).reduce()
  return (total.numpy(), [g.numpy() for g in tape.gradient(total, WEIGHTS)],
          tape.gradient(total, TEACHER_WEIGHTS))


def test_divergences_in_closed_form():
  p, q = np.array([[.5, .5], [.9, .1]]), np.array([[.25, .75], [.9, .1]])
  expected = [.5 * np.log(2) + .5 * np.log(2 / 3), 0.]
  target, prediction = tf.math.log(q), tf.math.log(p)
  np.testing.assert_allclose(
      distillation.kl_to_target(target, prediction), expected, atol=1e-15)
  np.testing.assert_allclose(
      distillation.kl_from_target(prediction, target), expected, atol=1e-15)


def test_a_weight_of_zero_hides_an_action():
  target = tf.math.log(tf.constant([[.2, .8]]))
  prediction = tf.math.log(tf.constant([[.5, .5]]))
  value = distillation.kl_to_target(
      target, prediction, tf.constant([[1., 0.]]))
  np.testing.assert_allclose(value, [.5 * np.log(2.5)], rtol=1e-6)


@pytest.mark.parametrize("alpha", [0., .5, 1., 2.])
@pytest.mark.parametrize("options", [
    {}, {"distance": losses.squared_error}, {"exact": True},
    {"kl": distillation.kl_from_target}])
def test_parameter_gradients_by_central_differences(alpha, options):
  loss = distillation.DistillationLoss(alpha, **options)
  _, gradients, _ = value_and_gradients(loss)
  step = 1e-6
  for weight, gradient in zip(WEIGHTS, gradients):
    for place in ((0, 0), (2, 1), (3, 2)):
      values = []
      for sign in (1, -1):
        original = weight.numpy()
        moved = original.copy()
        moved[place] += sign * step
        weight.assign(moved)
        values.append(loss(STUDENT, X, TEACHER, SEED).reduce().numpy())
        weight.assign(original)
      np.testing.assert_allclose(
          gradient[place], (values[0] - values[1]) / (2 * step), rtol=1e-6,
          atol=1e-9)


@pytest.mark.parametrize("exact", [False, True])
def test_alpha_zero_is_the_divergence_bit_for_bit(exact):
  with tf.GradientTape() as tape:
    plain = tf.reduce_mean(
        distillation.kl_to_target(TEACHER(X), STUDENT(X)))
  expected = tape.gradient(plain, WEIGHTS)
  value, gradients, _ = value_and_gradients(
      distillation.DistillationLoss(0., exact=exact))
  assert value == plain.numpy()
  for one, other in zip(gradients, expected):
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("alpha", [0., 1.])
@pytest.mark.parametrize("exact", [False, True])
def test_the_teacher_gets_no_gradient(alpha, exact):
  _, _, gradients = value_and_gradients(
      distillation.DistillationLoss(alpha, exact=exact))
  assert gradients == [None, None]


def test_it_is_the_stochastic_sobolev_loss():
  general = losses.StochasticSobolevLoss(
      losses=(distillation.kl_to_target, losses.norm), weights=(1., .7))
  expected = general(STUDENT, X, TEACHER, SEED)
  found = distillation.DistillationLoss(.7)(STUDENT, X, TEACHER, SEED)
  for one, other in zip(found.orders, expected.orders):
    np.testing.assert_array_equal(one, other)
  assert found.weights == expected.weights


def test_the_first_order_term_is_a_norm_that_is_not_squared():
  norm, squared = (
      distillation.DistillationLoss(1., distance=distance)(
          STUDENT, X, TEACHER, SEED).first
      for distance in (losses.norm, losses.squared_error))
  np.testing.assert_allclose(norm**2, squared, rtol=1e-12)


def test_squared_projections_average_to_the_jacobian_over_a():
  whole = distillation.DistillationLoss(
      1., exact=True, distance=losses.squared_error)(
          STUDENT, X, TEACHER, SEED).first  # [B]
  count = 4000
  projected = distillation.DistillationLoss(
      1., distance=losses.squared_error)(
          STUDENT, tf.repeat(X, count, axis=0), TEACHER, SEED).first
  means = tf.reshape(projected, [B, count]).numpy()
  deviation = means.std(axis=1) / np.sqrt(count)
  assert np.all(
      abs(means.mean(axis=1) - whole.numpy() / A) < 4 * deviation)


def test_directions_are_fresh_per_example_and_step():
  loss = distillation.DistillationLoss(1.)
  same = tf.repeat(X[:1], 50, axis=0)
  first = loss(STUDENT, same, TEACHER, tf.constant([0, 1])).first.numpy()
  second = loss(STUDENT, same, TEACHER, tf.constant([0, 2])).first.numpy()
  assert len(np.unique(first)) == 50
  assert not np.isin(first, second).any()


def test_known_log_probabilities_replace_the_teachers_in_the_divergence():
  known = tf.math.log(tf.constant([[.2, .3, .5]] * B, tf.float64))
  loss = distillation.DistillationLoss(1.)
  found = loss(STUDENT, X, TEACHER, SEED, teacher_log_probs=known)
  np.testing.assert_allclose(
      found.value, distillation.kl_to_target(known, STUDENT(X)))
  np.testing.assert_array_equal(
      found.first, loss(STUDENT, X, TEACHER, SEED).first)


def test_other_states_for_the_teachers_derivatives():
  loss = distillation.DistillationLoss(1.)
  found = loss(STUDENT, X, TEACHER, SEED, teacher_x=tf.roll(X, 1, 0),
               teacher_log_probs=TEACHER(X))
  plain = loss(STUDENT, X, TEACHER, SEED)
  np.testing.assert_array_equal(found.value, plain.value)
  assert (found.first.numpy() != plain.first.numpy()).all()


@pytest.mark.parametrize("alpha", [-1., np.nan, np.inf, "much"])
def test_a_weight_out_of_range_is_refused(alpha):
  with pytest.raises(errors.UserError, match="weights"):
    distillation.DistillationLoss(alpha)
