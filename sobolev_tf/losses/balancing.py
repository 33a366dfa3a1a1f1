"""How the orders of a Sobolev loss are balanced: the interface.

Eq. 1 (https://arxiv.org/abs/1706.04859) sums its orders with the weight 1. A
value and its derivatives have different units and are learned at different
speeds, so practice weighs them:

* constants: a list of numbers, without any of what is below;
* `prefactors.Prefactors`: from a start to an end with the learning rate;
* `channel_scales.standardise`, `channel_scales.huge_savine`: the unit of every
  partial derivative is taken from the targets;
* `likelihood.ProfiledLikelihood`: the unit is the error that is left;
* `soft_adapt.SoftAdapt`: more weight where the loss falls more slowly.

Entries and examples of weight 0 are gone, and other weights multiplied in,
before a balancing sees anything. What it computes from losses passes back no
gradient.
"""

import math
from typing import Any, Dict, Optional, Sequence, Tuple, Union

import tensorflow as tf

from sobolev_tf import errors

Weight = Union[float, tf.Tensor]


class Balancing(tf.Module):
  """What a loss takes as `weights` instead of numbers.

  Its variables are its whole state: put it into the `state` of `train`, and
  checkpoints save and resume it.

  Attributes:
    order: K.
    by_channel: whether `means` are those of every entry of an order, `[P_j]`,
      instead of an order's sum.
  """
  by_channel = False

  def __init__(self, order: int, name: Optional[str] = None):
    """Sets the order.

    Args:
      order: the highest order K of derivative.
      name: the module's name.
    """
    super().__init__(name=name)
    self.order = order

  def scale(self, order: int, dtype: tf.DType) -> Optional[tf.Tensor]:
    """What targets and predictions of an order are divided by.

    Args:
      order: j, from 0 to K.
      dtype: of the targets.

    Returns:
      A tensor that broadcasts to the targets' shape, or None for ones.
    """
    del order, dtype
    return None

  def weights(self, means: Sequence[tf.Tensor]) -> Tuple[Weight, ...]:
    """The weights of the orders, which pass back no gradient.

    Args:
      means: K + 1 means over the examples, `SobolevTerms.means`.

    Returns:
      K + 1 numbers, or tensors of the means' shapes.
    """
    raise NotImplementedError

  def objective(self, means: Sequence[tf.Tensor]) -> tf.Tensor:
    """The loss: sum_j w_j mean_j.

    Args:
      means: K + 1 means over the examples.

    Returns:
      A scalar; for an ensemble `[E]`.
    """
    return weighted_sum(self.weights(means), means)

  def update(self, means: Sequence[tf.Tensor]) -> None:
    """Takes note of a training step; call it once after each, with its terms.

    >>> balancing.update(terms.means)

    Evaluating a loss changes nothing.

    Args:
      means: K + 1 means over the examples.
    """
    del means

  def get_config(self) -> Dict[str, Any]:
    """The arguments that make another like it, without its state."""
    raise NotImplementedError


class Constant(Balancing):
  """Constant weights, for use within another balancing."""

  def __init__(self, weights: Sequence[float], name: Optional[str] = None):
    """Sets the weights.

    Args:
      weights: K + 1 numbers, not negative and not all 0.
      name: the module's name.
    """
    order = len(weights) - 1
    super().__init__(order, name)
    self._numbers = check_weights(weights, order)

  def weights(self, means: Sequence[tf.Tensor]) -> Tuple[Weight, ...]:
    """The constants."""
    return self._numbers

  def get_config(self) -> Dict[str, Any]:
    """The arguments that make another like it."""
    return {"weights": self._numbers}


Weights = Union[Sequence[float], Balancing, None]  # of a loss; None for ones


def weighted_sum(weights: Sequence[Weight],
                 parts: Sequence[tf.Tensor]) -> tf.Tensor:
  """sum_j w_j part_j without the parts whose weight is the number 0."""
  return tf.add_n([
      weight * part for weight, part in zip(weights, parts)
      if tf.is_tensor(weight) or weight])


def check_weights(weights: Optional[Sequence[float]], order: int,
                  name: str = "weights") -> Tuple[float, ...]:
  """Checks constant weights of the orders.

  Args:
    weights: K + 1 numbers, not negative and not all 0, or None for ones.
    order: K.
    name: what the user calls them.

  Returns:
    The numbers.

  Raises:
    UserError: if they are anything else.
  """
  try:
    checked = tuple(map(
        float, [1.] * (order + 1) if weights is None else weights))
  except (TypeError, ValueError) as error:
    raise errors.UserError(
        f"{name} must be a list of numbers, got {weights!r}.") from error
  if len(checked) != order + 1:
    raise errors.UserError(
        f"{name} needs {order + 1} entries for order {order} (the value's "
        f"and one per derivative), got {len(checked)}.")
  if not all(math.isfinite(w) and w >= 0 for w in checked) or not any(checked):
    raise errors.UserError(
        f"{name} must be finite, >= 0 and not all 0, got {list(checked)}.")
  return checked
