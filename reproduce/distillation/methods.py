"""How students are taught: the paper's two ways, and controls.

A control is an entry of `METHODS` and the function that it names. All methods
of a seed share initial weights and minibatches, so that they can be compared
seed by seed.
"""

import functools
from typing import Callable, Dict, Mapping, NamedTuple, Tuple

import tensorflow as tf

from configs import distillation as config_lib
from reproduce import look, rows
from sobolev_tf import derivatives, errors
from sobolev_tf.losses import distillation as loss_lib
from sobolev_tf.losses import terms

_PROJECTION_STREAM, _NOISE_STREAM = 1, 2
_COMMON = ("learning_rate", "centred")  # what every method's trials tune


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
  """
  x: tf.Tensor
  teacher_log_probs: tf.Tensor
  student: derivatives.Function
  teacher: derivatives.Function
  trial: config_lib.Trial
  distance: str
  seed: Callable[[int], tf.Tensor]


class Method(NamedTuple):
  """A way to teach a student.

  Attributes:
    title: for tables and legends.
    colour: of its lines.
    loss: gives a step's terms, per example.
    tuned: fields of `Trial` that it uses beside those that all methods use.
  """
  title: str
  colour: str
  loss: Callable[[Step], terms.SobolevTerms]
  tuned: Tuple[str, ...] = ()


def _divergence(step: Step) -> terms.SobolevTerms:
  """KL(student || teacher) alone."""
  return terms.compare(
      (step.teacher_log_probs,), (step.student(step.x),),
      terms.Orders((loss_lib.kl_to_target,), (1.,)))


def _derivatives(step: Step, exact: bool = False, shuffled: bool = False
                 ) -> terms.SobolevTerms:
  """The paper's loss, of whole Jacobians or of projections.

  Args:
    step: the step.
    exact: compares whole Jacobians.
    shuffled: takes the teacher's derivatives at another state, half a batch
      away, even if the batch is the whole training share in its order.

  Returns:
    The KL divergence and the distance of derivatives.
  """
  loss = loss_lib.DistillationLoss(
      step.trial.alpha, distance=config_lib.DISTANCES[step.distance],
      exact=exact)
  return loss(
      step.student, step.x, step.teacher, step.seed(_PROJECTION_STREAM),
      teacher_log_probs=step.teacher_log_probs,
      teacher_x=(tf.roll(step.x, step.x.shape[0] // 2, axis=0) if shuffled
                 else None))


def _noise(step: Step) -> terms.SobolevTerms:
  """KL(student || teacher) on noisy states (Srinivas & Fleuret, 2018)."""
  x = step.x + step.trial.noise * tf.random.stateless_normal(
      tf.shape(step.x), step.seed(_NOISE_STREAM))
  return _divergence(step._replace(x=x, teacher_log_probs=step.teacher(x)))


METHODS: Mapping[str, Method] = {
    "regular": Method("regular", look.BLUE, _divergence),
    "sobolev": Method("Sobolev", look.RED, _derivatives, ("alpha",)),
    "noise": Method("KL with noise", look.GREEN, _noise, ("noise",)),
    "shuffled": Method(
        "shuffled derivatives", look.PURPLE,
        functools.partial(_derivatives, shuffled=True), ("alpha",)),
    "exact": Method(
        "exact Jacobians", look.YELLOW,
        functools.partial(_derivatives, exact=True), ("alpha",)),
}


def check(method: str, trial: config_lib.Trial) -> None:
  """Checks that a trial has what its method needs and nothing else.

  Args:
    method: a key of `METHODS`.
    trial: its tuned settings.

  Raises:
    UserError: naming what is wrong.
  """
  if method not in METHODS:
    raise errors.UserError(
        f"Unknown method '{method}': choose from {', '.join(METHODS)}.")
  trial.check()
  for name, value in vars(trial).items():
    if value and name not in (*_COMMON, *METHODS[method].tuned):
      raise errors.UserError(
          f"{name} must be 0 for the method '{method}', got {value}.")


def settings(method: str, trial: config_lib.Trial
             ) -> Dict[str, rows.Setting]:
  """A trial as a method's rows carry it: None for what it does not use."""
  return {name: value if name in (*_COMMON, *METHODS[method].tuned) else None
          for name, value in vars(trial).items()}
