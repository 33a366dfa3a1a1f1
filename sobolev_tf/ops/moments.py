"""Mean and variance of which every derivative is right.

`tf.nn.moments` holds the mean inside the variance constant when it is
differentiated: exact once (that part of the gradient is 0), wrong the second
time, which lacks every term with d mean / dx.
"""

from typing import Callable, Optional, Sequence, Tuple

import tensorflow as tf


def moments(x: tf.Tensor, axes: Sequence[int], keepdims: bool = False,
            mean_of: Optional[Callable[[tf.Tensor], tf.Tensor]] = None
            ) -> Tuple[tf.Tensor, tf.Tensor]:
  """The mean m of x and its variance, the mean of (x - m)^2.

  Args:
    x: a tensor.
    axes: the axes over which is averaged.
    keepdims: whether they are kept with size 1.
    mean_of: averages over these axes, kept with size 1; None for
      `tf.reduce_mean`. Replicas average over all of them.

  Returns:
    Mean and variance.
  """
  if mean_of is None:
    def mean_of(values):
      return tf.reduce_mean(values, axes, keepdims=True)
  mean = mean_of(x)
  variance = mean_of((x - mean)**2)
  if keepdims:
    return mean, variance
  return tf.squeeze(mean, axes), tf.squeeze(variance, axes)
