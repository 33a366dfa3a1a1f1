"""Shrinks a screen by averaging areas, to the last bit as OpenCV does.

ale-py shrinks its screens with OpenCV's `INTER_AREA`. The same sums in the
same order and in float32, so that observations of another emulator are equal
without OpenCV. (Checked against ale-py 0.12.1 on x86; a build that fuses
multiplications and additions may round an average half way between two greys
the other way.)
"""

import functools
from typing import Tuple

import numpy as np


def area_resize(screen: np.ndarray, shape: Tuple[int, int]) -> np.ndarray:
  """Returns a smaller screen, each pixel the mean of the area it covers.

  Args:
    screen: uint8 `[H, W]`.
    shape: the new height and width, neither larger than the old.

  Returns:
    uint8 `shape`.
  """
  height, width = shape
  values = screen.astype(np.float32)
  values = _shrink(values.T, width).T  # [H, width]
  return np.rint(_shrink(values, height)).astype(np.uint8)


def _shrink(values: np.ndarray, size: int) -> np.ndarray:
  """Averages `[L, M]` along the first axis into `[size, M]`."""
  index, weight = _taps(values.shape[0], size)
  total = values[index[0]] * weight[0, :, None]
  for i, w in zip(index[1:], weight[1:]):
    total += values[i] * w[:, None]
  return total


@functools.lru_cache
def _taps(length: int, size: int) -> Tuple[np.ndarray, np.ndarray]:
  """What `size` cells, laid over `length` pixels, cover.

  Returns:
    Pixels int `[K, size]` and the shares float32 `[K, size]` they have in each
    cell, first to last, filled up with shares of 0.
  """
  scale = 1. / (size / length)  # pixels per cell, rounded as OpenCV rounds it
  start = np.arange(size)[:, None] * scale  # [size, 1]
  end = start + scale
  pixel = np.arange(length)  # [L]
  covered = np.minimum(pixel + 1, end) - np.maximum(pixel, start)  # [size, L]
  covered[covered <= 1e-3] = 0.  # OpenCV's threshold
  share = covered / np.minimum(scale, length - start)
  first = np.argmax(covered > 0., axis=1)  # [size]
  taps = np.arange(np.max(np.sum(covered > 0., axis=1)))  # [K]
  index = np.minimum(first + taps[:, None], length - 1)  # [K, size]
  weight = np.where(
      first + taps[:, None] < length, share[np.arange(size), index], 0.)
  return index, weight.astype(np.float32)
