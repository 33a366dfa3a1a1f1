"""ImageNet (ILSVRC 2012) from tensorflow_datasets (Table 1).

The paper says nothing about preprocessing. Augmentation is that of its time: a
random crop of 8 to 100 % of the area with an aspect ratio of 3/4 to 4/3,
resized to 224x224, and a random flip (Szegedy et al., arXiv 1409.4842); for
evaluation the central 224x224 after the shorter side was resized to 256.
"""

from typing import Iterator, Optional

import tensorflow as tf

from reproduce.classification.data import base, prepared
from sobolev_tf import errors
from sobolev_tf.derivatives import shapes

SIDE = 224  # of the crops
_NAME = "imagenet2012"  # as tensorflow_datasets calls it
_RESIZED = 256  # shorter side before the central crop
_BUFFER = 10_000  # JPEGs shuffled at a time, beside the order of the files
# Of the training images, per channel, on the scale 0 ... 255.
_MEAN, _DEVIATION = (123.7, 116.3, 103.5), (58.4, 57.1, 57.4)


class ImageNet:
  """ImageNet (ILSVRC 2012) from disk, with the original validation as test."""
  num_classes = 1000
  shape = (SIDE, SIDE, 3)
  compiled = False

  def __init__(self, seed: int, batch_size: int, folder: Optional[str] = None,
               train_on_validation: bool = True):
    """Opens the data; reads no image yet.

    Args:
      seed: of order and augmentation.
      batch_size: images per training batch.
      folder: of the prepared data.
      train_on_validation: trains on all training images, else on 99 %.

    Raises:
      UserError: if the data are not prepared, or too few for a batch.
    """
    self.state = tf.Module()
    self._split = "train" if train_on_validation else "train[:99%]"
    self._folder, self._batch_size = folder, batch_size
    self._key = base.random_key("augmentation", seed)
    self._seed = seed
    examples, info = prepared.load(_NAME, self._split, folder)
    self._decode = info.features["image"].decode_example
    self.size = int(examples.cardinality())
    if not 1 <= batch_size <= self.size:
      raise errors.UserError(
          f"batch_size must be 1 to {self.size}, the training images of "
          f"{_NAME}, got {batch_size}.")
    self._next = -1
    self._batches: Iterator[base.Batch] = iter(())

  @property
  def steps_per_epoch(self) -> int:
    """Whole training batches per epoch."""
    return self.size // self._batch_size

  def train(self, index: tf.Tensor) -> base.Batch:
    """The training batch of a step.

    Each epoch is one pass over the images, without those that fill no batch,
    in an order of its own, given by the seed; after a resumption the epoch's
    earlier images are read, but not decoded, and passed over.

    Raises:
      UserError: if an image is damaged or a label out of range.
    """
    epoch, position = divmod(int(index), self.steps_per_epoch)
    with prepared.undamaged(_NAME):
      if self._next != int(index) or position == 0:
        self._batches = iter(self._epoch(epoch, position))
      batch = next(self._batches)
    self._next = int(index) + 1
    shapes.check_labels(batch.labels, self.num_classes, _NAME)
    return batch

  def _epoch(self, epoch: int, skipped: int) -> tf.data.Dataset:
    key = tf.random.fold_in(self._key, epoch)

    def prepare(place, example):
      image = random_crop(
          self._decode(example["image"]),
          tf.random.fold_in(key, tf.cast(place, tf.int32)))
      return base.Batch(image, tf.cast(example["label"], tf.int32))

    order = self._seed * 1000 + epoch  # fewer than 1000 epochs
    # Shuffled and passed over as JPEGs, which are small and cost no decoding.
    examples, _ = prepared.load(
        _NAME, self._split, self._folder, shuffle_seed=order, decode=False)
    return (
        examples.shuffle(_BUFFER, seed=order, reshuffle_each_iteration=False)
        .enumerate().skip(skipped * self._batch_size)
        .map(prepare, tf.data.AUTOTUNE, deterministic=True)
        .batch(self._batch_size, drop_remainder=True)
        .prefetch(tf.data.AUTOTUNE))

  def held_out(self, stream: str) -> Iterator[base.Batch]:
    """All images of a held-out stream, in batches.

    Raises:
      UserError: if an image is damaged or a label out of range.
    """
    test = base.check_stream(stream) == "test"
    examples, _ = prepared.load(
        _NAME, "validation" if test else "train[99%:]", self._folder)
    with prepared.undamaged(_NAME):
      for batch in examples.map(
          lambda example: base.Batch(
              central_crop(example["image"]),
              tf.cast(example["label"], tf.int32)),
          tf.data.AUTOTUNE).batch(self._batch_size).prefetch(1):
        shapes.check_labels(batch.labels, self.num_classes, _NAME)
        yield batch


def random_crop(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
  """A random crop of random size and shape, perhaps flipped (training).

  Args:
    image: uint8 `[H, W, 3]`.
    seed: int32 `[2]`.

  Returns:
    float32 `[224, 224, 3]`, standardised.
  """
  seeds = tf.random.split(seed, 2)
  begin, size, _ = tf.image.stateless_sample_distorted_bounding_box(
      tf.shape(image), tf.zeros([1, 0, 4]), seeds[0], min_object_covered=0.,
      aspect_ratio_range=(3 / 4, 4 / 3), area_range=(.08, 1.),
      max_attempts=10, use_image_if_no_bounding_boxes=True)
  image = tf.image.resize(tf.slice(image, begin, size), [SIDE, SIDE])
  flip = tf.random.stateless_uniform([], seeds[1]) < .5
  image = tf.where(flip, image[:, ::-1], image)
  return (image - _MEAN) / _DEVIATION


def central_crop(image: tf.Tensor) -> tf.Tensor:
  """The centre after the shorter side was resized to 256 (evaluation).

  Args:
    image: uint8 `[H, W, 3]`.

  Returns:
    float32 `[224, 224, 3]`, standardised.
  """
  sides = tf.cast(tf.shape(image)[:2], tf.float32)
  new = tf.cast(tf.round(sides * _RESIZED / tf.reduce_min(sides)), tf.int32)
  image = tf.image.resize_with_crop_or_pad(
      tf.image.resize(image, new), SIDE, SIDE)
  return (image - _MEAN) / _DEVIATION
