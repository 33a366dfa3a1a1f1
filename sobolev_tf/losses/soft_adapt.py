"""Weights that rise where the loss falls more slowly: SoftAdapt.

A. A. Heydari, C. A. Thompson, A. Mehmood. SoftAdapt: Techniques for Adaptive
Loss Weighting of Neural Networks with Multi-Part Loss Functions.
https://arxiv.org/abs/1912.12355. Two changes that others made are taken over:
rates are relative, since orders have different units (as in NVIDIA's
PhysicsNeMo and in neuraloperator), and they multiply constant weights instead
of replacing them (as in NequIP, pull request 515).
"""

import math
from typing import Any, Dict, Optional, Sequence, Tuple

import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.losses import balancing


class SoftAdapt(balancing.Balancing):
  """Weights by relative rates of decrease.

    s_j = L_j / L_j' - 1
    w_j = C c_j exp(beta s_j) / sum_i c_i exp(beta s_i)

  with L_j and L_j' the means of order j's loss over the last `every` steps and
  over those before, and C = sum_i c_i. Without two such intervals s_j is 0 and
  w_j = c_j. No extra cost to speak of.
  """

  def __init__(self, order: int = 1, weights: Optional[Sequence[float]] = None,
               beta: float = 1.1,  # NequIP's
               every: int = 1,  # the paper's: rates between updates
               members: int = 0, name: Optional[str] = None):
    """Creates the running means.

    Args:
      order: the highest order K of derivative.
      weights: the constants c_j; None for ones.
      beta: how strongly rates act; 0 leaves the constants.
      every: steps in an interval: one epoch's, say, so that the noise of
        minibatches does not count as a rate.
      members: of an ensemble, each of which has its own weights; 0 for none.
      name: the module's name.

    Raises:
      UserError: if the constants are no weights or an argument is out of
        range.
    """
    super().__init__(order, name)
    constants = balancing.check_weights(weights, order)
    for what, value, low in (("every", every, 1), ("members", members, 0)):
      if type(value) is not int or value < low:
        raise errors.UserError(
            f"{what} must be an integer >= {low}, got {value!r}.")
    if not isinstance(beta, (int, float)) or not math.isfinite(beta):
      raise errors.UserError(f"beta must be a finite number, got {beta!r}.")
    self._constants = constants
    self._beta, self._every, self._members = beta, every, members
    zeros = tf.zeros(  # [(E,) K + 1]
        [*([members] if members else []), order + 1], tf.float64)
    self.step = tf.Variable(0, trainable=False, dtype=tf.int64, name="step")
    self.sum = tf.Variable(zeros, trainable=False, name="sum")
    self.previous = tf.Variable(zeros, trainable=False, name="previous")
    self.rates = tf.Variable(zeros, trainable=False, name="rates")

  def weights(self, means: Sequence[tf.Tensor]
              ) -> Tuple[balancing.Weight, ...]:
    """The weights, from the steps before: `means` do not matter."""
    constants = tf.constant(self._constants, tf.float64)  # [K + 1]
    logits = tf.math.log(constants) + self._beta * self.rates
    weights = tf.reduce_sum(constants) * tf.nn.softmax(logits)  # [(E,) K + 1]
    return tuple(
        tf.cast(weights[..., j], mean.dtype) if constant else 0.
        for j, (constant, mean) in enumerate(zip(self._constants, means)))

  def update(self, means: Sequence[tf.Tensor]) -> None:
    """Adds a step's losses to its interval."""
    losses = tf.stack([tf.cast(mean, tf.float64) for mean in means], -1)
    self.sum.assign_add(losses)
    self.step.assign_add(1)
    ends = self.step % self._every == 0
    mean, zero = self.sum / self._every, tf.zeros_like(self.sum)
    known = self.previous > 0  # neither before the first nor where all is 0
    rates = tf.where(
        known, mean / tf.where(known, self.previous, 1 + zero) - 1, zero)
    self.rates.assign(tf.where(ends, rates, self.rates))
    self.previous.assign(tf.where(ends, mean, self.previous))
    self.sum.assign(tf.where(ends, zero, self.sum))

  def get_config(self) -> Dict[str, Any]:
    """The arguments that make another like it, without its state."""
    return {"order": self.order, "weights": self._constants,
            "beta": self._beta, "every": self._every, "members": self._members}
