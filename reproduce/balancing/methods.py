"""The methods of `configs.balancing`, as the library's balancings."""

from typing import Optional, Sequence

import numpy as np

from configs import balancing as config_lib
from sobolev_tf import errors, losses
from sobolev_tf.losses import balancing, prefactors


def make(method: str, strength: float, targets: Sequence[np.ndarray],
         rate: prefactors.Rate, every: int = 1
         ) -> Optional[balancing.Balancing]:
  """A method's balancing for an ensemble, each member with its own state.

  Args:
    method: a key of `configs.balancing.METHODS`.
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
  if method == "eq1":
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
      f"method must be one of {', '.join(config_lib.METHODS)}, got "
      f"'{method}'.")
