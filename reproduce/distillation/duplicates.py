"""How many test states are, or nearly are, among the training states."""

import hashlib
from typing import NamedTuple

import numpy as np

from configs import distillation as config_lib
from reproduce.distillation import split
from sobolev_tf.atari import recordings

_NEAR_STATES = 1_000  # a second per 10,000 training states
_SLICE = 2_000  # frames compared at once, to bound memory


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


def rates(recording: recordings.Recording, train: np.ndarray,
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
  indices = recordings.stack_indices(recording.log)  # [S, 4]

  def state(row):
    stack = recordings.stacks(recording.frames, indices[row:row + 1])
    return hashlib.blake2b(stack.tobytes()).digest()

  def frame(row):
    return hashlib.blake2b(recording.frames[row].tobytes()).digest()

  shares = []
  for digest in (state, frame):
    seen = {digest(row) for row in train}
    shares.append(float(np.mean([digest(row) in seen for row in test])))
  distance = nearest_distances(
      recording.frames[split.thin(test, _NEAR_STATES)], recording.frames, train)
  shares.append(float(np.mean(distance < config_lib.NEAR)))
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
