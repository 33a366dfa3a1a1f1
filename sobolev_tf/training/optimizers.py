"""Adam as one fused operation per variable.

Sonnet's `snt.optimizers.Adam` spells its update out in about ten element-wise
operations, each of which reads and writes the whole variable; in a small
ensemble that is a third of a training step. TensorFlow's fused kernel does
the same update in one pass.
"""

import math
from typing import Callable, Optional, Sequence, Union

import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors

LearningRate = Union[float, Callable[[tf.Tensor], tf.Tensor]]


class Fused(snt.Optimizer):
  """What optimizers with one fused operation per variable share.

  Subclasses create their slots at construction, so that a checkpoint can
  restore them at once, and implement `_update`.
  """

  def __init__(self, parameters: Sequence[tf.Variable],
               learning_rate: LearningRate, name: str):
    """Creates the slots of all parameters.

    Args:
      parameters: the variables to train.
      learning_rate: a number, or a function of the step count (int64 scalar,
        0 at the first update).
      name: the module's name.
    """
    super().__init__(name=name)
    self.learning_rate = learning_rate
    self.step = tf.Variable(0, trainable=False, name="t", dtype=tf.int64)
    self._count = len(parameters)

  def apply(self, updates: Sequence[Optional[tf.Tensor]],
            parameters: Sequence[tf.Variable]) -> None:
    """Applies one update to every parameter.

    Args:
      updates: gradients, in the order of `parameters`.
      parameters: the variables given at construction.

    Raises:
      UserError: if a gradient is None or the numbers do not match.
    """
    if not len(updates) == len(parameters) == self._count:
      raise errors.UserError(
          f"{type(self).__name__} was made for {self._count} parameters, but "
          f"got {len(updates)} gradients for {len(parameters)}.")
    rate = self.learning_rate
    rate = rate(self.step) if callable(rate) else rate
    self.step.assign_add(1)
    for index, (gradient, parameter) in enumerate(zip(updates, parameters)):
      if gradient is None:
        raise errors.UserError(
            f"The loss does not depend on the parameter '{parameter.name}', "
            "so it has no gradient: leave it out or use it in the model.")
      self._update(index, parameter, gradient, rate)

  def _update(self, index: int, parameter: tf.Variable, gradient: tf.Tensor,
              rate: Union[float, tf.Tensor]) -> None:
    """Updates the parameter at a position; `step` counts this update."""
    raise NotImplementedError


class Adam(Fused):
  """Adam (Kingma and Ba, https://arxiv.org/abs/1412.6980), fused.

  A drop-in for `snt.optimizers.Adam` with dense gradients. One difference:
  the kernel adds epsilon to sqrt(v) before the bias correction instead of
  after it ("epsilon hat" in that paper), as TensorFlow 1 did.
  """

  def __init__(self, parameters: Sequence[tf.Variable],
               learning_rate: LearningRate, beta1: float = 0.9,
               beta2: float = 0.999, epsilon: float = 1e-8,
               name: str = "adam"):
    """Creates the slots, so that a checkpoint can restore them at once.

    Args:
      parameters: the variables to train.
      learning_rate: a number, or a function of the step count (int64 scalar,
        0 at the first update).
      beta1: decay of the first moment (default: Adam's paper).
      beta2: decay of the second moment (default: Adam's paper).
      epsilon: added to the root of the second moment (default: Adam's paper).
      name: the module's name.
    """
    super().__init__(parameters, learning_rate, name)
    self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
    self.m = [tf.Variable(tf.zeros_like(p), trainable=False)
              for p in parameters]
    self.v = [tf.Variable(tf.zeros_like(p), trainable=False)
              for p in parameters]

  def _update(self, index: int, parameter: tf.Variable, gradient: tf.Tensor,
              rate: Union[float, tf.Tensor]) -> None:
    m, v = self.m[index], self.v[index]
    dtype = parameter.dtype
    count = tf.cast(self.step, dtype)
    beta1, beta2 = (tf.constant(b, dtype) for b in (self.beta1, self.beta2))
    tf.raw_ops.ResourceApplyAdam(
        var=parameter.handle, m=m.handle, v=v.handle,
        beta1_power=tf.pow(beta1, count), beta2_power=tf.pow(beta2, count),
        lr=tf.cast(rate, dtype) if tf.is_tensor(rate) else
        tf.constant(rate, dtype), beta1=beta1, beta2=beta2,
        epsilon=tf.constant(self.epsilon, dtype), grad=gradient)


def cosine(initial: float, steps: int, warmup: int = 0
           ) -> Callable[[tf.Tensor], tf.Tensor]:
  """A learning rate that falls to 0 along half a cosine.

  Args:
    initial: its value at step 0, but for the warm-up.
    steps: the step at which it reaches 0.
    warmup: over so many first steps it is also multiplied by a factor that
      rises linearly to 1.

  Returns:
    A function of the step count.
  """
  def rate(step):
    done = tf.minimum(tf.cast(step, tf.float64) / steps, 1.)
    value = initial * .5 * (1. + tf.cos(math.pi * done))
    if warmup:
      value *= tf.minimum((tf.cast(step, tf.float64) + 1.) / warmup, 1.)
    return value
  return rate
