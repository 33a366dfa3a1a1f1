"""Tests of minibatches."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.training.minibatches import Minibatches


def orders(batches, steps, count):
  """Which points each step takes, `[E, steps, batch]`."""
  points = tf.tile(
      tf.range(count)[None], [batches.order.shape[0], 1])  # [E, N]
  return np.stack(
      [batches(tf.constant(s, tf.int64), points)[0] for s in range(steps)], 1)


def test_every_epoch_visits_every_point_once_in_a_new_order():
  taken = orders(Minibatches([0, 1], 12, 4), 9, 12)
  epochs = taken.reshape(2, 3, 12)  # [E, epoch, N]
  np.testing.assert_array_equal(
      np.sort(epochs), np.broadcast_to(np.arange(12), epochs.shape))
  assert len(np.unique(epochs.reshape(6, 12), axis=0)) == 6


def test_equal_seeds_equal_orders_whatever_the_ensemble():
  many = orders(Minibatches([5, 9, 5], 12, 3), 6, 12)
  alone = orders(Minibatches([5], 12, 3), 6, 12)
  np.testing.assert_array_equal(many[0], alone[0])
  np.testing.assert_array_equal(many[2], alone[0])
  assert (many[1] != alone[0]).any()


def test_seeds_beyond_32_bits():
  big = 3_000_000_000
  taken = orders(Minibatches([big, 0], 12, 4), 3, 12)
  np.testing.assert_array_equal(np.sort(taken.reshape(2, 12)),
                                [np.arange(12)] * 2)
  assert (taken[0] != taken[1]).any()


def test_graph_takes_the_same_batches():
  batches = Minibatches([3], 8, 2)
  points = tf.range(8)[None]
  taken = tf.function(lambda step: batches(step, points)[0])
  in_graph = [taken(tf.constant(s, tf.int64)).numpy() for s in range(12)]
  eager = orders(Minibatches([3], 8, 2), 12, 8)
  np.testing.assert_array_equal(np.concatenate(in_graph), eager[0])


def test_rows_of_all_tensors_stay_together():
  x = tf.reshape(tf.range(24.), [2, 6, 2])
  y = x[..., :1] * 10
  bx, by = Minibatches([0, 1], 6, 3)(tf.constant(0, tf.int64), x, y)
  assert bx.shape == [2, 3, 2] and by.shape == [2, 3, 1]
  np.testing.assert_array_equal(by, bx[..., :1] * 10)
  assert (bx[0].numpy() < 12).all() and (bx[1].numpy() >= 12).all()


@pytest.mark.parametrize("batch_size", [6, 50])
def test_full_batch_is_everything(batch_size):
  x = tf.reshape(tf.range(12.), [1, 6, 2])
  batches = Minibatches([0], 6, batch_size)
  assert batches.batch_size == 6
  for step in (0, 1, 7):
    np.testing.assert_array_equal(
        batches(tf.constant(step, tf.int64), x)[0], x)


def test_what_no_whole_batch_holds_is_left_out():
  batches = Minibatches([0], 7, 3)
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
    Minibatches([0], 12, batch_size)


def test_order_is_the_state_a_checkpoint_needs():
  before = Minibatches([4], 8, 2)
  expected = orders(before, 6, 8)[:, 2:]
  begun = Minibatches([4], 8, 2)
  orders(begun, 2, 8)
  resumed = Minibatches([4], 8, 2)
  resumed.order.assign(begun.order)
  points = tf.range(8)[None]
  taken = np.stack(
      [resumed(tf.constant(s, tf.int64), points)[0] for s in range(2, 6)], 1)
  np.testing.assert_array_equal(taken, expected)
