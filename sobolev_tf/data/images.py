"""CIFAR-10 and ImageNet from tensorflow_datasets (Table 1).

The paper says nothing about preprocessing. Augmentation is that of its time:
for CIFAR-10 four pixels of padding, a random crop and a random flip (He et
al., arXiv 1512.03385); for ImageNet a random crop of 8 to 100 % of the area
with an aspect ratio of 3/4 to 4/3, resized to 224x224, and a random flip
(Szegedy et al., arXiv 1409.4842), and for evaluation the central 224x224 after
the shorter side was resized to 256.
"""

import contextlib
from typing import Iterator, Optional

import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.data import classification, shapes
from sobolev_tf.data.classification import Batch

try:
  import tensorflow_datasets as tfds
except ImportError as error:
  raise errors.UserError(
      "CIFAR-10 and ImageNet come through tensorflow_datasets, which is not "
      'installed: run pip install ".[images]".') from error

_IMAGENET_SIZE = 1_281_167  # training images
SIDE = 224  # of ImageNet's crops
_RESIZED = 256  # shorter side before the central crop
_PAD = 4
_BUFFER = 10_000  # images shuffled at a time, beside the order of the files
# Of the training images, per channel, on the scale 0 ... 255.
_CIFAR_MEAN, _CIFAR_DEVIATION = (125.3, 123., 113.9), (63., 62.1, 66.7)
_IMAGENET_MEAN, _IMAGENET_DEVIATION = (123.7, 116.3, 103.5), (58.4, 57.1, 57.4)
_HOW = {
    "cifar10": "",
    "imagenet2012": (
        " --manual_dir=FOLDER, where FOLDER holds ILSVRC2012_img_train.tar and "
        "ILSVRC2012_img_val.tar from image-net.org"),
}


def load(name: str, split: str, folder: Optional[str],
         **options) -> tf.data.Dataset:
  """Opens a prepared data set; nothing is downloaded.

  Args:
    name: "cifar10" or "imagenet2012".
    split: in the notation of tensorflow_datasets.
    folder: of the prepared data; None for tensorflow_datasets' default.
    **options: for `tfds.load`.

  Returns:
    Its examples.

  Raises:
    UserError: with the command that prepares it, if it is absent.
  """
  try:
    return tfds.load(
        name, split=split, data_dir=folder, download=False, **options)
  except (AssertionError, OSError, ValueError) as error:
    where = f" in '{folder}'" if folder else ""
    place = f" --data_dir={folder}" if folder else ""
    raise errors.UserError(
        f"{name} is not prepared{where}: run tfds build {name}{place}"
        f"{_HOW[name]}.") from error


def cifar10(seed: int, batch_size: int, folder: Optional[str] = None,
            train_on_validation: bool = True) -> classification.InMemory:
  """CIFAR-10 in memory.

  Args:
    seed: of order and augmentation.
    batch_size: images per training batch.
    folder: of the prepared data.
    train_on_validation: trains on all 50,000 images, else on 45,000.

  Returns:
    The data; the last 5,000 training images are for validation.

  Raises:
    UserError: if the data are not prepared or damaged.
  """
  train, validation = _arrays("train[:90%]", folder), _arrays(
      "train[90%:]", folder)
  if train_on_validation:
    train = Batch(*(tf.concat(pair, 0) for pair in zip(train, validation)))
  return classification.InMemory(
      train, validation, _arrays("test", folder), num_classes=10, seed=seed,
      batch_size=batch_size, augment=pad_crop_flip,
      prepare=lambda images: (tf.cast(images, tf.float32) - _CIFAR_MEAN)
      / _CIFAR_DEVIATION)


@contextlib.contextmanager
def _undamaged(name: str) -> Iterator[None]:
  """Explains what TensorFlow says of damaged files in one sentence.

  Raises:
    UserError: if a record or an image in it cannot be read.
  """
  try:
    yield
  except tf.errors.OpError as error:
    what = str(error.message).splitlines()[0][:120]
    raise errors.UserError(
        f"The prepared {name} holds a damaged file or image ({what}): delete "
        f"its folder, check the archives it was made of, and run tfds build "
        f"{name}{_HOW[name]} again; training resumes from its last checkpoint."
    ) from error


