"""Which example made a loss infinite or NaN, in a sentence."""

import contextlib
from typing import Callable, Dict, Iterator, Optional

import numpy as np
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.keras import tensors


class Mistake:
  """Holds the error of a step until TensorFlow has returned from it."""

  def __init__(self):
    """No error."""
    self._error: Optional[errors.UserError] = None

  def note(self, error: errors.UserError) -> None:
    """Takes an error."""
    self._error = error

  @contextlib.contextmanager
  def raised(self) -> Iterator[None]:
    """Raises the error that was noted inside, without TensorFlow's wrapping."""
    try:
      yield
    except tf.errors.OpError as wrapped:
      error, self._error = self._error, None
      if tensors.ONE_EACH in str(wrapped):
        error = errors.UserError(tensors.ONE_EACH)
      if error is None:
        raise
      raise error from None


def check(loss: tf.Tensor, x: tf.Tensor, targets: Dict[str, tf.Tensor],
          predictions: Dict[str, tf.Tensor],
          report: Callable[[errors.UserError], None]) -> tf.Tensor:
  """Stops at a loss that is not finite, before it reaches the weights.

  A look at one number per step; the rest runs where that is not finite.

  Args:
    loss: of a batch, `[]`.
    x: points `[B, *event]`.
    targets: `[B, P]` by the orders' names, 0 where they do not count.
    predictions: `[B, P]`, like the targets.
    report: takes the error, which TensorFlow would wrap in another.

  Returns:
    1, the gradient of the loss by itself: it waits for the check, and with it
    all that flows back from it.
  """
  names = list(targets)

  def stop():
    def tell(x, *compared):
      count = len(names)
      error = errors.UserError(_sentence(
          x.numpy(), {name: (t.numpy(), p.numpy()) for name, t, p in zip(
              names, compared[:count], compared[count:])}))
      report(error)
      raise error
    return tf.py_function(
        tell, [x, *targets.values(), *predictions.values()], tf.bool)

  looked_at = tf.cond(tf.math.is_finite(loss), lambda: True, stop)
  with tf.control_dependencies([looked_at]):
    return tf.ones_like(loss)


def _sentence(x: np.ndarray, compared: Dict) -> str:
  """The first example, and its lowest order, that is not finite."""
  bad = {(name, what): ~np.isfinite(array).all(axis=1)
         for name, pair in compared.items()
         for what, array in zip(("target", "prediction"), pair)}
  where = [np.flatnonzero(rows)[0] for rows in bad.values() if rows.any()]
  if not where:
    return ("The loss is not finite although all values and derivatives are: "
            "look for a sample_weight that is NaN or infinite; without one, "
            "they are too large for it: scale the targets, or lower the "
            "learning rate if the loss has grown over the steps.")
  first = min(where)
  name, what = next(key for key, rows in bad.items() if rows[first])
  of = "value" if name == "value" else f"'{name}'"
  point = np.array2string(np.ravel(x[first])[:6], precision=4)
  if what == "target":
    return (f"The target of the {of} is infinite at example {first} of the "
            f"batch, x = {point}: mark it as missing with NaN.")
  return (
      f"The model's {of} is not finite at example {first} of the batch, "
      f"x = {point}: set the target there to NaN, which leaves it out; if the "
      "loss was finite at first and has grown, lower the learning rate; in "
      "float16, whose numbers end at 65504, use mixed_bfloat16.")
