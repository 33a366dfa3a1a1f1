"""Recordings of a teacher's play: the states of Section 4.2's distillation.

N copies of a game are played side by side for T steps each, with actions
sampled from the teacher's policy; where a game ends the next one starts. Of
every state the newest frame is kept, and the other three of its stack are
found again (`stack_indices`), bit for bit as the emulator gave them.

A state's row is `copy * T + t`, so the states of an episode (one game) are
contiguous. The last episode of a copy is usually cut off.

Sampling again on another machine would take another course at the first logit
that rounds differently. The `ActionLog` does not: seed and actions determine
every frame, and `replay` checks that.
"""

import contextlib
import hashlib
import sys
from typing import Callable, Iterable, NamedTuple, Sequence, Tuple

import numpy as np
import tensorflow as tf
import tqdm

from sobolev_tf import errors
from sobolev_tf.atari import actor_critic, environment
from sobolev_tf.atari import networks as atari

BLACK = -1  # in `stack_indices`: no row, a black frame
_BATCH = 500  # states per call of the teacher


class ActionLog(NamedTuple):
  """All that determines the frames of a recording, and their checksums.

  Attributes:
    game: one of `environment.GAMES`.
    seed: of the emulators.
    emulator: its name and version.
    copies: N different numbers; copy and seed give a game its start.
    actions: uint8 `[N, T]`.
    game_over: bool `[N, T]`, whether the action ended a game.
    checksums: per copy, the SHA-256 of its frames' bytes.
  """
  game: str
  seed: int
  emulator: str
  copies: Tuple[int, ...]
  actions: np.ndarray
  game_over: np.ndarray
  checksums: Tuple[str, ...]

  @property
  def episodes(self) -> np.ndarray:
    """The episode of every state: int32 `[N * T]`, counting up from 0."""
    return np.cumsum(self._starts(), dtype=np.int32) - 1

  @property
  def whole(self) -> np.ndarray:
    """Whether each episode was played to its end: bool `[episodes]`."""
    last = np.append(self._starts()[1:], True)  # [N * T]
    return self.game_over.ravel()[last]

  def _starts(self) -> np.ndarray:
    """Whether each state is the first of its episode: bool `[N * T]`."""
    starts = np.ones_like(self.game_over)  # [N, T]
    starts[:, 1:] = self.game_over[:, :-1]
    return starts.ravel()


class Recording(NamedTuple):
  """S = N * T states of a game and what the teacher makes of them.

  Attributes:
    log: how they came about.
    frames: uint8 `[S, 84, 84]`, the newest frame of every state.
    rewards: float32 `[S]`, points for the action taken in the state.
    logits: float32 `[S, A]`, the teacher's.
  """
  log: ActionLog
  frames: np.ndarray
  rewards: np.ndarray
  logits: np.ndarray

  @property
  def scores(self) -> np.ndarray:
    """The recorded points of each episode: float64 `[episodes]`."""
    return np.bincount(self.log.episodes, weights=self.rewards)


def record(network: atari.AtariNetwork, game: str, seed: int, copies: int,
           length: int) -> Recording:
  """Plays with actions sampled from a teacher's policy.

  Args:
    network: the teacher.
    game: one of `environment.GAMES`.
    seed: of the emulators and of the sampled actions.
    copies: N, how many games are played side by side.
    length: T, how many steps of each.

  Returns:
    The recording.

  Raises:
    UserError: for an unknown game, numbers that are not positive, or a
      network with another number of actions.
  """
  environment.check_num_actions(game, network.num_actions)
  if copies < 1 or length < 1:
    raise errors.UserError(
        f"Record at least one step of one copy, not {length} of {copies}.")

  @tf.function
  def sample(observations, index):
    logits = network(atari.channels_last(observations)).logits  # [N, A]
    return actor_critic.sample_actions(
        logits, tf.random.fold_in([seed, 0], index))  # [N]

  log, frames, rewards = _play(
      game, seed, tuple(range(copies)), length,
      lambda observations, t: sample(
          tf.constant(observations), tf.constant(t)).numpy())
  return Recording(log, frames, rewards, _logits(network, log, frames))


