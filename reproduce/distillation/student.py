"""Distilling a policy: one student of Section 4.2, and its controls.

All methods of a seed share initial weights and minibatches, so that they can
be compared seed by seed.
"""

import dataclasses
import functools
import math
import time
from typing import Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np
import tensorflow as tf

from sobolev_tf import derivatives, errors, files, losses
from sobolev_tf.atari import networks as atari
from sobolev_tf.atari import states as data_lib
from sobolev_tf.losses import distillation as loss_lib
from sobolev_tf.losses import pointwise, terms
from sobolev_tf.training import loop, minibatches, optimizers

METHODS: Mapping[str, str] = {
    "regular": "KL divergence alone",
    "sobolev": "KL and projected derivatives",
    "noise": "KL on noisy states, given to teacher and student alike",
    "shuffled": "KL and the teacher's derivatives at another state",
    "exact": "KL and whole Jacobians",
}
DIRECTIONS: Mapping[str, pointwise.PointwiseLoss] = {
    "student||teacher": loss_lib.kl_to_target,  # paper §4.2
    "teacher||student": loss_lib.kl_from_target,
}
DISTANCES = {
    "norm": losses.norm,  # paper §4.2
    "squared": losses.squared_error,
}
_SLICE = 500  # states evaluated at once, to bound memory
_PROJECTION_STREAM, _NOISE_STREAM = 1, 2


class Trial(NamedTuple):
  """What is tuned, for each method with the same number of trials.

  Attributes:
    learning_rate: Adam's, at the start.
    alpha: weight of the derivatives (methods that use them).
    noise: standard deviation of the noise on pixels in [0, 1] ("noise").
    centred: whether the student subtracts the mean frame of its training
      states (LeCun et al., Efficient BackProp, 1998, section 4.3).
  """
  learning_rate: float
  alpha: float = 0.
  noise: float = 0.
  centred: bool = False

  @property
  def label(self) -> str:
    """The trial in short, as rows name it."""
    return " ".join(
        f"{name}={value:g}" for name, value in self._asdict().items()
        if value or name == "learning_rate")


@dataclasses.dataclass(frozen=True)
class Settings:
  """How to train a student; the values live in `configs/`.

  Attributes:
    network: the student's size, a key of `sobolev_tf.networks.atari.SIZES`.
    steps: number of updates.
    warmup_steps: over so many first ones the learning rate rises linearly.
    batch_size: states per update.
    direction: of the KL divergence, a key of `DIRECTIONS`.
    distance: between derivatives, a key of `DISTANCES`.
    evaluate_every: steps between measurements.
    evaluation_states: of each part at most so many, evenly spaced.
    checkpoint_every: steps between checkpoints.
  """
  network: str
  steps: int
  warmup_steps: int
  batch_size: int
  direction: str
  distance: str
  evaluate_every: int
  evaluation_states: int
  checkpoint_every: int

  def check(self) -> None:
    """Raises `UserError` if a setting is out of range."""
    for name in ("steps", "batch_size", "evaluate_every", "evaluation_states",
                 "checkpoint_every"):
      if getattr(self, name) < 1:
        raise errors.UserError(
            f"{name} must be >= 1, got {getattr(self, name)}.")
    if self.warmup_steps < 0:
      raise errors.UserError(
          f"warmup_steps must be >= 0, got {self.warmup_steps}.")
    for name, choices in (("network", atari.SIZES), ("direction", DIRECTIONS),
                          ("distance", DISTANCES)):
      if getattr(self, name) not in choices:
        raise errors.UserError(
            f"{name} must be one of {', '.join(choices)}, got "
            f"'{getattr(self, name)}'.")


def check_trial(method: str, trial: Trial) -> None:
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
  if not 0 < trial.learning_rate < math.inf:
    raise errors.UserError(
        f"learning_rate must be finite and > 0, got {trial.learning_rate}.")
  for name, users in (("alpha", ("sobolev", "shuffled", "exact")),
                      ("noise", ("noise",))):
    value = getattr(trial, name)
    if not 0 <= value < math.inf or (value and method not in users):
      raise errors.UserError(
          f"{name} must be 0 for the method '{method}', got {value}."
          if method not in users else
          f"{name} must be finite and >= 0, got {value}.")


