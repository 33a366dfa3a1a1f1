"""The methods of `configs.balancing`, as the library's balancings and losses.
"""

from typing import Callable, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf

from configs import balancing as config_lib
from sobolev_tf import errors, losses
from sobolev_tf.losses import balancing, pointwise, prefactors

# By method, what makes a loss of its strength.
_ROBUST: Mapping[str, Callable[[float], pointwise.PointwiseLoss]] = {
    "huber": losses.huber, "relative": losses.relative,
    "capped": lambda strength: losses.capped(strength**2)}


def make(method: str, strength: float, targets: Sequence[np.ndarray],
         rate: prefactors.Rate, every: int = 1
         ) -> Optional[balancing.Balancing]:
  """A method's balancing for an ensemble, each member with its own state.

  Args:
    method: a key of `configs.balancing.ALL_METHODS`.
    strength: the method's own; of no account if it has none.
    targets: values `[E, N, *out]` and first derivatives
      `[E, N, *out, *event]` of the E members' training sets, as the loss
      compares them; NaN where there is none.
    rate: the learning rate as a function of the step count.
    every: steps between SoftAdapt's looks at the rates of decrease: those of
      an epoch.

  Returns:
    The balancing; None for values alone.

  Raises:
    UserError: if there is no such method.
  """
  values, entries = (int(np.prod(np.shape(t)[2:])) for t in targets)
  known = [np.isfinite(t) for t in targets]
  if method == "values":
    return None
  if method == "eq1" or method in _ROBUST:
    return balancing.Constant((1., 1.))
  if method == "constant":
    return balancing.Constant((1., strength))
  if method == "prefactors":
    return losses.Prefactors((1., strength), (1., 1.), rate)
  if method == "z-score":
    return losses.standardise(
        targets, (1. / values, strength / entries), batch_dims=2,
        entry_weights=known)
  if method == "huge-savine":
    return losses.huge_savine(
        targets, strength, batch_dims=2, entry_weights=known)
  if method == "likelihood":
    return losses.ProfiledLikelihood()
  if method == "soft-adapt":
    return losses.SoftAdapt(
        beta=strength, every=every, members=len(targets[0]))
  raise errors.UserError(
      f"method must be one of {', '.join(config_lib.ALL_METHODS)}, got "
      f"'{method}'.")


def compared(method: str, strength: float, dy_dx: np.ndarray
             ) -> Tuple[pointwise.PointwiseLoss, pointwise.PointwiseLoss]:
  """The losses of value and gradient: squared errors, or a robust term.

  Args:
    method: a key of `configs.balancing.ALL_METHODS`.
    strength: the method's own; of no account if it has none.
    dy_dx: first derivatives `[E, N, ...]` of the E members' training sets. A
      member's unit is the median of their norms over its N examples, without
      those that hold NaN.

  Returns:
    One loss per order, of all members' examples.
  """
  if method not in _ROBUST:
    return losses.squared_error, losses.squared_error
  sizes = np.linalg.norm(
      np.reshape(dy_dx, [*dy_dx.shape[:2], -1]), axis=-1)  # [E, N]
  return losses.squared_error, _in_units(
      _ROBUST[method](strength), np.nanmedian(sizes, 1))


def _in_units(loss: pointwise.PointwiseLoss, units: np.ndarray
              ) -> pointwise.PointwiseLoss:
  """unit^2 l(target / unit, prediction / unit), with a unit per member `[E]`.

  So a loss that is a squared error near 0 stays one.
  """
  def scaled(target: tf.Tensor, prediction: tf.Tensor,
             weight: Optional[tf.Tensor] = None) -> tf.Tensor:
    unit = tf.repeat(tf.constant(units, target.dtype),
                     tf.shape(target)[0] // len(units))  # [E * B]
    return unit**2 * loss(
        target / unit[:, None], prediction / unit[:, None], weight)
  return scaled
