"""Tests of the modules: symmetry, labels, shapes, what starts at 0."""

import numpy as np
import pytest
import small_networks as small
import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf import synthetic_gradients as sg

RNG = np.random.default_rng(3)
H = tf.constant(RNG.normal(size=(2, 2, 2, 2)))
LABELS = tf.constant([2, 0])


def make(kind):
  module = (
      sg.FreeGradient(small.stack([3], gradient_channels=2), small.CLASSES)
      if kind == "free" else sg.LossModel(small.stack([3], small.CLASSES)))
  module(H, LABELS, True)
  small.randomise(module)
  return module


def jacobian(module):
  """dSG/dh of every example as a matrix, `[B, 8, 8]`."""
  whole = derivatives.jacobian(
      lambda h: module(h, LABELS, True).gradient, H)
  return tf.reshape(whole, [2, 8, 8]).numpy()


def test_a_loss_models_gradient_is_a_gradient_field():
  matrices = jacobian(make("loss"))
  assert np.abs(matrices).max() > 1e-3
  np.testing.assert_allclose(
      matrices, matrices.transpose(0, 2, 1), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("wrong", [-1, 3, 1000])
def test_a_label_out_of_range_is_named(wrong):
  with pytest.raises(errors.UserError, match=f"holds the label {wrong}, but"):
    sg.cross_entropy(tf.zeros([2, 3]), tf.constant([2, wrong]))
  assert sg.cross_entropy(tf.zeros([0, 3]), tf.zeros([0], tf.int32)).shape == 0


def test_a_free_gradient_is_not():
  matrices = jacobian(make("free"))
  difference = matrices - matrices.transpose(0, 2, 1)
  assert np.linalg.norm(difference) > .1 * np.linalg.norm(matrices)


def test_a_loss_models_value_and_gradient_belong_together():
  module = make("loss")
  value, gradient = module(H, LABELS, True)
  np.testing.assert_allclose(
      value, sg.cross_entropy(module.predictor(H, True), LABELS))
  move = tf.constant(RNG.normal(size=H.shape))
  ahead, behind = (module(H + s * 1e-5 * move, LABELS, True).value
                   for s in (1, -1))
  np.testing.assert_allclose(
      tf.reduce_sum(gradient * move, [1, 2, 3]), (ahead - behind) / 2e-5,
      rtol=1e-7)


@pytest.mark.parametrize("kind", ["free", "loss"])
def test_the_label_matters_and_other_examples_do_not(kind):
  module = make(kind)
  gradient = module(H, LABELS, True).gradient
  other = module(H, tf.constant([2, 1]), True).gradient
  np.testing.assert_allclose(other[0], gradient[0])
  assert np.abs(other[1] - gradient[1]).max() > 1e-3


def test_flat_activations_have_labels_too():
  import sonnet as snt
  module = sg.FreeGradient(sg.Plain(snt.Linear(5)), small.CLASSES)
  assert module(tf.ones([4, 5]), tf.zeros([4], tf.int32), True
                ).gradient.shape == (4, 5)


def test_a_new_free_gradient_is_zero():
  module = sg.FreeGradient(
      small.stack([3], gradient_channels=2), small.CLASSES)
  np.testing.assert_array_equal(module(H, LABELS, True).gradient, 0)
  assert module(H, LABELS, True).value is None


def test_cross_entropy_golden():
  losses = sg.cross_entropy(
      tf.math.log(tf.constant([[.2, .3, .5], [.7, .2, .1]])), [2, 0])
  np.testing.assert_allclose(losses, -np.log([.5, .7]), rtol=1e-6)


def test_an_output_of_another_shape_is_refused():
  module = sg.FreeGradient(
      small.stack([3], gradient_channels=5), small.CLASSES)
  with pytest.raises(errors.UserError, match="has that of the activations"):
    module(H, LABELS, True)


def test_a_free_gradient_has_no_value_to_supervise():
  module = make("free")
  with pytest.raises(errors.UserError, match="predicts no loss"):
    sg.SyntheticGradient(module, sg.Supervision(1., 1.))
  with pytest.raises(errors.UserError, match="not all 0"):
    sg.SyntheticGradient(module, sg.Supervision(0., 0.))
