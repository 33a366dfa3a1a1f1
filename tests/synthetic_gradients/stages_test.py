"""Tests of single parts on tapes of their own."""

import numpy as np
import pytest
import small_networks as small
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf import synthetic_gradients as sg
from sobolev_tf.synthetic_gradients import stages

X, LABELS = small.data()


def test_no_tape_sees_two_parts():
  parts = small.make_network("noprop", cuts=1).parts
  first, second = stages.forward(parts, X, False, LABELS, sg.cross_entropy)
  logits, losses = second.output
  np.testing.assert_array_equal(first.output, second.x)
  np.testing.assert_allclose(losses, sg.cross_entropy(logits, LABELS))
  assert second.tape.gradient(losses, first.x) is None
  assert first.tape.gradient(losses, first.x) is None


def test_one_pass_for_both_gradients_is_two_passes():
  part = small.make_network("noprop").parts[0]
  (stage,) = stages.forward([part], X, False)
  v = tf.ones_like(stage.output)
  variables, x = stages.backward(stage, v, v)
  np.testing.assert_allclose(x, stages.backward(stage, None, v)[1])
  for a, b in zip(variables, stages.backward(stage, v, None)[0]):
    np.testing.assert_allclose(a, b)
  assert stages.backward(stage, None, None) == (None, None)


def test_a_part_that_ignores_a_variable_is_named():
  class Careless(snt.Module):
    def __init__(self):
      super().__init__()
      self.forgotten = tf.Variable(1., name="forgotten")
      self.stack = small.stack([2], 3)

    def __call__(self, h, is_training):
      return self.stack(h, is_training)

  network = sg.DecoupledNetwork([Careless()], [], X[:1])
  with pytest.raises(errors.UserError, match="forgotten"):
    network.step(X, LABELS)
