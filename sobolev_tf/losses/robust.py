"""Losses of one order that examples with huge derivatives cannot dominate.

A squared error weighs an example by the square of its derivative's size: one
near a ridge or a pole then decides the step. Each function makes a loss of the
form in `pointwise`, which acts on all entries of an example and order at once,
so that it does not depend on the choice of axes. To leave examples out
altogether, give them the weight 0.
"""

from typing import Optional

import tensorflow as tf

from sobolev_tf.losses import arguments, pointwise


def huber(delta: float) -> pointwise.PointwiseLoss:
  """Quadratic for small distances, linear for large ones.

    d^2                   if d <= delta
    2 delta d - delta^2   otherwise

  with d the L2 distance (`pointwise.norm`): twice the loss of P. Huber, Robust
  Estimation of a Location Parameter, Ann. Math. Statist. 35 (1964), so that a
  large delta gives `squared_error`. The gradient with respect to the
  prediction, without weights, is at most 2 delta long.

  Args:
    delta: the distance at which it becomes linear, in the target's unit.

  Returns:
    The loss.

  Raises:
    UserError: if `delta` is not positive.
  """
  arguments.check_positive("delta", delta)

  def loss(target: tf.Tensor, prediction: tf.Tensor,
           weight: Optional[tf.Tensor] = None) -> tf.Tensor:
    squared = pointwise.squared_error(target, prediction, weight)  # [N]
    is_small = squared <= delta**2  # not for NaN
    distance = tf.sqrt(tf.where(is_small, tf.ones_like(squared), squared))
    return tf.where(is_small, squared, 2 * delta * distance - delta**2)
  return loss


def relative(delta: float,
             loss: pointwise.PointwiseLoss = pointwise.squared_error
             ) -> pointwise.PointwiseLoss:
  """Counts examples with large targets less.

    l(g, prediction) / (1 + |g| / delta)

  with |g| the L2 norm of the target's entries that count. Far beyond delta a
  squared error so grows like the target's size instead of its square. Asked
  for in MACE, issue 141, for forces; DeePMD-kit's `relative_f` divides the
  error, and so the square twice.

  Args:
    delta: the norm of a target that counts one half, in the target's unit.
    loss: the loss l.

  Returns:
    The loss.

  Raises:
    UserError: if `delta` is not positive.
  """
  arguments.check_positive("delta", delta)

  def weighted(target: tf.Tensor, prediction: tf.Tensor,
               weight: Optional[tf.Tensor] = None) -> tf.Tensor:
    counting = target if weight is None else tf.where(
        weight > 0, target, tf.zeros_like(target))
    size = tf.norm(counting, axis=-1)  # [N]
    return loss(target, prediction, weight) / (1 + size / delta)
  return weighted


def capped(cap: float,
           loss: pointwise.PointwiseLoss = pointwise.squared_error
           ) -> pointwise.PointwiseLoss:
  """No more than the cap: min(l(target, prediction), cap).

  An example beyond the cap passes back no gradient (the truncated quadratic
  of A. Blake, A. Zisserman, Visual Reconstruction, MIT Press 1987). At the
  start of training that may be all of them: take `huber` then, or a cap above
  most of the first losses.

  Args:
    cap: the largest loss of an example and order, in the loss's unit.
    loss: the loss l.

  Returns:
    The loss.

  Raises:
    UserError: if `cap` is not positive.
  """
  arguments.check_positive("cap", cap)

  def truncated(target: tf.Tensor, prediction: tf.Tensor,
                weight: Optional[tf.Tensor] = None) -> tf.Tensor:
    terms = loss(target, prediction, weight)  # [N]
    beyond = (terms > cap) & tf.math.is_finite(terms)  # infinity is an error
    return tf.where(beyond, tf.constant(cap, terms.dtype), terms)
  return truncated
