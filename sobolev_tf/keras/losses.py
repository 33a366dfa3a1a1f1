"""Losses of one order of derivative in Keras's form."""

from typing import Callable

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("sobolev_tf")
class SquaredError(keras.losses.Loss):
  """Squared L2 distance per example: a sum over entries, as in Section 4.1.

  Keras's own "mse" is a mean over entries and weighs derivatives less the more
  inputs there are.
  """

  def __init__(self, name: str = "squared_error", **kwargs):
    super().__init__(name=name, **kwargs)

  def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """`[B]` from two tensors `[B, ...]`."""
    squares = tf.math.squared_difference(y_pred, y_true)
    return tf.reduce_sum(
        tf.reshape(squares, [tf.shape(squares)[0], -1]), axis=1)


def per_example(loss) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
  """A Keras loss before its reduction: `[B]` from two tensors `[B, P]`.

  Args:
    loss: what `keras.losses.get` takes.

  Returns:
    A function of targets and predictions.
  """
  loss = keras.losses.get(loss)
  return loss.call if isinstance(loss, keras.losses.Loss) else loss


class MonitoredLoss(keras.metrics.Mean):
  """The loss of an order that is logged but not trained on.

  Named "loss", so that Keras logs it as it logs the others: "first_loss".
  """

  def __init__(self, loss, name: str = "loss"):
    """Wraps a loss.

    Args:
      loss: what `keras.losses.get` takes.
      name: as logged, behind the order's.
    """
    super().__init__(name=name)
    self._per_example = per_example(loss)

  def update_state(self, y_true, y_pred, sample_weight=None):
    """Adds a batch of vectors `[B, P]` with weights `[B]`."""
    values = self._per_example(y_true, y_pred)  # [B]
    if sample_weight is not None:
      values = tf.math.multiply_no_nan(  # as in the loss, 0 * NaN is 0
          values, tf.reshape(tf.cast(sample_weight, values.dtype), [-1]))
    return super().update_state(values)
