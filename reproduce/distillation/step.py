"""What a student's loss in one step is made of, and the paper's loss of it."""

from typing import Callable, NamedTuple, Optional

import tensorflow as tf

from configs import distillation as config_lib
from sobolev_tf import derivatives
from sobolev_tf.losses import distillation as loss_lib
from sobolev_tf.losses import terms

PROJECTION_STREAM = 1  # all methods of a seed draw the same directions v


class Step(NamedTuple):
  """What a method's loss in one step is made of.

  Attributes:
    x: states `[B, ...]`.
    teacher_log_probs: `[B, A]`, the teacher's at `x`.
    student: states -> log-probabilities `[B, A]`.
    teacher: states -> log-probabilities `[B, A]`.
    trial: the method's tuned settings.
    distance: between derivatives, a key of `configs.distillation.DISTANCES`.
    seed: stateless, `[2]`, of what is random in this step, by a number.
    mean_jacobian: `[A, ...]`, the teacher's mean Jacobian over the student's
      training states; None for methods that do not use it.
  """
  x: tf.Tensor
  teacher_log_probs: tf.Tensor
  student: derivatives.Function
  teacher: derivatives.Function
  trial: config_lib.Trial
  distance: str
  seed: Callable[[int], tf.Tensor]
  mean_jacobian: Optional[tf.Tensor] = None


def divergence(step: Step) -> terms.SobolevTerms:
  """KL(student || teacher) alone."""
  return terms.compare(
      (step.teacher_log_probs,), (step.student(step.x),),
      terms.Orders((loss_lib.kl_to_target,), (1.,)))


def matched(step: Step, exact: bool = False, distance: Optional[str] = None,
            teacher_x: Optional[tf.Tensor] = None) -> terms.SobolevTerms:
  """The paper's loss, of whole Jacobians or of projections.

  Args:
    step: the step.
    exact: compares whole Jacobians.
    distance: in place of the step's.
    teacher_x: states whose teacher derivatives are matched instead.

  Returns:
    The KL divergence and the distance of derivatives.
  """
  loss = loss_lib.DistillationLoss(
      step.trial.alpha, exact=exact,
      distance=config_lib.DISTANCES[distance or step.distance])
  return loss(
      step.student, step.x, step.teacher, step.seed(PROJECTION_STREAM),
      teacher_log_probs=step.teacher_log_probs, teacher_x=teacher_x)
