"""Notices when a training diverges, and what diverged first."""

from typing import Dict, List, Mapping, Optional

from absl import logging
import numpy as np
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.training.xla import Metrics


class Watch(tf.Module):
  """Knows since which step each metric has not been finite, to the step."""

  def __init__(self, title: str):
    """Starts with nothing diverged.

    Args:
      title: of the training, for messages.
    """
    super().__init__()
    self._title = title
    self._since: Dict[str, tf.Variable] = {}  # steps done then; 0 for finite

  def observe(self, index: tf.Tensor, metrics: Metrics) -> Metrics:
    """Notes which metrics of a step are not finite.

    Args:
      index: the step's, int64 scalar.
      metrics: what it returned.

    Returns:
      The metrics.

    Raises:
      UserError: if there is no loss among them.
    """
    if not isinstance(metrics, Mapping) or "loss" not in metrics:
      raise errors.UserError(
          "A step must return its metrics by name, 'loss' among them, got "
          f"{metrics!r}.")
    for name, value in metrics.items():
      value = tf.convert_to_tensor(value)
      if value.dtype.is_floating:
        if name not in self._since:
          with tf.init_scope():
            self._since[name] = tf.Variable(
                tf.zeros(value.shape, tf.int64), trainable=False)
        since = self._since[name]
        since.assign(tf.where(
            tf.math.is_finite(value), tf.zeros_like(since),
            tf.where(since > 0, since, tf.cast(index, tf.int64) + 1)))
    return metrics

  def note(self, diverged_at: List[Optional[int]], loss: tf.Tensor) -> bool:
    """Notes which members of an ensemble have diverged.

    Args:
      diverged_at: per member, the step by which its loss was not finite, or
        None; empty before the first call. It is changed.
      loss: of the last step, a scalar or `[E]`.

    Returns:
      False if all members have.

    Raises:
      UserError: if a scalar loss is not finite.
    """
    since = {name: variable.numpy() for name, variable in self._since.items()}
    if np.ndim(loss) == 0 and not np.isfinite(loss):
      first = sorted((int(steps), name) for name, steps in since.items()
                     if np.ndim(steps) == 0 and steps)
      named = ", ".join(f"{name} from step {step} on" for step, name in first)
      raise errors.UserError(
          f"Training diverged: not finite are {named} ({self._title}); lower "
          "the learning rate, standardise the data or look for NaN in them.")
    finite = np.atleast_1d(np.isfinite(np.asarray(loss)))
    if not diverged_at:
      diverged_at.extend([None] * len(finite))
    for member in np.flatnonzero(~finite):
      if diverged_at[member] is None:
        step = int(np.atleast_1d(since["loss"])[member])
        diverged_at[member] = step
        logging.warning(
            "%s: the loss of member %d of %d is not finite from step %d on; "
            "the others are not affected.", self._title, member + 1,
            len(finite), step)
    return bool(finite.any())
