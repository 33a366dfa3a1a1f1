"""Recordings of a teacher's play: the states of Section 4.2's distillation.

N copies of a game are played side by side for T steps each, with actions
sampled from the teacher's policy; where a game ends the next one starts. Of
every state the newest frame is kept, and the other three of its stack are
found again (`stack_indices`), bit for bit as the emulator gave them.

A state's row is `copy * T + t`, so the states of an episode (one game) are
contiguous. The last episode of a copy is usually cut off.

An `ActionLog` determines every frame by a seed and the actions. Sampling the
actions again would not: on another machine they differ from the first logit
on that is rounded differently.
"""

import hashlib
from typing import NamedTuple, Sequence, Tuple

import numpy as np

from sobolev_tf import errors
from sobolev_tf.atari import environment

BLACK = -1  # in `stack_indices`: no row, a black frame


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


def checksums(frames: np.ndarray) -> Tuple[str, ...]:
  """The SHA-256 of each copy's frames, uint8 `[N, T, 84, 84]`."""
  return tuple(hashlib.sha256(copy.tobytes()).hexdigest() for copy in frames)


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