def _arrays(split: str, folder: Optional[str]) -> Batch:
  """A whole split of CIFAR-10: images uint8 `[N, 32, 32, 3]`."""
  with _undamaged("cifar10"):
    batches = list(load("cifar10", split, folder).batch(50_000))
  return Batch(
      tf.concat([batch["image"] for batch in batches], 0),
      tf.concat([tf.cast(batch["label"], tf.int32) for batch in batches], 0))


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


class ImageNet:
  """ImageNet (ILSVRC 2012) from disk, with the original validation as test."""
  num_classes = 1000
  shape = (SIDE, SIDE, 3)
  compiled = False

  def __init__(self, seed: int, batch_size: int, folder: Optional[str] = None,
               train_on_validation: bool = True):
    """Args:
      seed: of order and augmentation.
      batch_size: images per training batch.
      folder: of the prepared data.
      train_on_validation: trains on all training images, else on 99 %.

    Raises:
      UserError: if the data are not prepared.
    """
    self.state = tf.Module()
    self._split = "train" if train_on_validation else "train[:99%]"
    self._folder, self._batch_size = folder, batch_size
    self._key = shapes.stream("augmentation", seed)
    self._seed = seed
    load("imagenet2012", self._split, folder)  # if absent, now
    self.size = _IMAGENET_SIZE if train_on_validation else int(
        .99 * _IMAGENET_SIZE)
    self._next = -1
    self._batches: Iterator[Batch] = iter(())

  @property
  def steps_per_epoch(self) -> int:
    """Whole training batches per epoch."""
    return max(1, self.size // self._batch_size)

  def train(self, index: tf.Tensor) -> Batch:
    """The training batch of a step.

    Each epoch has an order of its own, given by the seed; after a resumption
    the epoch's earlier images are read and passed over.
    """
    epoch, position = divmod(int(index), self.steps_per_epoch)
    if self._next != int(index) or position == 0:
      self._batches = iter(self._epoch(epoch, position))
    self._next = int(index) + 1
    with _undamaged("imagenet2012"):
      return next(self._batches)

  def _epoch(self, epoch: int, skipped: int) -> tf.data.Dataset:
    key = tf.random.fold_in(self._key, epoch)

    def prepare(place, example):
      image = random_crop(
          example["image"], tf.random.fold_in(key, tf.cast(place, tf.int32)))
      return Batch(image, tf.cast(example["label"], tf.int32))

    order = self._seed * 1000 + epoch  # fewer than 1000 epochs
    examples = load(
        "imagenet2012", self._split, self._folder, shuffle_files=True,
        read_config=tfds.ReadConfig(shuffle_seed=order)).repeat()
    return (
        examples.shuffle(_BUFFER, seed=order, reshuffle_each_iteration=False)
        .enumerate().skip(skipped * self._batch_size)
        .map(prepare, tf.data.AUTOTUNE, deterministic=True)
        .batch(self._batch_size, drop_remainder=True)
        .prefetch(tf.data.AUTOTUNE))

  def held_out(self, stream: str) -> Iterator[Batch]:
    """All images of a held-out stream, in batches.

    Raises:
      UserError: if an image is damaged.
    """
    test = classification.check_stream(stream) == "test"
    examples = load("imagenet2012", "validation" if test else "train[99%:]",
                    self._folder)
    with _undamaged("imagenet2012"):
      yield from examples.map(
          lambda example: Batch(central_crop(example["image"]),
                                tf.cast(example["label"], tf.int32)),
          tf.data.AUTOTUNE).batch(self._batch_size).prefetch(1)


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
  return (image - _IMAGENET_MEAN) / _IMAGENET_DEVIATION


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
  return (image - _IMAGENET_MEAN) / _IMAGENET_DEVIATION
