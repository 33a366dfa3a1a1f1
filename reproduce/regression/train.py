"""Section 4.1's training: one ensemble, with and without derivatives.

Trains one member per (function, seed) pair on values alone ("regular"), on
values and gradients ("sobolev"), or on Hessians, too, whole or projected on
random directions. All methods share data, initial weights and minibatches, so
that they can be compared seed by seed.
"""

from typing import NamedTuple, Sequence

from configs import regression
from reproduce.regression import data, fit
from sobolev_tf import errors, functions, losses
from sobolev_tf.losses import terms

# The regular loss: the order-0 term of the Sobolev loss and nothing else.
VALUES_ONLY = terms.Orders((losses.squared_error,), (1.,))


class Member(NamedTuple):
  """What one member of the ensemble learns, and its seed."""
  function: functions.BenchmarkFunction
  seed: int


def train(members: Sequence[Member], count: int, method: str,
          settings: regression.Settings, **options) -> fit.Trained:
  """Trains one ensemble with one method on one size of training set.

  Args:
    members: the functions and seeds.
    count: number of training points of each member.
    method: a name in `configs.regression.METHODS`; those of order 2 need an
      activation that is smooth.
    settings: how to train.
    **options: `folder`, `log_folder`, `title`, `chunk`, `checkpoint_every`,
      `measure` and `measure_every` of `fit.fit`.

  Returns:
    The trained ensemble.

  Raises:
    UserError: if an argument is out of range.
    Interrupted: if a signal asked to stop.
  """
  if method not in regression.METHODS:
    raise errors.UserError(
        f"method must be one of {', '.join(regression.METHODS)}, got "
        f"'{method}'.")
  settings.check()
  order = regression.METHODS[method].order
  if order > 1 and settings.activation not in regression.SMOOTH:
    raise errors.UserError(
        f"{method} needs a smooth network, because the second derivative of a "
        "ReLU network is 0: set activation to "
        f"{' or '.join(regression.SMOOTH)}.")
  seeds = [member.seed for member in members]
  return fit.fit(
      [data.sample(member.function, count, seed=member.seed, stream="train",
                   order=max(order, 1)) for member in members],
      [member.function.domain for member in members], seeds,
      _loss(method, settings), settings, order=order,
      learning_rate=settings.learning_rate(method),
      identity={"method": method, "count": count, "members": [
          (member.function.name, member.seed) for member in members]},
      **options)


def _loss(method: str, settings: regression.Settings) -> fit.Loss:
  """Eq. 1 with squared errors, up to the method's order."""
  order, stochastic = regression.METHODS[method]
  if order == 0:
    return lambda network, seed, x, y: terms.compare(
        [y], [network(x)], VALUES_ONLY, batch_dims=2).reduce()
  weights = (1.,) + (settings.derivative_weight,) * order
  if stochastic:
    projected = losses.StochasticSobolevLoss(order, weights=weights)

    return lambda network, seed, x, *targets: projected(
        network, x, targets, seed, batch_dims=2).reduce()
  exact = losses.SobolevLoss(
      order, weights=weights,
      differentiate=regression.GRADIENTS[settings.gradients])
  return lambda network, seed, x, *targets: exact(
      network, x, targets, batch_dims=2).reduce()
