"""Tests of the points and minibatches of Section 4.1."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors, functions
from sobolev_tf.data import regression as data_lib

STREAMS = ("train", "validation", "test")


def sample(name="booth", count=50, seed=0, stream="train"):
  return data_lib.sample(
      functions.by_name(name), count, seed=seed, stream=stream)


def orders(batches, steps, count):
  """Which points each step takes, `[E, steps, batch]`."""
  points = tf.tile(
      tf.range(count)[None], [batches.order.shape[0], 1])  # [E, N]
  return np.stack(
      [batches(tf.constant(s, tf.int64), points)[0] for s in range(steps)], 1)


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


def test_every_epoch_visits_every_point_once_in_a_new_order():
  taken = orders(data_lib.Minibatches([0, 1], 12, 4), 9, 12)
  epochs = taken.reshape(2, 3, 12)  # [E, epoch, N]
  np.testing.assert_array_equal(
      np.sort(epochs), np.broadcast_to(np.arange(12), epochs.shape))
  assert len(np.unique(epochs.reshape(6, 12), axis=0)) == 6


def test_equal_seeds_equal_orders_whatever_the_ensemble():
  many = orders(data_lib.Minibatches([5, 9, 5], 12, 3), 6, 12)
  alone = orders(data_lib.Minibatches([5], 12, 3), 6, 12)
  np.testing.assert_array_equal(many[0], alone[0])
  np.testing.assert_array_equal(many[2], alone[0])
  assert (many[1] != alone[0]).any()


def test_seeds_beyond_32_bits():
  big = 3_000_000_000
  taken = orders(data_lib.Minibatches([big, 0], 12, 4), 3, 12)
  np.testing.assert_array_equal(np.sort(taken.reshape(2, 12)),
                                [np.arange(12)] * 2)
  assert (taken[0] != taken[1]).any()


def test_graph_takes_the_same_batches():
  batches = data_lib.Minibatches([3], 8, 2)
  points = tf.range(8)[None]
  taken = tf.function(lambda step: batches(step, points)[0])
  in_graph = [taken(tf.constant(s, tf.int64)).numpy() for s in range(12)]
  eager = orders(data_lib.Minibatches([3], 8, 2), 12, 8)
  np.testing.assert_array_equal(np.concatenate(in_graph), eager[0])


def test_rows_of_all_tensors_stay_together():
  x = tf.reshape(tf.range(24.), [2, 6, 2])
  y = x[..., :1] * 10
  bx, by = data_lib.Minibatches([0, 1], 6, 3)(tf.constant(0, tf.int64), x, y)
  assert bx.shape == [2, 3, 2] and by.shape == [2, 3, 1]
  np.testing.assert_array_equal(by, bx[..., :1] * 10)
  assert (bx[0].numpy() < 12).all() and (bx[1].numpy() >= 12).all()


@pytest.mark.parametrize("batch_size", [6, 50])
def test_full_batch_is_everything(batch_size):
  x = tf.reshape(tf.range(12.), [1, 6, 2])
  batches = data_lib.Minibatches([0], 6, batch_size)
  assert batches.batch_size == 6
  for step in (0, 1, 7):
    np.testing.assert_array_equal(
        batches(tf.constant(step, tf.int64), x)[0], x)


def test_what_no_whole_batch_holds_is_left_out():
  batches = data_lib.Minibatches([0], 7, 3)
  x = tf.range(7)[tf.newaxis]
  epochs = [np.concatenate([
      batches(tf.constant(2 * epoch + i, tf.int64), x)[0][0] for i in (0, 1)])
      for epoch in range(30)]
  assert all(len(set(epoch)) == 6 for epoch in epochs)
  left_out = [set(range(7)) - set(epoch) for epoch in epochs]
  assert len(set.union(*left_out)) > 3


@pytest.mark.parametrize("batch_size", [0, -1])
def test_batch_of_no_points_is_refused(batch_size):
  with pytest.raises(errors.UserError, match="batch_size must be >= 1"):
    data_lib.Minibatches([0], 12, batch_size)


def test_order_is_the_state_a_checkpoint_needs():
  before = data_lib.Minibatches([4], 8, 2)
  expected = orders(before, 6, 8)[:, 2:]
  begun = data_lib.Minibatches([4], 8, 2)
  orders(begun, 2, 8)
  resumed = data_lib.Minibatches([4], 8, 2)
  resumed.order.assign(begun.order)
  points = tf.range(8)[None]
  taken = np.stack(
      [resumed(tf.constant(s, tf.int64), points)[0] for s in range(2, 6)], 1)
  np.testing.assert_array_equal(taken, expected)


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
