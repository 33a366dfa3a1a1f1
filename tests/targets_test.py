"""Tests of target derivatives from functions, arrays and black boxes."""

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import derivatives, errors, functions, targets


def points(count=5, size=2, dtype=np.float64):
  return np.random.default_rng(0).normal(size=(count, size)).astype(dtype)


def test_from_function_by_hand():
  # f = x² y at (3, -2).
  value, first, second = targets.from_function(
      lambda p: p[:, 0]**2 * p[:, 1], tf.constant([[3., -2.]]), order=2)
  np.testing.assert_array_equal(value, [-18])
  np.testing.assert_array_equal(first, [[-12, 9]])
  np.testing.assert_array_equal(second, [[[-4, 6], [6, 0]]])


@pytest.mark.parametrize("out", [1, 3])
def test_no_gradient_leaks_into_the_teacher(out):
  teacher = snt.nets.MLP([4, out], activation=tf.tanh)
  x = tf.constant(points())
  teacher(x)
  with tf.GradientTape() as tape:
    tape.watch(x)
    total = tf.add_n([
        tf.reduce_sum(t) for t in targets.from_function(teacher, x, 2)])
  assert len(teacher.trainable_variables) == 4
  assert tape.gradient(total, [*teacher.trainable_variables, x]) == [None] * 5


def test_from_function_of_an_ensemble():
  x = tf.constant(np.random.default_rng(1).normal(size=(2, 3, 2)))
  scale = tf.constant([1., 10.], tf.float64)[:, None]
  value, first = targets.from_function(
      lambda p: scale * p[..., 0] * p[..., 1], x, batch_dims=2)
  np.testing.assert_allclose(value, scale * x[..., 0] * x[..., 1])
  np.testing.assert_allclose(first, scale[..., None] * x.numpy()[..., ::-1])


# The shapes of value, first and second derivatives.
GOOD = {
    "scalar": ((5,), (5, 2), (5, 2, 2)),
    "column": ((5, 1), (5, 2), (5, 2, 2)),
    "vector": ((5, 3), (5, 3, 2), (5, 3, 2, 2)),
}


@pytest.mark.parametrize("name", GOOD)
def test_from_arrays_keeps_numbers_and_takes_the_type_of_x(name):
  arrays = [np.random.default_rng(2).normal(size=s) for s in GOOD[name]]
  for count in (1, 2, 3):
    results = targets.from_arrays(points(dtype=np.float32), arrays[:count])
    assert len(results) == count
    for result, array in zip(results, arrays):
      assert result.dtype == tf.float32
      np.testing.assert_array_equal(result, array.astype(np.float32))


def test_from_arrays_of_images_and_ensembles():
  shapes = (4, 3), (4, 3, 2, 2, 1)
  first = targets.from_arrays(
      np.ones([4, 2, 2, 1]), [np.ones(s) for s in shapes])[1]
  assert first.shape == shapes[1]
  shapes = (2, 4, 1), (2, 4, 3)
  first = targets.from_arrays(
      np.ones([2, 4, 3]), [np.ones(s) for s in shapes], batch_dims=2)[1]
  assert first.shape == shapes[1]


def test_from_arrays_lets_missing_numbers_through():
  first = np.full([5, 2], np.nan)
  assert np.isnan(targets.from_arrays(points(), [np.ones(5), first])[1]).all()


@pytest.mark.parametrize("shapes, message", [
    ([], "arrays is empty"),
    ([(4,)], r"returned the shape \(4,\) for points of shape \(5, 2\)"),
    ([()], r"returned the shape \(\)"),
    ([(5,), (5,)], r"order 1 has the shape \(5,\).* need \(5, 2\)"),
    ([(5,), (5, 3)], r"order 1 has the shape \(5, 3\).* need \(5, 2\)"),
    ([(5,), (4, 2)], r"order 1 has the shape \(4, 2\).* need \(5, 2\)"),
    # The axis of a column output is left out.
    ([(5, 1), (5, 1, 2)], r"order 1 has .*\(5, 1, 2\).* need \(5, 2\)"),
    ([(5, 3), (5, 2)], r"order 1 has the shape \(5, 2\).* need \(5, 3, 2\)"),
    ([(5, 3), (5, 2, 3)], r"order 1 has .*\(5, 2, 3\).* need \(5, 3, 2\)"),
    ([(5,), (5, 2), (5, 2)], r"order 2 has .*\(5, 2\).* need \(5, 2, 2\)"),
    ([(5,), (5, 2), (5, 4)], r"order 2 has .*\(5, 4\).* need \(5, 2, 2\)"),
])
def test_from_arrays_of_the_wrong_shape(shapes, message):
  with pytest.raises(errors.UserError, match=message):
    targets.from_arrays(points(), [np.ones(s) for s in shapes])


def test_integer_points_do_not_truncate_the_targets():
  x = np.array([[1, 2], [3, 4]])
  with pytest.raises(errors.UserError, match="floating"):
    targets.from_arrays(x, [np.array([0.5, 1.5])])
  with pytest.raises(errors.UserError, match="floating"):
    targets.from_black_box(lambda p: np.sin(p[:, 0]), x)


@pytest.mark.parametrize("name", ["mccormick", "styblinski_tang"])
def test_black_box_equals_automatic_differentiation(name):
  f, x = functions.by_name(name), points()
  box = targets.from_black_box(
      lambda p: f(p).numpy(), tf.constant(x), order=2)
  exact = targets.from_function(f, tf.constant(x), order=2)
  np.testing.assert_array_equal(box[0], exact[0])
  # Central differences in float64: about 1e-10 and 1e-7 of the numbers, which
  # are of order 10 (finite_differences_test goes into it).
  np.testing.assert_allclose(box[1], exact[1], rtol=1e-8, atol=1e-8)
  np.testing.assert_allclose(box[2], exact[2], rtol=1e-5, atol=1e-5)


def test_black_box_with_several_outputs_in_float32():
  x = points(dtype=np.float32)
  value, first = targets.from_black_box(
      lambda p: np.stack([np.sin(p[:, 0]), p[:, 1]**2, 0 * p[:, 0]], 1), x)
  assert value.dtype == first.dtype == tf.float32
  a, b = x.T
  expected = np.stack([np.cos(a), 0 * a, 0 * a, 2 * b, 0 * a, 0 * a], 1)
  np.testing.assert_allclose(first, expected.reshape(5, 3, 2), atol=1e-6)


def test_black_box_options_and_errors():
  x = points()
  steps = []

  def box(p):
    steps.append(p)
    return p[:, 0]

  targets.from_black_box(box, x, step=0.25)
  assert np.max(abs(steps[0].reshape(-1, 5, 2) - x)) == pytest.approx(0.25)
  with pytest.raises(errors.UserError, match="order must be 1 or 2"):
    targets.from_black_box(box, x, order=3)
  with pytest.raises(errors.UserError, match="one row per point"):
    targets.from_black_box(lambda p: p[:1], x)


def test_check_derivative_returns_the_array():
  x = tf.constant(points())
  y = derivatives.value_and_derivatives(tf.sin, x, 0)[0]
  array = np.random.default_rng(3).normal(size=(5, 2, 2))
  np.testing.assert_array_equal(
      targets.check_derivative(array, y, x, 1), array)
  with pytest.raises(errors.UserError, match=r"need \(5, 2, 2\)"):
    targets.check_derivative(array[0], y, x, 1)