def replay(log: ActionLog, network: atari.AtariNetwork) -> Recording:
  """Plays a log's actions again and computes the teacher's outputs.

  Args:
    log: of a recording, or the part of it that `select` gives.
    network: the teacher.

  Returns:
    The recording, or the part of it that belongs to the log.

  Raises:
    UserError: if frames or game ends are not those recorded, naming the copy,
      or if the network has another number of actions.
  """
  environment.check_num_actions(log.game, network.num_actions)
  played, frames, rewards = _play(
      log.game, log.seed, log.copies, log.actions.shape[1],
      lambda observations, t: log.actions[:, t])
  for n, copy in enumerate(log.copies):
    if (played.checksums[n] != log.checksums[n] or
        not np.array_equal(played.game_over[n], log.game_over[n])):
      raise errors.UserError(
          f"Copy {copy} of {log.game} does not replay to the recorded frames: "
          "its log is wrong or was made by another version of the emulator "
          f"(it names {log.emulator}, this is {played.emulator}).")
  return Recording(log, frames, rewards, _logits(network, log, frames))


def select(log: ActionLog, copies: Sequence[int]) -> ActionLog:
  """The part of a log that belongs to some of its copies.

  Args:
    log: the log.
    copies: their positions in the log.

  Returns:
    The log of these copies, which replays to the same frames.

  Raises:
    UserError: if there are no such copies in the log.
  """
  positions = list(copies)
  if (not positions or len(set(positions)) < len(positions) or
      min(positions) < 0 or max(positions) >= len(log.copies)):
    raise errors.UserError(
        f"The log of {log.game} has the copies 0 to {len(log.copies) - 1}: "
        "choose one or more of them, each once.")
  return log._replace(
      copies=tuple(log.copies[n] for n in positions),
      actions=log.actions[positions],
      game_over=log.game_over[positions],
      checksums=tuple(log.checksums[n] for n in positions))


def stack_indices(log: ActionLog) -> np.ndarray:
  """Finds the four frames that make up each state.

  Args:
    log: of the recording.

  Returns:
    int32 `[S, 4]`, rows of the recording's frames, oldest frame first;
    `BLACK` for the black frames before a game's first.
  """
  starts = np.flatnonzero(log._starts())  # [episodes]
  first = starts[log.episodes][:, np.newaxis]  # [S, 1]
  rows = np.arange(log.actions.size)[:, np.newaxis] + np.arange(
      1 - environment.STACK, 1)  # [S, 4]
  return np.where(rows < first, BLACK, rows).astype(np.int32)


def stacks(frames: np.ndarray, indices: np.ndarray) -> np.ndarray:
  """Builds states from single frames.

  Args:
    frames: uint8 `[S, 84, 84]`, all frames of a recording.
    indices: int32 `[B, 4]`, the states' rows of `stack_indices`.

  Returns:
    uint8 `[B, 84, 84, 4]`, what networks take.
  """
  stacked = frames[indices]  # [B, 4, 84, 84]
  stacked[indices == BLACK] = 0
  return np.ascontiguousarray(np.moveaxis(stacked, 1, -1))


def _play(
    game: str, seed: int, copies: Tuple[int, ...], length: int,
    choose: Callable[[np.ndarray, int], np.ndarray]
) -> Tuple[ActionLog, np.ndarray, np.ndarray]:
  """Plays; `choose` gives the actions `[N]` from the observations and t.

  Returns the log, the frames `[S, 84, 84]` and the rewards `[S]`.
  """
  shape = (len(copies), length)
  frames = np.empty((*shape, *environment.FRAME_SHAPE), np.uint8)
  actions = np.empty(shape, np.uint8)
  rewards = np.empty(shape, np.float32)
  game_over = np.empty(shape, bool)
  emulators = environment.AtariEnvironment(game, len(copies))
  with contextlib.closing(emulators):
    observations = emulators.reset(seed, copies=copies)
    for t in _bar(range(length), f"{game}: playing"):
      frames[:, t] = observations[:, -1]
      actions[:, t] = choose(observations, t)
      step = emulators.step(actions[:, t])
      rewards[:, t] = step.rewards
      game_over[:, t] = step.game_over
      observations = step.observations
  log = ActionLog(
      game, seed, environment.emulator_version(), copies, actions, game_over,
      tuple(hashlib.sha256(copy.tobytes()).hexdigest() for copy in frames))
  return log, frames.reshape(-1, *environment.FRAME_SHAPE), rewards.ravel()


def _logits(network: atari.AtariNetwork, log: ActionLog,
            frames: np.ndarray) -> np.ndarray:
  """The teacher's logits on all states: float32 `[S, A]`."""
  compute = tf.function(lambda states: network(states).logits)
  indices = stack_indices(log)
  return np.concatenate([
      compute(tf.constant(stacks(frames, indices[row:row + _BATCH]))).numpy()
      for row in _bar(range(0, len(frames), _BATCH), f"{log.game}: teacher")])


def _bar(values: Iterable[int], title: str) -> Iterable[int]:
  return tqdm.tqdm(
      values, desc=title, leave=False,
      mininterval=0.5 if sys.stderr.isatty() else 30.)
