"""A unit for every partial derivative, taken from the targets.

A channel is one entry of the value or of a derivative. Dividing its error by a
scale makes channels comparable, whatever the units of inputs and outputs: if
x -> a x and y -> b y, nothing changes.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.derivatives import shapes
from sobolev_tf.losses import arguments, balancing


class _Spread(NamedTuple):
  """Of the channels of one order, positive, `[1, *channels]`.

  Attributes:
    deviation: standard deviation; where it is 0, the root mean square.
    root_mean_square: where it is 0, or all targets are missing, 1.
  """
  deviation: np.ndarray
  root_mean_square: np.ndarray


class ChannelScales(balancing.Balancing):
  """l_j(target / s_j, prediction / s_j), then weighed as `weights` says.

  Costs one division per entry.
  """

  def __init__(self, scales: Sequence[np.ndarray],
               weights: balancing.Weights = None, name: Optional[str] = None):
    """Fixes the scales.

    Args:
      scales: K + 1 arrays that broadcast to the targets' shapes, positive:
        `[1, *channels]` say. With `StochasticSobolevLoss` to those of the
        projections.
      weights: of the orders that are so scaled: numbers, None for ones, or
        another balancing.
      name: the module's name.

    Raises:
      UserError: if a scale is not positive, or numbers do not fit.
    """
    order = len(arguments.check_sequence("scales", scales)) - 1
    super().__init__(order, name)
    if not isinstance(weights, balancing.Balancing):
      weights = balancing.Constant(balancing.check_weights(weights, order))
    elif weights.order != order:
      raise errors.UserError(
          f"weights are for order {weights.order}, but there are scales for "
          f"order {order}.")
    self._inner = weights
    self.by_channel = weights.by_channel
    self.scales = []
    for j, given in enumerate(scales):
      scale = tf.cast(
          shapes.to_tensor(given, f"scales[{j}]", tf.float64), tf.float64)
      if not np.all((scale > 0) & tf.math.is_finite(scale)):
        raise errors.UserError(
            f"scales[{j}] must be positive and finite everywhere.")
      self.scales.append(tf.Variable(scale, trainable=False, name="scale"))

  def scale(self, order: int, dtype: tf.DType) -> Optional[tf.Tensor]:
    """The order's scales."""
    return tf.cast(self.scales[order], dtype)

  def weights(self, means: Sequence[tf.Tensor]
              ) -> Tuple[balancing.Weight, ...]:
    """Those of the balancing inside."""
    return self._inner.weights(means)

  def objective(self, means: Sequence[tf.Tensor]) -> tf.Tensor:
    """That of the balancing inside."""
    return self._inner.objective(means)

  def update(self, means: Sequence[tf.Tensor]) -> None:
    """Updates the balancing inside."""
    self._inner.update(means)

  def get_config(self) -> Dict[str, Any]:
    """The arguments that make another like it, without the state inside."""
    inner = self._inner
    return {"scales": [scale.numpy() for scale in self.scales],
            "weights": inner.get_config()["weights"] if isinstance(
                inner, balancing.Constant) else inner}


def standardise(targets: Sequence[np.ndarray],
                weights: balancing.Weights = None, *, batch_dims: int = 1,
                sample_weight: Optional[np.ndarray] = None,
                entry_weights: Optional[Sequence] = None) -> ChannelScales:
  """Channel z-scores: every channel is divided by its standard deviation.

    s_k^2 = mean_i (t_ik - mean_i t_ik)^2

  over the examples i. (The mean that a z-score subtracts drops out of a
  difference.) Where a channel is constant, its absolute value takes the place
  of the deviation; where it is 0 or missing, 1. Compared as the "channel
  z-score" in jkitchin/pounce, notebook 43_sobolev_training.

  Args:
    targets: K + 1 arrays `[*batch, ...]`: the training set's, or a batch of
      them.
    weights: as for `ChannelScales`; 1 / P_j, with P_j channels, makes the sum
      over channels a mean.
    batch_dims: number of leading batch axes; the last is that of examples.
    sample_weight: `[*batch]`, weighs the examples in the means.
    entry_weights: K + 1 arrays that broadcast to the targets' shapes (None
      for ones): as in the losses, targets under 0 may be NaN.

  Returns:
    The balancing.

  Raises:
    UserError: if a target that counts is not finite.
  """
  spreads = _spreads(targets, batch_dims, sample_weight, entry_weights)
  return ChannelScales([s.deviation for s in spreads], weights)


