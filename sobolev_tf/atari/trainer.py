"""Trains a teacher (Section 4.2): emulators, learner, scores, progress.

Runs in `sobolev_tf.training.loop`; a training step is one iteration: every
game plays a rollout, then the network learns from it. An emulator's state
cannot be saved, so at every checkpoint all games start again from a seed that
depends on the run's seed and the iteration only. That happens in uninterrupted
runs too, and everything random is drawn from (seed, iteration), so a resumed
run takes exactly the course of an uninterrupted one.
"""

import csv
import io
import pathlib
from typing import Any, Callable, Dict, List, Mapping, Optional

import numpy as np
import tensorflow as tf

from sobolev_tf import files
from sobolev_tf.atari import actor_critic
from sobolev_tf.atari import environment as environment_lib
from sobolev_tf.training import loop

_COLUMNS = (
    "step", "games", "score", "score_std", "entropy", "value_loss",
    "clipped", "gradient_norm")
_ACTIONS_STREAM, _ORDER_STREAM = 0, 1


class ScoreWindow(tf.Module):
  """The scores of the last 100 finished games, in checkpointed variables."""

  def __init__(self, length: int = 100):
    super().__init__()
    self.scores = tf.Variable(tf.zeros([length]), trainable=False)
    self.games = tf.Variable(0, dtype=tf.int64, trainable=False)

  def add(self, score: float) -> None:
    """Notes the score of a game."""
    place = int(self.games) % self.scores.shape[0]
    self.scores.scatter_nd_update([[place]], [score])
    self.games.assign_add(1)

  def latest(self) -> np.ndarray:
    """The noted scores, at most the window's length, in no order."""
    return self.scores.numpy()[:int(self.games)]


class Trainer:
  """What one iteration of teacher training does."""

  def __init__(self, agent: actor_critic.ActorCritic,
               emulators: environment_lib.AtariEnvironment, *,
               rollout_length: int, seed: int, progress: files.Path):
    """Starts the games.

    Args:
      agent: the learner.
      emulators: the N games.
      rollout_length: T, steps of every game per iteration.
      seed: of everything random but the initial weights.
      progress: the file to which `measure` writes.
    """
    self.agent = agent
    self.scores = ScoreWindow()
    self._emulators = emulators
    self._seed = seed
    self._progress = pathlib.Path(progress)
    self._steps, games = rollout_length, emulators.num_games
    self._observation = np.zeros([])
    self._running_scores = np.zeros(games)
    self._since_checkpoint: List[Mapping[str, float]] = []
    self._done = 0
    shape = (rollout_length, games)
    self._rollout = actor_critic.Rollout(
        observations=np.zeros(
            (rollout_length + 1, games, environment_lib.STACK,
             *environment_lib.FRAME_SHAPE), np.uint8),
        actions=np.zeros(shape, np.int32),
        log_probs=np.zeros(shape, np.float32),
        values=np.zeros(shape, np.float32),
        rewards=np.zeros(shape, np.float32),
        terminals=np.zeros(shape, bool))

  @property
  def state(self) -> Dict[str, Any]:
    """All that training changes, for `loop.train`."""
    return {"network": self.agent.network, "optimizer": self.agent.optimizer,
            "scores": self.scores}

  def restart_games(self, iteration: int) -> None:
    """Starts all games again; `loop.train`'s `on_checkpoint`."""
    self._observation = self._emulators.reset(self._seed, iteration)
    self._running_scores[:] = 0.
    self._since_checkpoint = []

  def step(self, iteration: tf.Tensor) -> Mapping[str, tf.Tensor]:
    """Plays a rollout and learns from it; `loop.train`'s `step`."""
    iteration = int(iteration)
    self._play(iteration)
    metrics = self.agent.learn(
        actor_critic.Rollout(*[tf.constant(x) for x in self._rollout]),
        _seed(self._seed, _ORDER_STREAM, iteration))
    self._since_checkpoint.append({k: float(v) for k, v in metrics.items()})
    self._done = iteration + 1
    return metrics

  def _play(self, iteration: int) -> None:
    """Fills the rollout."""
    rollout = self._rollout
    for t in range(self._steps):
      rollout.observations[t] = self._observation
      actions, log_probs, values = self.agent.act(
          tf.constant(self._observation),
          _seed(self._seed, _ACTIONS_STREAM, iteration * self._steps + t))
      rollout.actions[t] = actions
      rollout.log_probs[t] = log_probs
      rollout.values[t] = values
      played = self._emulators.step(rollout.actions[t])
      rollout.rewards[t] = played.rewards
      rollout.terminals[t] = played.terminals
      self._observation = played.observations
      self._running_scores += played.rewards
      for n in np.flatnonzero(played.game_over):
        self.scores.add(self._running_scores[n])
        self._running_scores[n] = 0.
    rollout.observations[-1] = self._observation

  def measure(self) -> Dict[str, float]:
    """Means since the last checkpoint; `loop.train`'s `evaluate`.

    Also brings the progress file up to date: one line per checkpoint, with
    the mean score of the last 100 finished training games.
    """
    scores = self.scores.latest()
    record = {
        name: float(np.mean([m[name] for m in self._since_checkpoint]))
        for name in self._since_checkpoint[0]}
    record.update(
        games=int(self.scores.games),
        score=float(scores.mean()) if scores.size else float("nan"),
        score_std=float(scores.std()) if scores.size else float("nan"))
    steps = self._done * self._rollout.actions.size
    rows = []
    if self._progress.exists():
      rows = [row for row in csv.reader(
          io.StringIO(files.read_text(self._progress)))
              if row[0] != "step" and int(row[0]) < steps]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(rows)
    writer.writerow(
        [steps, record["games"]] + [f"{record[c]:.4g}" for c in _COLUMNS[2:]])
    files.write_text(self._progress, text.getvalue())
    return record


def train(trainer: Trainer, *, iterations: int, checkpoint_every: int,
          on_checkpoint: Callable[[int], None], settings: Mapping[str, Any],
          folder: files.Path,
          log_folder: Optional[files.Path], title: str) -> loop.History:
  """Runs a trainer to its end, resuming from checkpoints if there are any.

  Args:
    trainer: the trainer.
    iterations: the length of the run.
    checkpoint_every: iterations between checkpoints (and new games).
    on_checkpoint: called with the iterations done, after each checkpoint and
      after a resumption.
    settings: of the run, as `loop.train` takes them.
    folder: where the checkpoints go.
    log_folder: where TensorBoard's event files go; None writes none.
    title: the progress bar's text.

  Returns:
    What the run measured.
  """
  def renew(iteration: int) -> None:
    on_checkpoint(iteration)
    trainer.restart_games(iteration)

  return loop.train(
      trainer.step, trainer.state,
      loop.Schedule(
          steps=iterations, chunk=1, evaluate_every=checkpoint_every,
          checkpoint_every=checkpoint_every),
      evaluate=trainer.measure, on_checkpoint=renew, settings=settings,
      folder=folder, log_folder=log_folder, title=title, compiled=False)


def _seed(seed: int, stream: int, index: int) -> tf.Tensor:
  """A stateless seed of TensorFlow: int32 `[2]`."""
  return tf.constant(
      np.random.SeedSequence((seed, stream, index)).generate_state(2)
      .view(np.int32))
