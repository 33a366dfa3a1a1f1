"""Data of Section 4.2: states of recorded games, split by episode.

The states of a recording (`sobolev_tf.atari.recording`) are those of several
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
from sobolev_tf.atari import networks
from sobolev_tf.atari import recording as recording_lib

VALIDATION_SHARE = .1  # ours: the paper states no validation set
# ours: 1 % of the grey range; a few pixels of a ball elsewhere are more
NEAR = 2.55
_NEAR_STATES = 1_000  # a second per 10,000 training states
_SLICE = 2_000  # frames handled at once, to bound memory


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
  """Shares of the test set that also are in the training set.

  Attributes:
    states: of whole stacks of four frames, bit for bit.
    frames: of their newest frames, bit for bit.
    near_frames: of their newest frames, within `NEAR` of a training frame.
  """
  states: float
  frames: float
  near_frames: float


def duplicate_rates(recording: recording_lib.Recording, train: np.ndarray,
                    test: np.ndarray) -> Duplicates:
  """Counts the test states that training has seen.

  Args:
    recording: the states.
    train: rows.
    test: rows; near duplicates are sought for at most `_NEAR_STATES` of them,
      evenly spaced.

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
  distance = nearest_distances(
      recording.frames[thin(test, _NEAR_STATES)], recording.frames, train)
  shares.append(float(np.mean(distance < NEAR)))
  return Duplicates(*shares)


def nearest_distances(queries: np.ndarray, frames: np.ndarray,
                      rows: np.ndarray) -> np.ndarray:
  """How far each frame is from the nearest of some others.

  Args:
    queries: uint8 `[Q, 84, 84]`.
    frames: uint8 `[S, 84, 84]`.
    rows: of `frames`, `[N]`: those to compare with.

  Returns:
    The root mean square over pixels of the difference of grey levels,
    0 to 255: float32 `[Q]`.
  """
  a = queries.reshape(len(queries), -1).astype(np.float32)  # [Q, P]
  background = a.mean(axis=0)  # taken off, it leaves little to round
  a -= background
  nearest = np.full(len(a), np.inf, np.float32)  # [Q]
  for start in range(0, len(rows), _SLICE):
    b = frames[rows[start:start + _SLICE]].reshape(-1, a.shape[1])
    b = b.astype(np.float32) - background  # [N', P]
    squares = (np.sum(a * a, axis=1)[:, None] + np.sum(b * b, axis=1)
               - 2 * a @ b.T)  # [Q, N']
    nearest = np.minimum(nearest, squares.min(axis=1))
  return np.sqrt(np.maximum(nearest, 0) / a.shape[1])


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

  def mean_frame(self, rows: np.ndarray) -> np.ndarray:
    """The mean of the newest frames of some states.

    Args:
      rows: int32 `[N]`.

    Returns:
      `[84, 84]`, floats in [0, 1].
    """
    total = np.zeros(self._frames.shape[1:])
    for start in range(0, len(rows), _SLICE):
      some = tf.gather(self._frames, rows[start:start + _SLICE])
      total += np.sum(some, axis=0, dtype=np.int64)
    return networks.from_blocks(total / len(rows) / 255.)