def huge_savine(targets: Sequence[np.ndarray],
                strength: float = 1.,  # the paper's notebook
                *, batch_dims: int = 1,
                sample_weight: Optional[np.ndarray] = None,
                entry_weights: Optional[Sequence] = None) -> ChannelScales:
  """The normalisation of Differential Machine Learning.

  B. Huge, A. Savine (2020), https://arxiv.org/abs/2005.02347, and the notebook
  DifferentialML.ipynb of differential-machine-learning. With y and x
  standardised, and d_j the derivative by the j-th of n inputs,

    L = 1 / (1 + lambda n) MSE(y)
        + lambda n / (1 + lambda n) mean_j lambda_j^2 MSE(d_j)
    lambda_j = 1 / rms(d_j)

  The deviation of x drops out of lambda_j d_j, so that here, in the units
  given, it is y divided by its deviation and dy/dx_j by its root mean square.
  Several outputs are averaged.

  Args:
    targets: values `[*batch, *out]` and first derivatives.
    strength: their lambda.
    batch_dims: as for `standardise`.
    sample_weight: as for `standardise`.
    entry_weights: as for `standardise`.

  Returns:
    The balancing.

  Raises:
    UserError: if there are not two targets, one that counts is not finite, or
      `strength` is not positive.
  """
  arguments.check_positive("strength", strength)
  if len(arguments.check_sequence("targets", targets)) != 2:
    raise errors.UserError(
        "huge_savine is defined for values and first derivatives, got "
        f"{len(targets)} targets: use standardise for others.")
  outputs, entries = (
      int(np.prod(np.shape(target)[batch_dims:])) for target in targets)
  inputs = entries // outputs  # their n
  total = outputs * (1. + strength * inputs)
  value, first = _spreads(targets, batch_dims, sample_weight, entry_weights)
  return ChannelScales((value.deviation, first.root_mean_square),
                       (1. / total, strength / total))


def _spreads(targets: Sequence[np.ndarray], batch_dims: int,
             sample_weight: Optional[np.ndarray],
             entry_weights: Optional[Sequence]) -> List[_Spread]:
  """Per order, over the examples that count."""
  if entry_weights is None:
    entry_weights = [None] * len(arguments.check_sequence("targets", targets))
  spreads = []
  for j, (given, entry) in enumerate(zip(targets, entry_weights)):
    target = np.asarray(given, np.float64)
    weight = np.broadcast_to(1. if entry is None else entry, target.shape)
    if sample_weight is not None:
      extra = [1] * (target.ndim - batch_dims)
      weight = weight * np.reshape(
          sample_weight, [*np.shape(sample_weight), *extra])
    target = np.where(weight > 0, target, 0.)
    if not np.isfinite(target).all():
      raise errors.UserError(
          f"targets[{j}] is not finite somewhere: give what is missing the "
          "weight 0.")

    def mean(values, weight=weight):  # [(E,) 1, *channels]
      total = weight.sum(batch_dims - 1, keepdims=True)
      sums = (weight * values).sum(batch_dims - 1, keepdims=True)
      return sums / np.where(total > 0, total, 1.)

    size = np.sqrt(mean(target**2))
    deviation = np.sqrt(mean((target - mean(target))**2))
    size = np.where(size > 0, size, 1.)
    rounding = 10 * np.finfo(np.float32).eps  # float64 may hold such targets
    spreads.append(_Spread(
        np.where(deviation > rounding * size, deviation, size), size))
  return spreads
