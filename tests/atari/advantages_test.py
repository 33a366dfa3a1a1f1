"""Tests of generalised advantages against their definition."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf.atari import advantages

T, N = 7, 3


@pytest.fixture(name="data")
def _data():
  rng = np.random.default_rng(0)
  discounts = 0.9 * (rng.random((T, N)) > 0.2)
  return {"rewards": rng.normal(size=(T, N)), "discounts": discounts,
          "values": rng.normal(size=(T, N)),
          "bootstrap_value": rng.normal(size=N)}


def compute(data, trace):
  return advantages.generalized_advantages(
      **{k: tf.constant(v) for k, v in data.items()}, trace=trace).numpy()


@pytest.mark.parametrize("trace", [0., 0.95, 1.])
def test_equals_the_sum_of_discounted_errors(data, trace):
  values = np.vstack([data["values"], data["bootstrap_value"]])
  deltas = data["rewards"] + data["discounts"] * values[1:] - values[:-1]
  expected = np.zeros((T, N))
  for t in range(T):
    weight = np.ones(N)
    for k in range(t, T):
      expected[t] += weight * deltas[k]
      weight = weight * trace * data["discounts"][k]
  np.testing.assert_allclose(compute(data, trace), expected, atol=1e-12)


def test_trace_one_gives_n_step_returns(data):
  returns = np.zeros((T + 1, N))
  returns[T] = data["bootstrap_value"]
  for t in reversed(range(T)):
    returns[t] = data["rewards"][t] + data["discounts"][t] * returns[t + 1]
  np.testing.assert_allclose(
      compute(data, 1.) + data["values"], returns[:T], atol=1e-12)


def test_nothing_passes_the_end_of_an_episode(data):
  data["discounts"][3] = 0.
  before = compute(data, 0.95)
  data["rewards"][4:] += 100.
  data["values"][4:] -= 50.
  after = compute(data, 0.95)
  np.testing.assert_array_equal(before[:4], after[:4])
  assert not np.allclose(before[4:], after[4:])
