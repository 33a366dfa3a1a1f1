"""Tests of the fused Adam against Adam written out."""

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.training import optimizers

SHAPES = [(3, 2), (4,)]


def gradients(step, dtype=np.float64):
  rng = np.random.default_rng(step)
  return [(rng.normal(size=shape) * 10.**rng.integers(-3, 3)).astype(dtype)
          for shape in SHAPES]


def initial(dtype=np.float64):
  return [np.linspace(-1, 1, int(np.prod(shape))).reshape(shape).astype(dtype)
          for shape in SHAPES]


def written_out(start, rate_at, beta1, beta2, epsilon, steps):
  """Kingma and Ba's algorithm 1 with their "epsilon hat", in NumPy."""
  parameters = [p.copy() for p in start]
  m = [np.zeros_like(p) for p in parameters]
  v = [np.zeros_like(p) for p in parameters]
  for t in range(1, steps + 1):
    alpha = rate_at(t - 1) * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    for i, g in enumerate(gradients(t)):
      m[i] = beta1 * m[i] + (1 - beta1) * g
      v[i] = beta2 * v[i] + (1 - beta2) * g * g
      parameters[i] -= alpha * m[i] / (np.sqrt(v[i]) + epsilon)
  return parameters


@pytest.mark.parametrize("beta1, beta2, epsilon", [
    (.9, .999, 1e-8), (.9, .999, .1), (.5, .75, 1e-3)])
def test_equals_the_update_written_out(beta1, beta2, epsilon):
  variables = [tf.Variable(p) for p in initial()]
  adam = optimizers.Adam(variables, .01, beta1, beta2, epsilon)
  for t in range(1, 9):
    adam.apply([tf.constant(g) for g in gradients(t)], variables)
  expected = written_out(
      initial(), lambda step: .01, beta1, beta2, epsilon, 8)
  for variable, value in zip(variables, expected):
    np.testing.assert_allclose(variable, value, rtol=1e-12, atol=1e-12)
  assert adam.step == 8


def test_schedule_is_read_from_step_0_on():
  rate = lambda step: .1 / (1. + tf.cast(step, tf.float64))
  variables = [tf.Variable(p) for p in initial()]
  adam = optimizers.Adam(variables, rate, .5, .75)
  for t in range(1, 6):
    adam.apply([tf.constant(g) for g in gradients(t)], variables)
  expected = written_out(
      initial(), lambda step: .1 / (1 + step), .5, .75, 1e-8, 5)
  for variable, value in zip(variables, expected):
    np.testing.assert_allclose(variable, value, rtol=1e-12, atol=1e-12)


def test_close_to_sonnets():
  ours = [tf.Variable(p) for p in initial(np.float32)]
  theirs = [tf.Variable(p) for p in initial(np.float32)]
  fused = optimizers.Adam(ours, .01)
  sonnets = snt.optimizers.Adam(.01)
  for t in range(1, 9):
    fused.apply([tf.constant(g) for g in gradients(t, np.float32)], ours)
    sonnets.apply([tf.constant(g) for g in gradients(t, np.float32)], theirs)
  for one, other in zip(ours, theirs):
    np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


def test_compiled_equals_eager():
  eager = [tf.Variable(p) for p in initial()]
  graph = [tf.Variable(p) for p in initial()]
  one = optimizers.Adam(eager, optimizers.cosine(.1, 4))
  other = optimizers.Adam(graph, optimizers.cosine(.1, 4))
  apply = tf.function(lambda *updates: other.apply(updates, graph))
  for t in range(1, 5):
    updates = [tf.constant(g) for g in gradients(t)]
    one.apply(updates, eager)
    apply(*updates)
  for a, b in zip(eager, graph):
    np.testing.assert_allclose(a, b, rtol=1e-13)


def test_missing_gradient_names_the_parameter():
  variables = [tf.Variable([1.], name="used"),
               tf.Variable([1.], name="forgotten")]
  adam = optimizers.Adam(variables, .1)
  with pytest.raises(errors.UserError) as error:
    adam.apply([tf.constant([1.]), None], variables)
  assert "'forgotten" in str(error.value) and "used'" not in str(error.value)


@pytest.mark.parametrize("updates, parameters", [(1, 2), (2, 1), (1, 1)])
def test_numbers_must_match(updates, parameters):
  variables = [tf.Variable([1.]), tf.Variable([1.])]
  adam = optimizers.Adam(variables, .1)
  with pytest.raises(errors.UserError, match="made for 2 parameters"):
    adam.apply([tf.constant([1.])] * updates, variables[:parameters])
  assert adam.step == 0


def test_cosine():
  rate = optimizers.cosine(3., 200)
  values = [float(rate(tf.constant(s, tf.int64))) for s in range(0, 301, 50)]
  # 3 (1 + cos) / 2 at 0, 45, 90, 135 and 180 degrees, then 0.
  half = 2**-.5
  np.testing.assert_allclose(
      values, [3, 1.5 * (1 + half), 1.5, 1.5 * (1 - half), 0, 0, 0],
      atol=1e-12)


def test_warm_up_is_a_factor_that_rises_to_one():
  warm, cold = optimizers.cosine(3., 200, 4), optimizers.cosine(3., 200)
  for step, factor in ((0, .25), (1, .5), (3, 1.), (4, 1.), (150, 1.)):
    step = tf.constant(step, tf.int64)
    np.testing.assert_allclose(warm(step), factor * cold(step), rtol=1e-15)
