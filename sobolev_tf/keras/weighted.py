"""Metrics to which an example of weight 0 gives exactly nothing."""

import keras
import tensorflow as tf

from sobolev_tf.keras import comparison

# Keras chooses what these mean when it has seen the shapes; that is finite.
CHOSEN_LATER = ("accuracy", "acc")


class Weighted(keras.metrics.Metric):
  """A metric, given 0 beside 0 where the weight is 0.

  Keras's metrics multiply by the weight, and 0 times NaN is NaN: a model that
  is not finite at a point that does not count would show.
  """

  def __init__(self, metric: keras.metrics.Metric):
    """Wraps a metric, whose name and results it has."""
    super().__init__(name=metric.name)
    self.metric = metric

  def update_state(self, y_true, y_pred, sample_weight=None):
    """Adds a batch of vectors `[B, P]` with weights `[B]`."""
    if sample_weight is not None:
      y_true, y_pred = comparison.hide(
          tf.reshape(sample_weight, [-1, 1]) == 0, y_true, y_pred)
    return self.metric.update_state(y_true, y_pred, sample_weight)

  def result(self):
    """That of the metric."""
    return self.metric.result()

  def reset_state(self):
    """Resets the metric."""
    self.metric.reset_state()


def wrap(given):
  """A metric as `compile` takes it, wrapped."""
  if given is None or str(given).lower() in CHOSEN_LATER:
    return given
  metric = keras.metrics.get(given)
  if not isinstance(metric, keras.metrics.Metric):
    metric = keras.metrics.MeanMetricWrapper(metric)
  if isinstance(given, str):  # Keras logs it under the name it was given by
    metric.name = given
  return Weighted(metric)
