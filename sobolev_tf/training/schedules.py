"""Learning rates that fall in stages, as functions of the step."""

from typing import Callable, Sequence

import tensorflow as tf

Schedule = Callable[[tf.Tensor], tf.Tensor]


def staircase(initial: float, boundaries: Sequence[int],
              factor: float) -> Schedule:
  """A rate that is multiplied by a factor at given steps.

  Args:
    initial: its value at step 0.
    boundaries: the steps from which one factor more applies, ascending.
    factor: what it is multiplied by at each of them.

  Returns:
    A function of the step count (int64 scalar).
  """
  edges = tf.constant(list(boundaries), tf.int64)

  def rate(step):
    passed = tf.reduce_sum(tf.cast(tf.cast(step, tf.int64) >= edges, tf.int32))
    return initial * tf.pow(tf.constant(factor, tf.float32),
                            tf.cast(passed, tf.float32))
  return rate


def halving(initial: float, every: int) -> Schedule:
  """A rate that is halved at regular intervals.

  Args:
    initial: its value at step 0.
    every: number of steps between halvings.

  Returns:
    A function of the step count.
  """
  return lambda step: initial * tf.pow(
      .5, tf.cast(tf.cast(step, tf.int64) // every, tf.float32))
