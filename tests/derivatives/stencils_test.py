"""Tests of one-sided differences, through `finite_differences`."""

import numpy as np
import pytest

from sobolev_tf import errors, from_black_box
from sobolev_tf.derivatives import finite_differences as fd

BOX = ((0., 0.), (2., 1.))


def roots(z):
  """Defined in the box only; smooth in x, and in y but for its border."""
  assert (z >= BOX[0]).all() and (z <= BOX[1]).all()
  return np.exp(z[:, :1]) * np.sin(1. + z[:, 1:]) + z[:, :1]**3 * z[:, 1:]**2


def exact(z):
  x, y = z[:, 0], z[:, 1]
  e, s, c = np.exp(x), np.sin(1 + y), np.cos(1 + y)
  first = np.stack([e * s + 3 * x**2 * y**2, e * c + 2 * x**3 * y], 1)
  xx, xy = e * s + 6 * x * y**2, e * c + 6 * x**2 * y
  yy = -e * s + 2 * x**3
  return first, np.stack([xx, xy, xy, yy], 1).reshape(-1, 2, 2)


CORNERS = np.array([
    [0., 0.], [2., 1.], [0., 1.], [2., 0.], [1., 0.], [0., .5], [1., .5],
    [1e-7, 1 - 1e-7]])


def test_derivatives_at_the_bounds():
  _, first, second = fd.finite_differences(roots, CORNERS, 2, bounds=BOX)
  expected = exact(CORNERS)
  np.testing.assert_allclose(first, expected[0], atol=1e-8)
  np.testing.assert_allclose(second, expected[1], atol=1e-5)
  np.testing.assert_array_equal(second, np.swapaxes(second, 1, 2))


def test_the_order_of_accuracy_is_kept():
  # Halving the step divides the error by 4, to the sides as in the middle.
  wrong = []
  for step in (.02, .01):
    _, first, second = fd.finite_differences(
        roots, CORNERS, 2, step=step, bounds=BOX)
    wrong.append([np.abs(first - exact(CORNERS)[0]).max(1),
                  np.abs(second - exact(CORNERS)[1]).max((1, 2))])
  ratio = np.array(wrong[0]) / wrong[1]
  assert (ratio > 3.5).all() and (ratio < 4.5).all(), ratio


def test_points_inside_are_differentiated_as_without_bounds():
  inside = np.array([[1., .5], [.3, .4]])
  for bounded, free in zip(
      fd.finite_differences(roots, inside, 2, bounds=BOX),
      fd.finite_differences(roots, inside, 2)):
    np.testing.assert_array_equal(bounded, free)


def test_vector_outputs_and_images():
  def function(z):  # [N, 2, 2] to [N, 2]
    return np.stack([z[:, 0, 0]**2 * z[:, 1, 1], np.sqrt(z[:, 0, 1])], 1)

  x = np.array([[[0., 1.], [.5, 1.]]])
  _, first, second = from_black_box(function, x, 2, bounds=(0., 1.))
  expected = np.zeros((1, 2, 2, 2))
  expected[0, 1, 0, 1] = .5
  np.testing.assert_allclose(first, expected, atol=1e-8)
  assert abs(second[0, 0, 0, 0, 0, 0] - 2.) < 1e-5
  assert abs(second[0, 1, 0, 1, 0, 1] + .25) < 1e-5


@pytest.mark.parametrize("bounds, message", [
    (((0., 0.), (.5, 1.)), "1 of 2 points are outside .* is point 0"),
    (3., r"bounds must be \(lower, upper\)"),
    (((0., 0., 0.), 1.), r"bounds must be \(lower, upper\)"),
    (((1., 0.), (1. + 1e-9, 1.)), "points are outside"),
])
def test_bad_bounds(bounds, message):
  x = np.array([[1., .5], [.3, .4]])
  with pytest.raises(errors.UserError, match=message):
    fd.finite_differences(lambda z: z[:, 0], x, bounds=bounds)


def test_no_room():
  with pytest.raises(errors.UserError, match="no room for 2 steps .* 1 of 1"):
    fd.finite_differences(
        lambda z: z[:, 0], np.array([[1e-9]]), bounds=(0., 2e-9))


def test_what_is_not_finite_is_answered_by_bounds():
  with (np.errstate(invalid="ignore"),
        pytest.raises(errors.UserError, match=r"bounds=\(lower, upper\)")):
    fd.finite_differences(lambda z: np.sqrt(z), np.array([[1e-8]]))