def check_size(name: str, student: atari.AtariNetwork,
               teacher: atari.AtariNetwork) -> None:
  """Raises a `UserError` unless a student is smaller than its teacher.

  Args:
    name: of the student's size, for the message.
    student: the student.
    teacher: the teacher.
  """
  ours, theirs = (
      sum(v.shape.num_elements() for v in network.policy_variables)
      for network in (student, teacher))
  if ours >= theirs:
    raise errors.UserError(
        f"The student '{name}' has {ours:,} weights, its teacher {theirs:,}: "
        "distil into a smaller network, or from a larger teacher.")


def log_policy(network: atari.AtariNetwork) -> derivatives.Function:
  """The function of states x `[B, ...]` -> log pi(.|x) `[B, A]`."""
  return lambda x: tf.nn.log_softmax(network(x).logits)


class Distillation:
  """One student in training."""

  def __init__(self, teacher: atari.AtariNetwork, states: data_lib.States,
               split: data_lib.Split, method: str, trial: Trial,
               settings: Settings, seed: int):
    """Args:
      teacher: the policy to distil.
      states: where rows are looked up.
      split: rows to train and evaluate on.
      method: a key of `METHODS`.
      trial: the method's tuned settings.
      settings: everything else.
      seed: of initial weights, minibatches, projections and noise.

    Raises:
      UserError: if a setting is out of range.
    """
    settings.check()
    check_trial(method, trial)
    self.method, self.trial, self.settings = method, trial, settings
    self.student = atari.make_network(
        teacher.num_actions, atari.SIZES[settings.network], seed,
        policy_gain=1.,  # a student need not explore
        mean_frame=states.mean_frame(split.train) if trial.centred else None)
    check_size(settings.network, self.student, teacher)
    self.optimizer = optimizers.Adam(
        self._parameters, optimizers.cosine(
            trial.learning_rate, settings.steps, settings.warmup_steps))
    self.batches = minibatches.Minibatches(
        [seed], len(split.train), settings.batch_size)
    self._teacher = teacher
    self._states, self._seed = states, seed
    self._evaluated = {
        part: data_lib.thin(rows, settings.evaluation_states)
        for part, rows in split._asdict().items()}
    self._loss = loss_lib.DistillationLoss(
        trial.alpha, kl=DIRECTIONS[settings.direction],
        distance=DISTANCES[settings.distance], exact=method == "exact")
    self._rows = tf.constant(split.train)[None]  # [1, N]
    self._compare = tf.function(self._errors, reduce_retracing=True)

  @property
  def _parameters(self):
    """What is trained: all but the value head, which distillation ignores."""
    return self.student.policy_variables

  def step(self, index: tf.Tensor) -> Mapping[str, tf.Tensor]:
    """One update; `loop.train`'s `step`."""
    (rows,) = self.batches(index, self._rows)  # [1, B]
    x, teacher_log_probs = self._states(rows[0])
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(self._parameters)
      loss = self._terms(x, teacher_log_probs, index).reduce()
    self.optimizer.apply(
        tape.gradient(loss, self._parameters), self._parameters)
    return {"loss": loss[tf.newaxis]}  # one member: divergence is noted

  def _terms(self, x, teacher_log_probs, index) -> terms.SobolevTerms:
    """The method's loss per example on a minibatch."""
    student, teacher = log_policy(self.student), log_policy(self._teacher)
    if self.method == "noise":
      x += self.trial.noise * tf.random.stateless_normal(
          tf.shape(x), self._fold(_NOISE_STREAM, index))
      teacher_log_probs = teacher(x)
    if self.method in ("regular", "noise"):
      return terms.compare(
          (teacher_log_probs,), (student(x),),
          terms.Orders(self._loss.orders.losses[:1], (1.,)))
    teacher_x = None
    if self.method == "shuffled":
      # Half a batch away, even if that is the whole share in its order.
      teacher_x = tf.roll(x, x.shape[0] // 2, axis=0)
    return self._loss(
        student, x, teacher, self._fold(_PROJECTION_STREAM, index),
        teacher_log_probs=teacher_log_probs, teacher_x=teacher_x)

  def _fold(self, stream: int, index: tf.Tensor) -> tf.Tensor:
    """The stateless seed of something random in a step."""
    return tf.random.fold_in([self._seed, stream], index)

  def train(self, *, folder: Optional[files.Path] = None,
            log_folder: Optional[files.Path] = None,
            title: str = "distillation") -> loop.History:
    """Trains to the end, resuming if there are checkpoints.

    Args:
      folder: for checkpoints; None keeps none.
      log_folder: for TensorBoard; None writes nothing.
      title: the progress bar's text.

    Returns:
      What was measured along the way.
    """
    settings = self.settings
    return loop.train(
        self.step, {"student": self.student, "optimizer": self.optimizer,
                    "batches": self.batches},
        loop.Schedule(
            settings.steps, chunk=settings.evaluate_every,
            evaluate_every=settings.evaluate_every,
            checkpoint_every=settings.checkpoint_every if folder else 0),
        evaluate=self.evaluate,
        settings={"method": self.method, "seed": self._seed,
                  **self.trial._asdict(),
                  **dataclasses.asdict(settings)},
        folder=folder, log_folder=log_folder, title=title)

  def evaluate(self) -> Dict[str, float]:
    """Errors on training, validation and test states.

    Returns:
      Per part: `_error`, the share of states where the most probable action
      is another than the teacher's; `_kl`, D_KL(student || teacher), and
      `_reverse_kl`, D_KL(teacher || student), in nats.
    """
    measured = {}
    for part, rows in self._evaluated.items():
      slices = [self._compare(tf.constant(rows[i:i + _SLICE]))
                for i in range(0, len(rows), _SLICE)]
      for name in ("error", "kl", "reverse_kl"):
        values = np.concatenate([errors_[name] for errors_ in slices])
        measured[f"{part}_{name}"] = float(np.mean(values, dtype=np.float64))
    return measured

  def _errors(self, rows: tf.Tensor) -> Dict[str, tf.Tensor]:
    """Per state `[B]`: what `evaluate` averages."""
    x, target = self._states(rows)
    prediction = log_policy(self.student)(x)  # [B, A]
    return {
        "error": tf.cast(tf.not_equal(
            tf.argmax(prediction, axis=1), tf.argmax(target, axis=1)),
                         tf.float32),
        "kl": loss_lib.kl_to_target(target, prediction),
        "reverse_kl": loss_lib.kl_from_target(target, prediction),
    }

  def derivative_distance(self, count: int) -> float:
    """Distance of the Jacobians of the log-probabilities on test states.

    Args:
      count: of so many of the states that are evaluated.

    Returns:
      The mean over the states of the Frobenius norm of the difference, over
      the same mean of the teacher's Jacobian.
    """
    rows = data_lib.thin(self._evaluated["test"], count)
    parts = [self._distances(tf.constant(part))
             for part in np.array_split(rows, math.ceil(len(rows) / 25))]
    distance, size = np.sum(parts, axis=0)
    return float(distance / size)

  @functools.partial(tf.function, reduce_retracing=True)
  def _distances(self, rows: tf.Tensor) -> Tuple[tf.Tensor, tf.Tensor]:
    """Sums over the states of the Jacobians' distance and the teacher's norm.
    """
    x, _ = self._states(rows)
    student, teacher = (
        tf.reshape(derivatives.jacobian(log_policy(network), x),
                   [tf.shape(rows)[0], -1])
        for network in (self.student, self._teacher))  # [B, A * 28224]
    return (tf.reduce_sum(losses.norm(teacher, student)),
            tf.reduce_sum(tf.norm(teacher, axis=1)))


def time_steps(students: Mapping[str, Distillation], repeats: int,
               steps: int = 20) -> Dict[str, float]:
  """Times training steps, one student after another, several times over.

  The students are trained by it.

  Args:
    students: by any name.
    repeats: how often each is timed.
    steps: updates per timing.

  Returns:
    The median seconds of one step, per student.
  """
  runs = {name: loop.compile_steps(student.step)
          for name, student in students.items()}
  for run in runs.values():
    run(0, 2)  # builds the graph
  seconds: Dict[str, list] = {name: [] for name in runs}
  for repeat in range(repeats):
    for name, run in runs.items():
      start = time.perf_counter()
      run(2 + repeat * steps, steps)["loss"].numpy()
      seconds[name].append((time.perf_counter() - start) / steps)
  return {name: float(np.median(values)) for name, values in seconds.items()}
