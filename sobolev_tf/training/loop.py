"""The training loop that every experiment runs in.

An experiment supplies a step; the loop supplies everything else: many steps
inside one `tf.function`, measurements at intervals, a progress bar,
TensorBoard, checkpoints and resumption, clean stops, and a watch for
divergence.

The contract that makes resumption exact: a step is a function of its index
and of the variables in `state`. Anything random in it is drawn statelessly
from a seed and the index (`tf.random.fold_in(seed, index)`), so the position
in the data and the state of the random numbers are the step count itself.
"""

import dataclasses
import functools
import signal
import sys
import threading
from typing import Any, Callable, Dict, List, Mapping, Optional

import numpy as np
import tensorflow as tf
import tqdm

from sobolev_tf import errors, files
from sobolev_tf.training import checkpoint as checkpoint_lib
from sobolev_tf.training import divergence, xla
from sobolev_tf.training.xla import Metrics


@dataclasses.dataclass
class History:
  """What a run measured.

  Attributes:
    records: one dict per measurement: `step` (steps done) and, per metric, a
      float or a list of floats (one per ensemble member).
    diverged_at: per ensemble member, the step from which on its loss was not
      finite, or None.
  """
  records: List[Dict[str, Any]] = dataclasses.field(default_factory=list)
  diverged_at: List[Optional[int]] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Schedule:
  """When the loop does what; every number counts training steps.

  Attributes:
    steps: the length of the run.
    chunk: steps per call of the compiled loop; stops are noticed, and the
      progress bar moves, once per chunk.
    evaluate_every: between measurements; 0 measures only at the end.
    checkpoint_every: between checkpoints; 0 writes none.
  """
  steps: int
  chunk: int = 100
  evaluate_every: int = 0
  checkpoint_every: int = 0

  def check(self) -> None:
    """Raises `UserError` if a number is out of range."""
    for name, low in (("steps", 1), ("chunk", 1), ("evaluate_every", 0),
                      ("checkpoint_every", 0)):
      value = getattr(self, name)
      if type(value) is not int or value < low:
        raise errors.UserError(
            f"{name} must be an integer >= {low}, got {value!r}.")

  def next_stop(self, step: int) -> int:
    """The next step count at which control returns to the host."""
    intervals = (self.chunk, self.evaluate_every, self.checkpoint_every)
    return min([self.steps] + [(step // k + 1) * k for k in intervals if k])


def train(
    step: Callable[[tf.Tensor], Metrics],
    state: Mapping[str, Any],
    schedule: Schedule,
    *,
    evaluate: Optional[Callable[[], Mapping[str, Any]]] = None,
    on_checkpoint: Optional[Callable[[int], None]] = None,
    settings: Optional[Mapping[str, Any]] = None,
    folder: Optional[files.Path] = None,
    log_folder: Optional[files.Path] = None,
    title: str = "training",
    compiled: bool = True,
    chief: bool = True,
) -> History:
  """Trains, resuming from the checkpoints in `folder` if there are any.

  Args:
    step: takes the step's index (int64 scalar), changes the variables in
      `state`, and returns its metrics, among them `loss`: a scalar, or `[E]`
      for an ensemble of E members. May be an `xla.Step`.
    state: named TensorFlow objects that hold everything `step` changes. If
      `compiled` is False, all their variables must exist already.
    schedule: when to do what.
    evaluate: measures the model; called at `evaluate_every` and at the end,
      when the step's own metrics are recorded, too.
    on_checkpoint: called with the step count right after each checkpoint and
      after a resumption, to bring whatever TensorFlow cannot save (an
      emulator, say) into a state that depends on the step count only.
    settings: what makes this run another than one with the same variables,
      JSON-serialisable: checkpoints of other settings are refused.
    folder: where the checkpoints go; None keeps none.
    log_folder: where TensorBoard's event files go; None writes none.
    title: the progress bar's text.
    compiled: whether `step` is TensorFlow code to be compiled; if not, it is
      called from Python (an `xla.Step`, too, without XLA).
    chief: False in all workers but one of a run of several: they read
      checkpoints but write nothing.

  Returns:
    The measurements of the whole run, those before a resumption included.

  Raises:
    UserError: if the schedule is out of range, `step` returns no loss, or the
      loss of a single model (a scalar) is no longer finite: the message names
      every metric that is not, and since which step. Members of an ensemble
      are noted in `diverged_at` instead; training ends early when all of
      them are.
    Interrupted: after SIGINT or SIGTERM, at the end of the current chunk.
  """
  schedule.check()
  watch = divergence.Watch(title)
  step = step.observed(watch.observe) if isinstance(step, xla.Step) else (
      functools.partial(_observed, step, watch))
  # Traced before restoring: Sonnet's optimizers create their slots then.
  run = compile_steps(step) if compiled else _python_loop(step)
  history = History()
  done = 0
  saver = None
  if folder is not None:
    saver = checkpoint_lib.Checkpointer(folder, state, settings)
    done, saved = saver.restore()
    if saved is not None:
      try:
        history = History(**saved)
      except TypeError as error:
        raise errors.UserError(
            f"The checkpoints in '{folder}' are not of a training: delete them "
            "to start afresh.") from error
  if on_checkpoint is not None:
    on_checkpoint(done)
  writer = (
      tf.summary.create_file_writer(str(log_folder))
      if log_folder and chief else None)
  bar = tqdm.tqdm(
      total=schedule.steps, initial=done, desc=title, unit="step",
      mininterval=0.5 if sys.stderr.isatty() else 30., leave=False,
      disable=not chief)
  with bar, _StopSignal() as stop:
    while done < schedule.steps:
      target = schedule.next_stop(done)
      metrics = run(done, target - done)
      bar.update(target - done)
      done = target
      alive = watch.note(history.diverged_at, metrics["loss"])
      last = done == schedule.steps
      if last or not alive or _due(done, schedule.evaluate_every):
        measured = evaluate() if evaluate else {}
        record = {name: np.asarray(value).tolist()
                  for name, value in {**metrics, **measured}.items()}
        history.records.append({"step": done, **record})
        _log(writer, done, record)
      if saver and chief and (last or _due(done, schedule.checkpoint_every)):
        saver.save(done, dataclasses.asdict(history))
        if on_checkpoint is not None:
          on_checkpoint(done)
      if stop.received:
        raise errors.Interrupted(
            f"Stopped at step {done} of {schedule.steps} ({title}): the same "
            "command resumes from the last checkpoint.", stop.received)
      if not alive:
        break
  return history


def compile_steps(step) -> Callable[[int, int], Metrics]:
  """Wraps a step into one graph that runs any number of them.

  Args:
    step: as `train` takes it.

  Returns:
    A function of the first step's index and the number of steps, which
    returns the metrics of the last.
  """
  graph_step = tf.function(step)
  spec = graph_step.get_concrete_function(
      tf.TensorSpec([], tf.int64)).structured_outputs

  @tf.function
  def run(start, count):
    metrics = tf.nest.map_structure(
        lambda s: tf.zeros(s.shape, s.dtype), spec)
    end = start + count
    if isinstance(step, xla.Step):
      program = step.compiled(metrics)
      for first in tf.range(start, end, step.at_most):
        metrics = program(first, tf.minimum(first + step.at_most, end))
    else:
      for index in tf.range(start, end):
        metrics = graph_step(index)
    return metrics

  return lambda start, count: run(
      tf.constant(start, tf.int64), tf.constant(count, tf.int64))


def _observed(step, watch: divergence.Watch, index: tf.Tensor) -> Metrics:
  return watch.observe(index, step(index))


def _python_loop(step) -> Callable[[int, int], Metrics]:
  def run(start, count):
    metrics = {}
    for index in range(start, start + count):
      metrics = step(tf.constant(index, tf.int64))
    return metrics
  return run


def _due(step: int, interval: int) -> bool:
  return bool(interval) and step % interval == 0


def _log(writer, step: int, record: Mapping[str, Any]) -> None:
  if writer is None:
    return
  with writer.as_default(step=step):
    for name, value in record.items():
      for member, scalar in enumerate(np.atleast_1d(value)):
        suffix = "" if np.ndim(value) == 0 else f"/{member}"
        tf.summary.scalar(f"{name}{suffix}", scalar)
  writer.flush()


class _StopSignal:
  """Notes SIGINT and SIGTERM instead of dying in the middle of a chunk."""

  def __init__(self):
    self.received = 0
    self._previous = {}

  def __enter__(self):
    if threading.current_thread() is threading.main_thread():
      for number in (signal.SIGINT, signal.SIGTERM):
        self._previous[number] = signal.signal(number, self._note)
    return self

  def __exit__(self, *unused):
    for number, handler in self._previous.items():
      signal.signal(number, handler)

  def _note(self, number, unused_frame):
    if self.received:  # asked twice: do not wait, the checkpoint is safe
      signal.signal(number, self._previous[number])
      signal.raise_signal(number)
    self.received = number
