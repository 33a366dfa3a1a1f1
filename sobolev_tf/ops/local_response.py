"""Local response normalisation, whose gradient has none in TensorFlow."""

import numpy as np
import tensorflow as tf

from sobolev_tf import errors


def local_response_normalization(
    x: tf.Tensor, depth_radius: int = 5, bias: float = 1.,
    alpha: float = 1., beta: float = .5) -> tf.Tensor:
  """x / (bias + alpha * sum of x^2 over neighbouring channels)^beta.

  As `tf.nn.local_response_normalization`, whose defaults these are.

  Args:
    x: `[..., C]`, C static.
    depth_radius: how many channels to either side are summed.
    bias: added to the sum; positive.
    alpha: multiplies the sum.
    beta: the exponent.

  Returns:
    A tensor of the shape of `x`.

  Raises:
    UserError: if C is not known.
  """
  x = tf.convert_to_tensor(x)
  if not x.shape.rank or x.shape[-1] is None:
    raise errors.UserError(
        f"x has the shape {x.shape}, but the number of channels, its last "
        "axis, must be static: use tf.ensure_shape.")
  channel = np.arange(x.shape[-1])
  near = np.abs(channel - channel[:, None]) <= depth_radius  # [C, C]
  total = tf.tensordot(tf.square(x), tf.constant(near, x.dtype), 1)
  return x * tf.pow(bias + alpha * total, -beta)
