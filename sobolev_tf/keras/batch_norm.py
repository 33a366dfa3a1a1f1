"""Batch normalisation, whose training mode couples the examples of a batch.

With the statistics of the batch an output depends on all inputs of the batch,
and the derivative that a tape gives at an example is that of the sum of all
outputs: not the derivative of the model that is used later, which takes the
moving statistics. Directly before a linear output it is exactly 0.
"""

import contextlib
import functools
import threading
from typing import Iterator
import warnings

import keras

_LOCK = threading.Lock()
_SETTING = threading.local()  # .freeze, .warn: inside `treated`
_users = 0  # contexts that are open, in all threads


class BatchStatisticsWarning(UserWarning):
  """A layer normalises by the batch while derivatives are matched."""


@contextlib.contextmanager
def treated(freeze: bool, warn: bool) -> Iterator[None]:
  """How this thread calls Keras's batch normalisation inside the context.

  Outside it, and in other threads, the layer is Keras's.

  Args:
    freeze: takes the moving statistics in training, too, and leaves them.
    warn: says so if a layer takes the batch's.
  """
  global _users
  layer = keras.layers.BatchNormalization
  with _LOCK:
    if not _users:
      layer.call = _with_settings(layer.call)
    _users += 1
  before = getattr(_SETTING, "now", None)
  _SETTING.now = freeze, warn
  try:
    yield
  finally:
    _SETTING.now = before
    with _LOCK:
      _users -= 1
      if not _users:
        layer.call = layer.call.__wrapped__


def _with_settings(original):
  """`BatchNormalization.call` that obeys the thread's settings."""
  @functools.wraps(original)
  def call(self, inputs, training=None, **kwargs):
    freeze, warn = getattr(_SETTING, "now", None) or (False, False)
    if freeze:
      training = False
    elif warn and training and self.trainable:
      warnings.warn(
          f"The layer '{self.name}' normalises by the statistics of the batch "
          "in training, so the derivatives that are matched are those of the "
          "whole batch and not those that predict_derivatives gives: use its "
          "moving statistics with SobolevModel(..., freeze_statistics=True), "
          "or set its trainable to False.", BatchStatisticsWarning,
          stacklevel=2)
    return original(self, inputs, training=training, **kwargs)
  return call
