"""Weights by rates of decrease, against numbers worked out by hand."""

import numpy as np
import tensorflow as tf

from sobolev_tf import losses


def note(made, *pairs):
  for pair in pairs:
    made.update([tf.constant(number, tf.float64) for number in pair])
  return np.array([
      w.numpy() if tf.is_tensor(w) else w
      for w in made.weights([tf.zeros([], tf.float64)] * 2)])


def softmax(*logits):
  return np.exp(logits) / np.sum(np.exp(logits))


def test_the_slower_loss_gets_more_weight():
  made = losses.SoftAdapt(beta=2.)
  np.testing.assert_allclose(note(made), [1., 1.])
  np.testing.assert_allclose(note(made, (8., 100.)), [1., 1.])
  # To a quarter and to nine tenths: rates -3/4 and -1/10.
  expected = 2 * softmax(-1.5, -.2)
  np.testing.assert_allclose(
      note(made, (2., 90.)), expected, rtol=1e-14)
  assert expected[1] > expected[0]
  # A further step counts from there: rates -1/2 and 1/3.
  np.testing.assert_allclose(
      note(made, (1., 120.)), 2 * softmax(-1., 2 / 3), rtol=1e-14)


def test_intervals_are_means():
  """Losses 6 and 2, then 3 and 1, in either order: the rate is -1/2."""
  made = losses.SoftAdapt(beta=1., every=2)
  np.testing.assert_allclose(
      note(made, (6., 1.), (2., 1.), (3., 1.)), [1., 1.])
  expected = 2 * softmax(-.5, 0.)
  np.testing.assert_allclose(note(made, (1., 1.)), expected, rtol=1e-14)
  np.testing.assert_allclose(  # until the next interval is over
      note(made, (50., 1.)), expected, rtol=1e-14)


def test_constants_are_multiplied_and_their_sum_kept():
  made = losses.SoftAdapt(weights=(1., 3.), beta=1.)
  found = note(made, (4., 1.), (2., 1.))
  ratio = np.exp(-.5) / 3
  np.testing.assert_allclose(
      found, [4 * ratio / (1 + ratio), 4 / (1 + ratio)], rtol=1e-14)
  unmoved = losses.SoftAdapt(weights=(1., 3.), beta=0.)
  np.testing.assert_allclose(
      note(unmoved, (4., 1.), (2., 1.)), [1., 3.], rtol=1e-14)


def test_an_order_of_weight_0_stays_out_even_if_it_is_nan():
  made = losses.SoftAdapt(weights=(1., 0.))
  np.testing.assert_array_equal(note(made, (4., 1.), (2., 3.)), [1., 0.])
  means = (tf.constant(2.), tf.constant(np.nan, tf.float32))
  np.testing.assert_allclose(made.objective(means), 2.)


def test_an_order_without_loss_keeps_its_weight():
  made = losses.SoftAdapt()
  np.testing.assert_allclose(note(made, (4., 0.), (4., 0.)), [1., 1.])


def test_units_do_not_matter():
  one, other = losses.SoftAdapt(), losses.SoftAdapt()
  np.testing.assert_allclose(
      note(one, (4., 3.), (2., 2.)), note(other, (4e6, 3e-4), (2e6, 2e-4)),
      rtol=1e-12)


def test_members_have_weights_of_their_own():
  made = losses.SoftAdapt(beta=1., members=2)
  for value, first in (([4., 4.], [1., 1.]), ([2., 4.], [1., .5])):
    made.update((tf.constant(value), tf.constant(first)))
  weights = made.weights((tf.zeros([2]), tf.zeros([2])))
  np.testing.assert_allclose(  # [K + 1, E]
      weights, np.transpose([2 * softmax(-.5, 0.), 2 * softmax(0., -.5)]),
      rtol=1e-6)
  terms = losses.SobolevLoss(weights=made)(
      lambda x: tf.reduce_sum(x**2, -1), tf.ones([2, 3, 2]),
      (tf.zeros([2, 3]), tf.zeros([2, 3, 2])), batch_dims=2)
  # The model's value is 2 and its gradient (2, 2): squares 4 and 8.
  np.testing.assert_allclose(
      terms.reduce(), 4 * weights[0] + 8 * weights[1], rtol=1e-6)
