"""Loss functions l_j(target, prediction) for one order of derivative.

Each takes a target and a prediction `[N, P]` (the P entries of one order of
derivative, flattened, of N examples) and an optional weight `[N, P]`, and
returns one number per example `[N]`. Any function of that form can be given
to the loss builders. There is no factor 1/2 and no mean over entries: Eq. 1's
squared L2 norm is a sum.
"""

from typing import Callable, Optional

import tensorflow as tf

PointwiseLoss = Callable[
    [tf.Tensor, tf.Tensor, Optional[tf.Tensor]], tf.Tensor]


def squared_error(target: tf.Tensor, prediction: tf.Tensor,
                  weight: Optional[tf.Tensor] = None) -> tf.Tensor:
  """Squared L2 distance, sum_p w_p (prediction_p - target_p)^2 (Section 4.1).

  Args:
    target: `[N, P]`.
    prediction: `[N, P]`.
    weight: `[N, P]`, or None for ones.

  Returns:
    `[N]`.
  """
  squares = tf.math.squared_difference(prediction, target)  # [N, P]
  if weight is not None:
    squares *= weight
  return tf.reduce_sum(squares, axis=-1)


def norm(target: tf.Tensor, prediction: tf.Tensor,
         weight: Optional[tf.Tensor] = None) -> tf.Tensor:
  """L2 distance, not squared (Section 4.2); its gradient at 0 is 0.

  Args:
    target: `[N, P]`.
    prediction: `[N, P]`.
    weight: `[N, P]`, or None for ones.

  Returns:
    `[N]`.
  """
  squared = squared_error(target, prediction, weight)
  present = tf.not_equal(squared, 0)  # NaN stays NaN
  root = tf.sqrt(tf.where(present, squared, tf.ones_like(squared)))
  return tf.where(present, root, tf.zeros_like(root))


def absolute_error(target: tf.Tensor, prediction: tf.Tensor,
                   weight: Optional[tf.Tensor] = None) -> tf.Tensor:
  """L1 distance, sum_p w_p |prediction_p - target_p|.

  Args:
    target: `[N, P]`.
    prediction: `[N, P]`.
    weight: `[N, P]`, or None for ones.

  Returns:
    `[N]`.
  """
  distances = tf.abs(prediction - target)  # [N, P]
  if weight is not None:
    distances *= weight
  return tf.reduce_sum(distances, axis=-1)
