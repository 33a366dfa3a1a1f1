"""Gradient descent with momentum, as one fused operation per variable."""

from typing import Sequence, Union

import tensorflow as tf

from sobolev_tf.training import optimizers


class Momentum(optimizers.Fused):
  """Momentum: a <- momentum a + g; w <- w - rate a (not Nesterov's).

  A drop-in for `snt.optimizers.Momentum` with dense gradients, whose slots
  exist from the start so that a checkpoint can restore them at once.
  """

  def __init__(self, parameters: Sequence[tf.Variable],
               learning_rate: optimizers.LearningRate, momentum: float,
               name: str = "momentum"):
    """Creates the slots.

    Args:
      parameters: the variables to train.
      learning_rate: a number, or a function of the step count (int64 scalar,
        0 at the first update).
      momentum: what is kept of the accumulated gradient, in [0, 1).
      name: the module's name.
    """
    super().__init__(parameters, learning_rate, name)
    self.momentum = momentum
    self.accumulated = [
        tf.Variable(tf.zeros_like(p), trainable=False) for p in parameters]

  def _update(self, index: int, parameter: tf.Variable, gradient: tf.Tensor,
              rate: Union[float, tf.Tensor]) -> None:
    tf.raw_ops.ResourceApplyMomentum(
        var=parameter.handle, accum=self.accumulated[index].handle,
        lr=tf.cast(rate, parameter.dtype), grad=gradient,
        momentum=tf.cast(self.momentum, parameter.dtype))
