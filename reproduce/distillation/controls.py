"""Is it the teacher's derivatives? Losses that keep a part of them, or none.

Each is what one explanation of the gain of Sobolev Training predicts to do as
well: that any small Jacobian is good (`zero`), that its mean is enough
(`mean`), or its size (`random`), that it need not belong to the state
(`shuffled`), that it acts as noise on the inputs (`noise`; Srinivas & Fleuret,
2018, https://arxiv.org/abs/1803.00443), or as softer targets (`softened`).

With the squared distance, matching a derivative taken at random from the
training states is, in expectation, matching their mean:

  E_s' ||J_student(s) - J(s')||^2
    = ||J_student(s) - E J||^2 + E_s' ||J(s') - E J||^2

whose last term no student changes. So there `shuffled` and `mean` have the
same gradient, a penalty centred on the mean.
"""

from typing import Callable

import numpy as np
import tensorflow as tf

from configs import distillation as config_lib
from reproduce.distillation import step as step_lib
from sobolev_tf import derivatives, ops
from sobolev_tf.atari import states as states_lib
from sobolev_tf.losses import distillation as loss_lib
from sobolev_tf.losses import stochastic, terms

_NOISE_STREAM, _DIRECTION_STREAM = 2, 3
_SLICE = 50  # Jacobians at once, to bound memory


def mean_jacobian(teacher: derivatives.Function, states: states_lib.States,
                  rows: np.ndarray) -> tf.Tensor:
  """The mean of a teacher's Jacobians.

  Args:
    teacher: states -> log-probabilities `[B, A]`.
    states: where rows are looked up.
    rows: int32 `[N]`, over which the mean goes.

  Returns:
    `[A, ...]`.
  """
  @tf.function(reduce_retracing=True)
  def total(some: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(derivatives.jacobian(teacher, states(some)[0]), axis=0)

  parts = [total(tf.constant(rows[i:i + _SLICE]))
           for i in range(0, len(rows), _SLICE)]
  return tf.add_n(parts) / tf.cast(len(rows), parts[0].dtype)


def _against(step: step_lib.Step,
             target: Callable[[tf.Tensor], tf.Tensor]) -> terms.SobolevTerms:
  """The paper's loss with other derivatives than the teacher's.

  Args:
    step: the step.
    target: from v `[B, A]` to what stands for <J, v>, `[B, ...]`.

  Returns:
    The KL divergence and the distance of derivatives.
  """
  draw, = stochastic.unit_directions(
      1, step.seed(step_lib.PROJECTION_STREAM))
  v = draw(step.teacher_log_probs)  # [B, A]
  return terms.compare(
      (step.teacher_log_probs, target(v)),
      derivatives.projections(step.student, step.x, [v]),
      terms.Orders((loss_lib.kl_to_target,
                    config_lib.DISTANCES[step.distance]),
                   (1., step.trial.alpha)))


def zero(step: step_lib.Step) -> terms.SobolevTerms:
  """Targets of 0: a penalty on the student's Jacobian."""
  return _against(step, lambda v: tf.zeros_like(step.x))


def mean(step: step_lib.Step) -> terms.SobolevTerms:
  """The teacher's mean Jacobian over the training states, at every state."""
  return _against(step, lambda v: tf.tensordot(v, step.mean_jacobian, 1))


def random(step: step_lib.Step) -> terms.SobolevTerms:
  """A direction drawn at every step, as long as the teacher's derivative."""
  draw, = stochastic.unit_directions(1, step.seed(_DIRECTION_STREAM))

  def target(v: tf.Tensor) -> tf.Tensor:
    _, right = derivatives.projections(step.teacher, step.x, [v])
    return draw(right) * ops.norm(
        right, axis=list(range(1, right.shape.rank)), keepdims=True)

  return _against(step, target)


def shuffled(step: step_lib.Step) -> terms.SobolevTerms:
  """The teacher's derivatives at another state, half a batch away.

  That is another one even if the batch is the whole training share in order.
  """
  return step_lib.matched(step, teacher_x=tf.roll(
      step.x, step.x.shape[0] // 2, axis=0))


def noise(step: step_lib.Step) -> terms.SobolevTerms:
  """KL(student || teacher) on noisy states (Srinivas & Fleuret, 2018)."""
  x = step.x + step.trial.noise * tf.random.stateless_normal(
      tf.shape(step.x), step.seed(_NOISE_STREAM))
  return step_lib.divergence(
      step._replace(x=x, teacher_log_probs=step.teacher(x)))


def softened(step: step_lib.Step) -> terms.SobolevTerms:
  """KL(student || teacher) + alpha KL(student || uniform).

  This is (1 + alpha) KL(student || teacher at the temperature 1 + alpha) plus
  a constant, and the confidence penalty of Pereyra et al.
  (https://arxiv.org/abs/1701.06548).
  """
  uniform = tf.nn.log_softmax(tf.zeros_like(step.teacher_log_probs))
  log_probs = step.student(step.x)  # [B, A]
  return terms.compare(
      (step.teacher_log_probs, uniform), (log_probs, log_probs),
      terms.Orders(2 * (loss_lib.kl_to_target,), (1., step.trial.alpha)))
