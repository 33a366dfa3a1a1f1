"""Recorded states as tensors to train on (Section 4.2)."""

import numpy as np
import tensorflow as tf

from sobolev_tf.atari import pixels, recordings

_SLICE = 2_000  # frames averaged at once, to bound memory


class States(tf.Module):
  """States and teacher's log-probabilities, as tensors to gather from."""

  def __init__(self, recording: recordings.Recording):
    """Turns a recording into tensors.

    Args:
      recording: the states.
    """
    super().__init__()
    frames = pixels.blocks(recording.frames)
    black = np.zeros((1, *frames.shape[1:]), np.uint8)
    self._frames = tf.constant(
        np.concatenate([frames, black]))  # [S + 1, 21, 21, 16]
    rows = recordings.stack_indices(recording.log)  # [S, 4]
    self._index = tf.constant(rows % len(self._frames))  # [S, 4]
    self._log_probs = tf.nn.log_softmax(
        tf.constant(recording.logits))  # [S, A]

  def __call__(self, rows: tf.Tensor):
    """Looks states up.

    Args:
      rows: int32 `[B]`.

    Returns:
      States `[B, 21, 21, 64]`, floats in [0, 1], as blocks of pixels that
      networks take (`pixels.blocks`), and log-probabilities `[B, A]`.
    """
    index = tf.gather(self._index, rows)  # [B, 4]
    frames = [tf.gather(self._frames, one) for one in tf.unstack(index, axis=1)]
    x = pixels.scale(tf.concat(frames, axis=-1))
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
    return pixels.from_blocks(total / len(rows) / 255.)
