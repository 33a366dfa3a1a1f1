"""Data of Section 4.2: states of recorded games, split by episode.

The states of a recording (`sobolev_tf.agents.recording`) are those of several
copies of a game, one copy after another. The test set is the whole games of
the last copies; it is the same for every percentage. Training takes the first
p per cent of all recorded states from the other copies, its last game cut off
where the share ends. So no game is on both sides. Settings are chosen on the
last tenth of the training share.
"""

import hashlib
import math
from typing import NamedTuple, Sequence

import numpy as np
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.agents import recording as recording_lib
from sobolev_tf.networks import atari as networks

VALIDATION_SHARE = .1  # ours: the paper states no validation set


class Split(NamedTuple):
  """Rows of a recording, int32 each.

  Attributes:
    train: `[N]`.
    validation: `[V]`, the states right after those of `train`.
    test: `[T]`, all states of whole games.
  """
  train: np.ndarray
  validation: np.ndarray
  test: np.ndarray


def check_percentages(percentages: Sequence[float]) -> None:
  """Raises a `UserError` unless all are numbers between 0 and 100."""
  if not percentages or not all(0 < p < 100 for p in percentages):
    raise errors.UserError(
        "percentages must lie between 0 and 100, both excluded, got "
        f"{', '.join(f'{p:g}' for p in percentages) or 'none'}.")


def copies_needed(percentage: float, copies: int,
                  test_copies: int) -> Sequence[int]:
  """Which copies of a recording an experiment reads.

  Args:
    percentage: the largest share of the recorded states to train on.
    copies: how many copies were recorded.
    test_copies: how many of them, the last ones, are for testing.

  Returns:
    The copies that hold the training share, then those for testing.

  Raises:
    UserError: if the percentage is out of range or reaches into the copies
      for testing.
  """
  check_percentages([percentage])
  if not 0 < test_copies < copies:
    raise errors.UserError(
        f"The recording has {copies} copies of the game, so it cannot keep "
        f"{test_copies} for testing: record more copies.")
  training = math.ceil(percentage / 100 * copies)
  if training > copies - test_copies:
    raise errors.UserError(
        f"{percentage:g} % of the recorded states is more than the "
        f"{100 * (copies - test_copies) / copies:g} % that are not for "
        "testing.")
  return [*range(training), *range(copies - test_copies, copies)]


def split(log: recording_lib.ActionLog, percentage: float, total: int,
          test_copies: int) -> Split:
  """Splits the states of a recording.

  Args:
    log: the recording's, of all copies or of those of `copies_needed`.
    percentage: share of `total` to train on, above 0 and below 100.
    total: how many states the whole recording has.
    test_copies: how many copies, the last ones, are for testing.

  Returns:
    The rows of each part.

  Raises:
    UserError: if the percentage is out of range, or there are too few states
      or games for it.
  """
  check_percentages([percentage])
  copies, length = log.actions.shape
  is_test = np.arange(copies * length) >= (copies - test_copies) * length  # [S]
  whole = log.whole[log.episodes]  # [S]
  share = round(percentage / 100 * total)
  training = np.flatnonzero(~is_test)[:share]
  test = np.flatnonzero(is_test & whole)
  validation = round(VALIDATION_SHARE * share)
  if len(training) < share or validation < 1:
    raise errors.UserError(
        f"{percentage:g} % of {total} states cannot be cut from the "
        f"{len(training)} recorded ones that are not for testing, with a "
        "tenth for validation: choose another percentage.")
  if not len(test):
    raise errors.UserError(
        f"The last {test_copies} recorded copies hold no whole game to test "
        "on: record longer, or test on more copies.")
  return Split(*(rows.astype(np.int32) for rows in (
      training[:-validation], training[-validation:], test)))


def thin(rows: np.ndarray, count: int) -> np.ndarray:
  """At most `count` of the rows, evenly spaced: `[min(N, count)]`."""
  if len(rows) <= count:
    return rows
  return rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]


class Duplicates(NamedTuple):
  """Shares of the test set that also are in the training set, bit for bit.

  Attributes:
    states: of whole stacks of four frames.
    frames: of their newest frames.
  """
  states: float
  frames: float


def duplicate_rates(recording: recording_lib.Recording, train: np.ndarray,
                    test: np.ndarray) -> Duplicates:
  """Counts the test states that training has seen.

  Args:
    recording: the states.
    train: rows.
    test: rows.

  Returns:
    The shares.
  """
  indices = recording_lib.stack_indices(recording.log)  # [S, 4]

  def state(row):
    stack = recording_lib.stacks(recording.frames, indices[row:row + 1])
    return hashlib.blake2b(stack.tobytes()).digest()

  def frame(row):
    return hashlib.blake2b(recording.frames[row].tobytes()).digest()

  shares = []
  for digest in (state, frame):
    seen = {digest(row) for row in train}
    shares.append(float(np.mean([digest(row) in seen for row in test])))
  return Duplicates(*shares)


class States(tf.Module):
  """States and teacher's log-probabilities, as tensors to gather from."""

  def __init__(self, recording: recording_lib.Recording):
    """Args:
      recording: the states.
    """
    super().__init__()
    frames = networks.blocks(recording.frames)
    black = np.zeros((1, *frames.shape[1:]), np.uint8)
    self._frames = tf.constant(
        np.concatenate([frames, black]))  # [S + 1, 21, 21, 16]
    rows = recording_lib.stack_indices(recording.log)  # [S, 4]
    self._index = tf.constant(rows % len(self._frames))  # [S, 4]
    self._log_probs = tf.nn.log_softmax(
        tf.constant(recording.logits))  # [S, A]

  def __call__(self, rows: tf.Tensor):
    """Looks states up.

    Args:
      rows: int32 `[B]`.

    Returns:
      States `[B, 21, 21, 64]`, floats in [0, 1], as blocks of pixels that
      networks take (`networks.atari.blocks`), and log-probabilities `[B, A]`.
    """
    index = tf.gather(self._index, rows)  # [B, 4]
    frames = [tf.gather(self._frames, one) for one in tf.unstack(index, axis=1)]
    x = networks.scale_frames(tf.concat(frames, axis=-1))
    return x, tf.gather(self._log_probs, rows)
