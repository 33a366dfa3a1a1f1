"""Batch normalisation, whose training mode couples the examples of a batch.

With the statistics of the batch, an output depends on all inputs of the batch,
and the derivative that a tape gives at an example is that of the sum of all
outputs: not the derivative of the model that is used later, which takes the
moving statistics. Directly before a linear output it is exactly 0.
"""

import contextlib
import threading
from typing import Iterator
import warnings

_SETTING = threading.local()  # .freeze, .warn: inside `treated`


class BatchStatisticsWarning(UserWarning):
  """A layer normalises by the batch while derivatives are matched."""


@contextlib.contextmanager
def treated(freeze: bool, warn: bool) -> Iterator[None]:
  """How this thread calls batch normalisation while derivatives are matched.

  Args:
    freeze: takes the moving statistics in training, too, and leaves them.
    warn: says so if a layer takes the batch's.
  """
  before = vars(_SETTING).copy()
  _SETTING.freeze, _SETTING.warn = freeze, warn
  try:
    yield
  finally:
    vars(_SETTING).clear()
    vars(_SETTING).update(before)


def call(original, layer, inputs, training=None, **kwargs):
  """`keras.layers.BatchNormalization.call` inside `substitution.corrected`."""
  if training and layer.trainable:
    if getattr(_SETTING, "freeze", False):
      training = False
    elif getattr(_SETTING, "warn", False):
      warnings.warn(
          f"The layer '{layer.name}' normalises by the statistics of the batch "
          "in training, so the derivatives that are matched are those of the "
          "whole batch and not those that predict_derivatives gives: use its "
          "moving statistics with SobolevModel(..., freeze_statistics=True), "
          "or set its trainable to False.", BatchStatisticsWarning,
          stacklevel=2)
  return original(layer, inputs, training=training, **kwargs)
