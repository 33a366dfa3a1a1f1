"""CIFAR-10 from tensorflow_datasets (Table 1).

The paper says nothing about preprocessing. Augmentation is that of its time:
four pixels of padding, a random crop and a random flip (He et al., arXiv
1512.03385).
"""

from typing import Optional

import tensorflow as tf

from reproduce.classification.data import base, prepared

_NUM_CLASSES, _PAD = 10, 4
# Of the training images, per channel, on the scale 0 ... 255.
_MEAN, _DEVIATION = (125.3, 123., 113.9), (63., 62.1, 66.7)


def open_cifar10(seed: int, batch_size: int, folder: Optional[str] = None,
                 train_on_validation: bool = True) -> base.InMemory:
  """CIFAR-10 in memory.

  Args:
    seed: of order and augmentation.
    batch_size: images per training batch.
    folder: of the prepared data.
    train_on_validation: trains on all 50,000 images, else on 45,000.

  Returns:
    The data; the last 5,000 training images are for validation.

  Raises:
    UserError: if the data are not prepared or damaged, or a label is out of
      range.
  """
  train, validation, test = (
      prepared.arrays("cifar10", split, folder, _NUM_CLASSES)
      for split in ("train[:90%]", "train[90%:]", "test"))
  if train_on_validation:
    train = base.Batch(*(
        tf.concat(pair, 0) for pair in zip(train, validation)))
  return base.InMemory(
      train, validation, test, num_classes=_NUM_CLASSES, seed=seed,
      batch_size=batch_size, augment=pad_crop_flip,
      prepare=lambda images: (tf.cast(images, tf.float32) - _MEAN)
      / _DEVIATION)


def pad_crop_flip(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
  """Moves images by up to four pixels, fills with 0, flips every second.

  Args:
    images: `[B, H, W, C]`.
    seed: int32 `[2]`.

  Returns:
    Images of the same shape.
  """
  count = tf.shape(images)[0]
  height, width = images.shape[1], images.shape[2]
  seeds = tf.random.split(seed, 2)
  padded = tf.pad(images, [[0, 0], [_PAD, _PAD], [_PAD, _PAD], [0, 0]])
  corner = tf.random.stateless_uniform(
      [count, 2], seeds[0], 0, 2 * _PAD + 1, tf.int32)  # [B, 2]
  rows = corner[:, :1] + tf.range(height)  # [B, H]
  columns = corner[:, 1:] + tf.range(width)  # [B, W]
  flip = tf.random.stateless_uniform([count, 1], seeds[1]) < .5
  columns = tf.where(flip, columns[:, ::-1], columns)
  moved = tf.gather(padded, rows, batch_dims=1)
  return tf.gather(moved, columns, axis=2, batch_dims=1)
