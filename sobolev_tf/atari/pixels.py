"""States as networks take them: floats in [0, 1], in blocks of pixels.

A state is the last four frames of a game (Section 4.2). Emulators give it as
uint8 `[4, 84, 84]`, oldest frame first.
"""

import numpy as np
import tensorflow as tf

BLOCK = 4  # side of the blocks; divides 84 and the first convolution's sizes


def scale(frames: tf.Tensor) -> tf.Tensor:
  """Brings uint8 frames to floats in [0, 1]; leaves floats as they are."""
  if frames.dtype.is_floating:
    return frames
  return tf.cast(frames, tf.float32) / 255.


def blocks(frames: np.ndarray) -> np.ndarray:
  """`[..., 84, 84]` -> `[..., 21, 21, 16]`: blocks of 4 x 4 pixels.

  With a block's pixels as channels the first convolution, 8 x 8 with stride 4,
  is one of 2 x 2 with stride 1, whose derivative with respect to the pixels
  takes TensorFlow a fifth of the time on a CPU. The derivatives are the same
  numbers in another order, so their norms do not change.

  Args:
    frames: single frames.

  Returns:
    The same numbers, a view if that is possible.
  """
  *batch, height, width = frames.shape
  split = frames.reshape(
      *batch, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
  return np.swapaxes(split, -3, -2).reshape(
      *batch, height // BLOCK, width // BLOCK, BLOCK**2)


def from_blocks(blocked: np.ndarray) -> np.ndarray:
  """`[21, 21, 16]` -> `[84, 84]`: one frame, `blocks` undone."""
  rows, columns, _ = blocked.shape
  split = blocked.reshape(rows, columns, BLOCK, BLOCK)
  return np.swapaxes(split, 1, 2).reshape(rows * BLOCK, columns * BLOCK)


def channels_last(observations: tf.Tensor) -> tf.Tensor:
  """`[B, 4, 84, 84]` as emulators give it -> `[B, 84, 84, 4]`."""
  return tf.transpose(observations, [0, 2, 3, 1])
