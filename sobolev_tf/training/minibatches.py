"""Minibatches by the index of a step, for an ensemble or a single model."""

from typing import Sequence

import tensorflow as tf

from sobolev_tf import errors


class Minibatches(tf.Module):
  """Positions of the minibatches of E members, epoch after epoch.

  In each epoch a member sees each of its N points once, in an order drawn
  from its seed and the epoch; what is left after the last whole minibatch is
  left out (other points every epoch). The order is a variable: checkpoint
  this module with the model.
  """

  def __init__(self, seeds: Sequence[int], count: int, batch_size: int):
    """Creates the permutations of the first epoch.

    Args:
      seeds: one per member; equal seeds give equal orders.
      count: number of points N of every member.
      batch_size: points per step; if there are not more, every step uses
        all points.

    Raises:
      UserError: if `batch_size` is below 1.
    """
    super().__init__()
    self._seeds = list(seeds)
    self._count = count
    self.batch_size = min(batch_size, count)
    if batch_size < 1:
      raise errors.UserError(f"batch_size must be >= 1, got {batch_size}.")
    self.order = tf.Variable(
        tf.zeros([len(self._seeds), count], tf.int32), trainable=False)

  def __call__(self, step: tf.Tensor, *tensors: tf.Tensor):
    """Takes the minibatch of a step.

    Args:
      step: index of the step (int64 scalar); steps must be taken in order.
      *tensors: `[E, N, ...]`.

    Returns:
      One tensor `[E, batch_size, ...]` per argument.
    """
    return self.take(self.rows(step), *tensors)

  def rows(self, step: tf.Tensor) -> tf.Tensor:
    """The positions of a step's points.

    Args:
      step: index of the step (int64 scalar); steps must be taken in order.

    Returns:
      int32 `[E, batch_size]`.
    """
    members = len(self._seeds)
    if self.batch_size == self._count:
      return tf.tile(tf.range(self._count)[None], [members, 1])
    steps_per_epoch = self._count // self.batch_size
    position = tf.cast(step % steps_per_epoch, tf.int32) * self.batch_size
    epoch = tf.cast(step // steps_per_epoch, tf.int32)

    def shuffle():
      orders = [
          tf.random.experimental.stateless_shuffle(
              tf.range(self._count), seed=tf.stack([seed, epoch]))
          for seed in self._seeds]
      return self.order.assign(tf.stack(orders))

    order = tf.cond(position == 0, shuffle, self.order.read_value)
    rows = order[:, position:position + self.batch_size]  # [E, batch]
    return tf.ensure_shape(rows, [members, self.batch_size])

  def take(self, rows: tf.Tensor, *tensors: tf.Tensor):
    """Takes the points at some positions.

    Args:
      rows: what `rows` returned.
      *tensors: `[E, N, ...]`.

    Returns:
      One tensor `[E, batch_size, ...]` per argument; where every step uses
      all points, the arguments.
    """
    if self.batch_size == self._count:
      return tensors
    return tuple(tf.gather(t, rows, batch_dims=1) for t in tensors)
