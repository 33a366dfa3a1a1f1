"""Tests of momentum against Sonnet's."""

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.training import momentum


def test_updates_are_sonnets():
  start = [[1., -2.], [.5]]
  rates = [.1, .1, .05]
  ours, sonnets = ([tf.Variable(s) for s in start] for _ in range(2))
  optimizer = momentum.Momentum(
      ours, lambda step: tf.gather([.1, .1, .05], step), .9)
  reference = snt.optimizers.Momentum(.1, .9)
  for rate in rates:
    reference.learning_rate = rate
    optimizer.apply([2 * v for v in ours], ours)
    reference.apply([2 * v for v in sonnets], sonnets)
  for a, b in zip(ours, sonnets):
    np.testing.assert_allclose(a, b, rtol=1e-6)
  assert int(optimizer.step) == 3


def test_mistakes_are_one_sentence():
  variable = tf.Variable(1.)
  optimizer = momentum.Momentum([variable], .1, .9)
  with pytest.raises(errors.UserError, match="made for 1 parameters"):
    optimizer.apply([], [])
  with pytest.raises(errors.UserError, match="no gradient"):
    optimizer.apply([None], [variable])
