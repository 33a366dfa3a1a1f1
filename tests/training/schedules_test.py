"""Golden values of the learning rates."""

import pytest
import tensorflow as tf

from sobolev_tf.training import schedules


def at(rate, step):
  return float(rate(tf.constant(step, tf.int64)))


def test_halving():
  rate = schedules.halving(1e-3, 40_000)
  for step, expected in ((0, 1e-3), (39_999, 1e-3), (40_000, 5e-4),
                         (120_000, 1.25e-4)):
    assert at(rate, step) == pytest.approx(expected)


def test_staircase():
  rate = schedules.staircase(.1, (30, 60), .1)
  for step, expected in ((0, .1), (29, .1), (30, .01), (59, .01), (60, .001),
                         (1000, .001)):
    assert at(rate, step) == pytest.approx(expected)
