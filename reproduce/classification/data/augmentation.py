"""Augmentation that Table 1's small images share."""

import tensorflow as tf


def pad_crop_flip(images: tf.Tensor, seed: tf.Tensor, *, pad: int = 4,
                  fill: float = 0.) -> tf.Tensor:
  """Moves images by up to `pad` pixels and flips every second.

  A random crop of padded images (He et al., arXiv 1512.03385).

  Args:
    images: `[B, H, W, C]`.
    seed: int32 `[2]`.
    pad: pixels added on every side (4: He et al., for CIFAR-10).
    fill: their value.

  Returns:
    Images of the same shape.
  """
  count = tf.shape(images)[0]
  height, width = images.shape[1], images.shape[2]
  seeds = tf.random.split(seed, 2)
  padded = tf.pad(images, [[0, 0], [pad, pad], [pad, pad], [0, 0]],
                  constant_values=fill)
  corner = tf.random.stateless_uniform(
      [count, 2], seeds[0], 0, 2 * pad + 1, tf.int32)  # [B, 2]
  rows = corner[:, :1] + tf.range(height)  # [B, H]
  columns = corner[:, 1:] + tf.range(width)  # [B, W]
  flip = tf.random.stateless_uniform([count, 1], seeds[1]) < .5
  columns = tf.where(flip, columns[:, ::-1], columns)
  moved = tf.gather(padded, rows, batch_dims=1)
  return tf.gather(moved, columns, axis=2, batch_dims=1)
