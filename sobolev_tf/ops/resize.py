"""Resizing of images by matrix products, differentiable to every order.

Bilinear and bicubic interpolation are linear in the image and separate into
rows and columns: one product with a matrix of weights for each. TensorFlow's
`ResizeBilinearGrad` passes nothing back to what it is given, so the weight
gradient of a derivative through it is wrong; `ResizeBicubicGrad` has no
gradient.
"""

from typing import Sequence

import numpy as np
import tensorflow as tf

from sobolev_tf import errors

# As in tf.image.resize: Keys' parameter, and the entries of the table in which
# TensorFlow's kernel looks up his function (core/kernels/image/).
_BICUBIC = -.5
_TABLE = 1024


def resize(images: tf.Tensor, size: Sequence[int],
           method: str = "bilinear") -> tf.Tensor:
  """As `tf.image.resize` without antialiasing, in the type of the images.

  Args:
    images: `[B, H, W, C]` of a floating-point type and static H and W.
    size: the new height and width.
    method: "bilinear" or "bicubic".

  Returns:
    `[B, *size, C]`.

  Raises:
    UserError: for another method or size, or if H or W is not known.
  """
  if method not in ("bilinear", "bicubic"):
    raise errors.UserError(
        f"method must be 'bilinear' or 'bicubic', got {method!r}.")
  images = tf.convert_to_tensor(images)
  if images.shape.rank != 4 or None in images.shape[1:3].as_list():
    raise errors.UserError(
        f"images must be [B, H, W, C] of static height and width, got "
        f"{images.shape}.")
  sizes = np.asarray(size)
  if sizes.shape != (2,) or sizes.dtype.kind not in "iu" or sizes.min() < 1:
    raise errors.UserError(
        "size must be the new height and width, two positive whole numbers, "
        f"got {sizes.tolist()!r}.")
  rows, columns = (
      tf.constant(weights(old, int(new), method), images.dtype)
      for old, new in zip(images.shape[1:3], sizes))
  return multiply(images, rows, columns)


def multiply(images: tf.Tensor, rows: tf.Tensor,
             columns: tf.Tensor) -> tf.Tensor:
  """Weighs the pixels `[B, H, W, C]` by `[H', H]` and `[W', W]`."""
  images = tf.einsum("ih,bhwc->biwc", rows, images)
  return tf.einsum("jw,biwc->bijc", columns, images)


def weights(old: int, new: int, method: str,
            half_pixel_centers: bool = True) -> np.ndarray:
  """The weights `[new, old]` of the old pixels in the new ones.

  Args:
    old: how many pixels there are.
    new: how many there shall be.
    method: "bilinear" or "bicubic".
    half_pixel_centers: whether pixels are centred at halves, as in
      TensorFlow 2, or at whole numbers.
  """
  half = .5 if half_pixel_centers else 0.
  at = (np.arange(new) + half) * old / new - half  # [new]
  if method == "bicubic":
    at = np.floor(at) + np.rint((at - np.floor(at)) * _TABLE) / _TABLE
  distance = np.arange(-2, old + 2) - at[:, None]  # [new, old + 4]
  if method == "bilinear":
    given = np.maximum(0., 1. - np.abs(distance))
  else:
    given = _keys(np.abs(distance))
  inside = given[:, 2:-2].copy()  # [new, old]
  if method == "bicubic" and half_pixel_centers:  # without those outside
    return inside / inside.sum(1, keepdims=True)
  inside[:, 0] += given[:, :2].sum(1)  # the border is repeated
  inside[:, -1] += given[:, -2:].sum(1)
  return inside


def _keys(distance: np.ndarray) -> np.ndarray:
  """Keys' cubic kernel."""
  a, d = _BICUBIC, distance
  near = ((a + 2) * d - (a + 3)) * d * d + 1
  far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
  return np.where(d <= 1, near, np.where(d < 2, far, 0.))
