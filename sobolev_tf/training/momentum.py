"""Gradient descent with momentum, as one fused operation per variable."""

from typing import Optional, Sequence

import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.training.optimizers import LearningRate


class Momentum(snt.Optimizer):
  """Momentum: a <- momentum a + g; w <- w - rate a (not Nesterov's).

  A drop-in for `snt.optimizers.Momentum` with dense gradients, whose slots
  exist from the start so that a checkpoint can restore them at once.
  """

  def __init__(self, parameters: Sequence[tf.Variable],
               learning_rate: LearningRate, momentum: float,
               name: str = "momentum"):
    """Args:
      parameters: the variables to train.
      learning_rate: a number, or a function of the step count (int64 scalar,
        0 at the first update).
      momentum: what is kept of the accumulated gradient, in [0, 1).
      name: the module's name.
    """
    super().__init__(name=name)
    self.learning_rate = learning_rate
    self.momentum = momentum
    self.step = tf.Variable(0, trainable=False, name="t", dtype=tf.int64)
    self.accumulated = [
        tf.Variable(tf.zeros_like(p), trainable=False) for p in parameters]

  def apply(self, updates: Sequence[Optional[tf.Tensor]],
            parameters: Sequence[tf.Variable]) -> None:
    """Applies one update to every parameter.

    Args:
      updates: gradients, in the order of `parameters`.
      parameters: the variables given at construction.

    Raises:
      UserError: if a gradient is None or the numbers do not match.
    """
    if not len(updates) == len(parameters) == len(self.accumulated):
      raise errors.UserError(
          f"Momentum was made for {len(self.accumulated)} parameters, but got "
          f"{len(updates)} gradients for {len(parameters)}.")
    rate = self.learning_rate
    rate = rate(self.step) if callable(rate) else rate
    self.step.assign_add(1)
    for gradient, parameter, accumulated in zip(
        updates, parameters, self.accumulated):
      if gradient is None:
        raise errors.UserError(
            f"The loss does not depend on the parameter '{parameter.name}', "
            "so it has no gradient: leave it out or use it in the model.")
      tf.raw_ops.ResourceApplyMomentum(
          var=parameter.handle, accum=accumulated.handle,
          lr=tf.cast(rate, parameter.dtype), grad=gradient,
          momentum=tf.cast(self.momentum, parameter.dtype))
