"""The loss of policy distillation (Section 4.2).

https://arxiv.org/abs/1706.04859:

  D_KL(pi(s|theta) || pi*(s))
    + alpha E_v || D_s <log pi*(s), v> - D_s <log pi(s|theta), v> ||

with v uniform on the unit sphere of the action space and a norm that is not
squared. Policies enter as functions from states to log-probabilities. Logits
would leave an offset free, and the log of a rounded softmax loses the tail.
"""

from typing import Optional

import tensorflow as tf

from sobolev_tf import derivatives, ops, targets
from sobolev_tf.derivatives import guard
from sobolev_tf.losses import pointwise, stochastic, terms


def kl_to_target(target: tf.Tensor, prediction: tf.Tensor,
                 weight: Optional[tf.Tensor] = None) -> tf.Tensor:
  """D_KL(prediction || target), the paper's direction, in nats.

  An action masked by the log-probability -inf counts as 0 log 0 = 0.

  Args:
    target: log-probabilities `[N, A]` of the teacher.
    prediction: log-probabilities `[N, A]` of the student.
    weight: `[N, A]`, or None for ones.

  Returns:
    `[N]`; infinite where the student takes an action that the teacher masks.
  """
  return _divergence(prediction, target, weight)


def kl_from_target(target: tf.Tensor, prediction: tf.Tensor,
                   weight: Optional[tf.Tensor] = None) -> tf.Tensor:
  """D_KL(target || prediction), the direction usual in distillation.

  Arguments and result as for `kl_to_target`; infinite where the teacher takes
  an action that the student masks.
  """
  return _divergence(target, prediction, weight)


def _divergence(first: tf.Tensor, second: tf.Tensor,
                weight: Optional[tf.Tensor]) -> tf.Tensor:
  never = _is_masked(first)  # 0 log 0 = 0, whatever the other says
  first, second = (
      tf.where(never, tf.zeros_like(first), log_probs)
      for log_probs in (first, second))
  summands = tf.exp(first) * (first - second)  # [N, A]
  if weight is not None:
    summands *= weight
  return tf.reduce_sum(summands, axis=-1)


def _is_masked(log_probs: tf.Tensor) -> tf.Tensor:
  return tf.math.is_inf(log_probs) & (log_probs < 0)


def _among_legal(v: tf.Tensor, log_probs: tf.Tensor) -> tf.Tensor:
  """Directions `[B, A]` without the masked actions, of unit length again."""
  masked = _is_masked(log_probs)
  legal = tf.where(masked, tf.zeros_like(v), v)
  length = ops.norm(legal, axis=-1, keepdims=True)
  scaled = tf.math.divide_no_nan(legal, length)
  return tf.where(tf.reduce_any(masked, -1, keepdims=True), scaled, v)


class DistillationLoss:
  """KL + alpha * distance of (projected) state derivatives, per example.

  Actions that the teacher masks by the log-probability -inf have no part in
  the derivatives: v is uniform on the unit sphere of the others.

  >>> loss = DistillationLoss(alpha=1.)
  >>> log_policy = lambda x: tf.nn.log_softmax(student(x))
  >>> with tf.GradientTape() as tape:
  ...   total = loss(log_policy, x, log_teacher, seed=[0, step]).reduce()
  """

  def __init__(self, alpha: float, *,
               kl: pointwise.PointwiseLoss = kl_to_target,
               distance: pointwise.PointwiseLoss = pointwise.norm,
               exact: bool = False):
    """Builds the loss; the defaults are the paper's.

    Args:
      alpha: weight of the derivatives, not negative. With 0 only the KL
        divergence is left, to the last bit.
      kl: `kl_to_target` or `kl_from_target`.
      distance: between derivatives: `norm`, or `squared_error`.
      exact: compares whole Jacobians of the log-probabilities, A times the
        cost, instead of their projections on a random v. Their norm is about
        sqrt(A) times larger, so divide alpha by that to compare the two.

    Raises:
      UserError: if `alpha` is out of range.
    """
    self.orders = terms.check_orders(1, (kl, distance), (1., alpha))
    self._exact = exact
    self._guard = guard.Guard(1)

  def __call__(
      self, student: derivatives.Function, x: tf.Tensor,
      teacher: derivatives.Function, seed: tf.Tensor, *,
      teacher_log_probs: Optional[tf.Tensor] = None,
      teacher_x: Optional[tf.Tensor] = None) -> terms.SobolevTerms:
    """Compares a student with its teacher.

    Args:
      student: maps states `[B, *event]` to log-probabilities `[B, A]`.
      x: states `[B, *event]`, floating point.
      teacher: of the student's form; it gets no gradient.
      seed: `[2]` integers, another at every step: of v, one per example.
      teacher_log_probs: `[B, A]` if they are known, from a recording say;
        they are used in the KL divergence in place of the teacher's.
      teacher_x: states whose teacher derivatives are matched instead of those
        of `x`: a control.

    Returns:
      The KL divergence and the distance, per example `[B]`; `.reduce()` gives
      the loss.

    Raises:
      UserError: if shapes do not fit, or a policy ignores its input.
    """
    source = x if teacher_x is None else teacher_x
    student = self._guard(student)
    if self._exact:
      target = targets.from_function(teacher, source)
      prediction = derivatives.value_and_derivatives(student, x, 1)
      legal = ~_is_masked(target[0])  # [B, A]
      weights = tf.reshape(legal, tf.concat(
          [tf.shape(legal), tf.ones([x.shape.rank - 1], tf.int32)], 0))
    else:
      draw, = stochastic.unit_directions(1, seed)
      target = derivatives.projections(
          teacher, source, [lambda y: _among_legal(draw(y), y)])
      prediction = derivatives.projections(
          student, x, [lambda y: _among_legal(draw(y), target[0])])
      weights = None
    if teacher_log_probs is None:
      teacher_log_probs = target[0]
    return terms.compare(
        (teacher_log_probs, target[1]), prediction, self.orders,
        entry_weights=(None, weights))
