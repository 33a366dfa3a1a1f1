"""Weights that follow the learning rate, against numbers worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import losses
from sobolev_tf.training import optimizers

MEANS = (tf.constant(10.), tf.constant(2.))


def test_halved_rates():
  """DeePMD's p(t) = p_start r + p_limit (1 - r) with r = 1, 1/2, 1/4."""
  made = losses.Prefactors(
      (.02, 1000.), (1., 1.), lambda step: 1e-3 * .5**tf.cast(step, tf.float32))
  for energy, force in ((.02, 1000.), (.51, 500.5), (.755, 250.75)):
    np.testing.assert_allclose(
        made.weights(MEANS), [energy, force], rtol=1e-6)
    np.testing.assert_allclose(
        made.objective(MEANS), 10 * energy + 2 * force, rtol=1e-6)
    made.update(MEANS)
  assert made.step == 3


def test_with_the_rate_of_an_optimizer():
  made = losses.Prefactors((1., 9.), (3., 1.), optimizers.cosine(1e-2, 4))
  for _ in range(2):  # half of the way, where the rate is one half
    made.update(MEANS)
  np.testing.assert_allclose(made.weights(MEANS), [2., 5.], rtol=1e-6)
  for _ in range(2):
    made.update(MEANS)
  np.testing.assert_allclose(made.weights(MEANS), [3., 1.], rtol=1e-6)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_the_weights_have_the_type_of_the_loss(dtype):
  made = losses.Prefactors((1., 9.), (3., 1.), lambda step: 1.)
  means = [tf.cast(mean, dtype) for mean in MEANS]
  assert {w.dtype for w in made.weights(means)} == {dtype}
