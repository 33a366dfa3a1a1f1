"""Tests of the losses of one order."""

import math

import pytest
import tensorflow as tf

from sobolev_tf.keras import losses


@pytest.mark.parametrize("shape", [[2], [2, 1]])
def test_a_weight_of_0_keeps_nan_out_of_what_is_logged(shape):
  logged = losses.MonitoredLoss("mse")
  logged.update_state(
      tf.zeros([2, 1]), tf.constant([[3.], [math.nan]]),
      tf.reshape([2., 0.], shape))
  assert float(logged.result()) == 9.  # (2 * 3^2 + 0) / 2
