"""The Euclidean norm, with derivatives 0 at 0."""

from typing import Sequence, Union

import tensorflow as tf


def norm(x: tf.Tensor, axis: Union[None, int, Sequence[int]] = None,
         keepdims: bool = False) -> tf.Tensor:
  """sqrt(sum x^2), as `tf.norm`, whose gradient at x = 0 is NaN.

  At 0, where the norm has a kink, every derivative is taken as 0: the
  subgradient of least length, and the mean over all directions.

  Args:
    x: a tensor.
    axis: the axes that are summed over; None for all.
    keepdims: whether they are kept with size 1.

  Returns:
    The norms.
  """
  squared = tf.reduce_sum(tf.square(x), axis, keepdims=keepdims)
  return sqrt(squared)


def sqrt(x: tf.Tensor) -> tf.Tensor:
  """The square root, with derivatives 0 at 0; NaN stays NaN."""
  zero = tf.equal(x, 0)
  # Both branches of tf.where are differentiated: the root must not see the 0.
  root = tf.sqrt(tf.where(zero, tf.ones_like(x), x))
  return tf.where(zero, tf.zeros_like(x), root)
