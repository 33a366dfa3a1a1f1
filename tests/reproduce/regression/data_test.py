"""Tests of the points of Section 4.1."""

import numpy as np
import pytest

from reproduce.regression import data as data_lib
from sobolev_tf import errors, functions

STREAMS = ("train", "validation", "test")


def sample(name="booth", count=50, seed=0, stream="train"):
  return data_lib.sample(
      functions.by_name(name), count, seed=seed, stream=stream)


@pytest.mark.parametrize("name", functions.FUNCTIONS)
def test_inside_the_domain_and_all_over_it(name):
  x = sample(name, 500).x
  low, high = np.array(functions.by_name(name).domain).T
  assert x.shape == (500, 2)
  assert (low <= x).all() and (x <= high).all()
  # Of 500 points the outermost lie within 5 % of the ends, but for 1e-11.
  assert (x.min(0) < low + .05 * (high - low)).all()
  assert (x.max(0) > high - .05 * (high - low)).all()


def test_values_and_gradients_belong_to_the_points():
  data = sample("booth")
  x, y = data.x.T
  assert data.y.shape == (50, 1) and data.y.dtype == np.float64
  np.testing.assert_allclose(
      data.y[:, 0], 5*x*x + 5*y*y + 8*x*y - 34*x - 38*y + 74, atol=1e-10)
  np.testing.assert_allclose(
      data.dy_dx, np.stack([10*x + 8*y - 34, 8*x + 10*y - 38], 1), atol=1e-10)


def test_same_arguments_same_points():
  np.testing.assert_array_equal(sample().x, sample().x)
  np.testing.assert_array_equal(sample().dy_dx, sample().dy_dx)


def test_streams_seeds_sizes_and_functions_share_no_coordinate():
  draws = [sample(seed=seed, stream=stream).x
           for seed in (0, 1, 2) for stream in STREAMS]
  draws += [sample(count=20).x, sample("rosenbrock").x]
  everything = np.concatenate([draw.ravel() for draw in draws])
  assert len(np.unique(everything)) == len(everything)


@pytest.mark.parametrize("count", [0, -3])
def test_no_points(count):
  with pytest.raises(errors.UserError) as error:
    sample(count=count)
  assert str(error.value) == (
      f"A data set needs at least 1 point, got {count}.")


def test_stack():
  first, second = sample(seed=0), sample("bukin", seed=1)
  both = data_lib.stack([first, second])
  assert both.x.shape == (2, 50, 2) and both.y.shape == (2, 50, 1)
  np.testing.assert_array_equal(both.dy_dx[1], second.dy_dx)


def test_hessians_on_request_at_the_same_points():
  booth = functions.by_name("booth")
  first, second = (data_lib.sample(
      booth, 5, seed=3, stream="train", order=order)
                   for order in (1, 2))
  assert first.d2y_dx2 is None
  for name in ("x", "y", "dy_dx"):
    np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
  # (x + 2y - 7)² + (2x + y - 5)²
  np.testing.assert_allclose(
      second.d2y_dx2, np.broadcast_to([[10., 8.], [8., 10.]], (5, 2, 2)),
      rtol=1e-12)
  assert data_lib.stack([second, second]).d2y_dx2.shape == (2, 5, 2, 2)
  assert data_lib.stack([first, first]).d2y_dx2 is None
