"""Distilling a policy: one student of Section 4.2."""

import dataclasses
import functools
import math
from typing import Dict, Mapping, Optional, Tuple

import numpy as np
import tensorflow as tf

from configs import distillation as config_lib
from reproduce.distillation import controls, methods
from reproduce.distillation import split as split_lib
from reproduce.distillation import step as step_lib
from sobolev_tf import derivatives, errors, files, losses
from sobolev_tf.atari import networks, policies
from sobolev_tf.atari import states as states_lib
from sobolev_tf.losses import distillation as loss_lib
from sobolev_tf.losses import terms
from sobolev_tf.training import loop, minibatches, optimizers

_SLICE = 500  # states evaluated at once, to bound memory


def check_size(name: str, teacher: networks.AtariNetwork) -> None:
  """Raises a `UserError` unless students are smaller than their teacher.

  Args:
    name: of the students' size.
    teacher: the teacher.
  """
  student = networks.make_network(teacher.num_actions, networks.SIZES[name])
  ours, theirs = (
      sum(v.shape.num_elements() for v in network.policy_variables)
      for network in (student, teacher))
  if ours >= theirs:
    raise errors.UserError(
        f"The student '{name}' has {ours:,} weights, its teacher {theirs:,}: "
        "distil into a smaller network, or from a larger teacher.")


class Distillation:
  """One student in training."""

  def __init__(self, teacher: networks.AtariNetwork, states: states_lib.States,
               split: split_lib.Split, method: str,
               trial: config_lib.Trial, settings: config_lib.Settings,
               seed: int):
    """Creates the student and its optimizer.

    Args:
      teacher: the policy to distil.
      states: where rows are looked up.
      split: rows to train and evaluate on.
      method: a key of `methods.METHODS`.
      trial: the method's tuned settings.
      settings: everything else.
      seed: of initial weights, minibatches, projections and noise.

    Raises:
      UserError: if a setting is out of range.
    """
    settings.check()
    methods.check(method, trial)
    check_size(settings.network, teacher)
    self.method, self.trial, self.settings = method, trial, settings
    self.student = networks.make_network(
        teacher.num_actions, networks.SIZES[settings.network], seed,
        policy_gain=1.,  # a student need not explore
        mean_frame=states.mean_frame(split.train) if trial.centred else None)
    self.optimizer = optimizers.Adam(
        self._parameters, optimizers.cosine(
            trial.learning_rate, settings.steps, settings.warmup_steps))
    self.batches = minibatches.Minibatches(
        [seed], len(split.train), settings.batch_size)
    self._teacher = teacher
    self._states, self._seed = states, seed
    self._mean_jacobian = controls.mean_jacobian(
        policies.log_policy(teacher), states, split.train
    ) if methods.METHODS[method].needs_mean else None
    self._evaluated = {
        part: split_lib.thin(rows, settings.evaluation_states)
        for part, rows in split._asdict().items()}
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
    return methods.METHODS[self.method].loss(step_lib.Step(
        x, teacher_log_probs, policies.log_policy(self.student),
        policies.log_policy(self._teacher), self.trial, self.settings.distance,
        functools.partial(self._fold, index), self._mean_jacobian))

  def _fold(self, index: tf.Tensor, stream: int) -> tf.Tensor:
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
                  **dataclasses.asdict(self.trial),
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
    prediction = policies.log_policy(self.student)(x)  # [B, A]
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
      count: how many of the states that are evaluated.

    Returns:
      The mean over the states of the Frobenius norm of the difference, over
      the same mean of the teacher's Jacobian.
    """
    rows = split_lib.thin(self._evaluated["test"], count)
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
        tf.reshape(derivatives.jacobian(policies.log_policy(network), x),
                   [tf.shape(rows)[0], -1])
        for network in (self.student, self._teacher))  # [B, A * 28224]
    return (tf.reduce_sum(losses.norm(teacher, student)),
            tf.reduce_sum(tf.norm(teacher, axis=1)))
