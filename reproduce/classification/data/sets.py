"""What Table 1's data sets have in common: batches by index, held-out images.

A training batch is a function of a seed and its index, so that a resumed run
sees the batches of an uninterrupted one. Streams: "train", "validation" (to
choose settings) and "test" share no image.
"""

from typing import Callable, Iterator, NamedTuple, Optional, Protocol, Tuple

import numpy as np
import tensorflow as tf

from reproduce.classification.data import drawings as shapes
from sobolev_tf import errors
from sobolev_tf.training import minibatches

DATASETS = ("shapes", "digits", "cifar10", "imagenet")
Augmentation = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
EVALUATION_BATCH = 500  # images evaluated at once, to bound memory


class Batch(NamedTuple):
  """`images` float32 `[B, H, W, C]` and `labels` int32 `[B]`."""
  images: tf.Tensor
  labels: tf.Tensor


class Data(Protocol):
  """A data set, opened for one run.

  Attributes:
    num_classes: the number of classes.
    shape: of an image, `(height, width, channels)`.
    size: the number of training images; 0 for an endless stream.
    compiled: whether `train` is TensorFlow code that a graph may contain.
    state: what must be checkpointed with the run.
  """
  num_classes: int
  shape: Tuple[int, int, int]
  size: int
  compiled: bool
  state: tf.Module

  def train(self, index: tf.Tensor) -> Batch:
    """The training batch of a step; steps are taken in order."""

  def held_out(self, stream: str) -> Iterator[Batch]:
    """All images of "validation" or "test", in batches, always the same."""


class Shapes:
  """The endless stream of drawn shapes."""
  num_classes = len(shapes.CLASSES)
  shape = (shapes.SIZE, shapes.SIZE, 3)
  size = 0
  compiled = True

  def __init__(self, seed: int, batch_size: int, held_out: int):
    """Args:
      seed: of the training stream.
      batch_size: images per training batch.
      held_out: images in the validation and in the test set.
    """
    self.state = tf.Module()
    self._key = shapes.stream("train", seed)
    self._batch_size = batch_size
    self._held_out = held_out

  def train(self, index: tf.Tensor) -> Batch:
    """The training batch of a step."""
    return Batch(*shapes.draw(self._key, index, self._batch_size))

  def held_out(self, stream: str) -> Iterator[Batch]:
    """The held-out images, whatever the seed."""
    key = shapes.stream(check_stream(stream), 0)
    for index, first in enumerate(range(0, self._held_out, EVALUATION_BATCH)):
      count = min(EVALUATION_BATCH, self._held_out - first)
      yield Batch(*shapes.draw(key, tf.constant(index), count))


class InMemory:
  """Images held in memory, in minibatches that visit all in every epoch."""
  compiled = True

  def __init__(self, train: Batch, validation: Batch, test: Batch, *,
               num_classes: int, seed: int, batch_size: int,
               prepare: Callable[[tf.Tensor], tf.Tensor] = tf.identity,
               augment: Optional[Augmentation] = None):
    """Args:
      train: training images, of any type.
      validation: images to choose settings by.
      test: test images.
      num_classes: the number of classes.
      seed: of the order and the augmentation.
      batch_size: images per training batch.
      prepare: brings images of that type to float32 near [-1, 1].
      augment: from prepared images and a seed, int32 `[2]`, to the images
        trained on; None uses them as they are.
    """
    self.num_classes = num_classes
    self.shape = tuple(train.images.shape[1:])
    self.size = len(train.images)
    self.state = minibatches.Minibatches([seed], self.size, batch_size)
    self._train = train
    self._held_out = {"validation": validation, "test": test}
    self._prepare = prepare
    self._augment = augment
    self._key = shapes.stream("augmentation", seed)

  def train(self, index: tf.Tensor) -> Batch:
    """The training batch of a step; steps are taken in order."""
    images, labels = (t[0] for t in self.state(
        index, *(tf.expand_dims(t, 0) for t in self._train)))
    images = self._prepare(images)
    if self._augment is not None:
      images = self._augment(
          images, tf.random.fold_in(self._key, tf.cast(index, tf.int32)))
    return Batch(images, labels)

  def held_out(self, stream: str) -> Iterator[Batch]:
    """All images of "validation" or "test", in batches."""
    images, labels = self._held_out[check_stream(stream)]
    for first in range(0, len(images), EVALUATION_BATCH):
      rows = slice(first, first + EVALUATION_BATCH)
      yield Batch(self._prepare(images[rows]), labels[rows])


def digits(seed: int, batch_size: int) -> InMemory:
  """scikit-learn's 1,797 digits of 8x8 pixels, a small real data set.

  They are too easy to rank Table 1's methods (with lower parts that never
  learn, a classifier reaches 98 %), and serve to see that everything works on
  real images. 400 are the test set and 300 for validation, the same always.

  Args:
    seed: of the order of the training images.
    batch_size: images per training batch.

  Returns:
    The data, scaled to [-1, 1].

  Raises:
    UserError: if scikit-learn is not installed.
  """
  try:
    from sklearn import datasets
  except ImportError as error:
    raise errors.UserError(
        "The digits come with scikit-learn, which is not installed: run "
        'pip install ".[images]".') from error
  images, labels = datasets.load_digits(return_X_y=True)
  order = np.random.default_rng(0).permutation(len(images))
  images = (images[order].reshape(-1, 8, 8, 1) / 8 - 1).astype(np.float32)
  labels = labels[order].astype(np.int32)
  parts = [Batch(tf.constant(images[rows]), tf.constant(labels[rows]))
           for rows in (slice(700, None), slice(400, 700), slice(400))]
  return InMemory(*parts, num_classes=10, seed=seed, batch_size=batch_size)


def open_data(name: str, *, seed: int, batch_size: int, held_out: int,
              folder: Optional[str] = None,
              train_on_validation: bool = False) -> Data:
  """Opens a data set.

  Args:
    name: one of `DATASETS`.
    seed: of the order of training images (or of their stream).
    batch_size: images per training batch.
    held_out: size of the held-out sets of drawn shapes; others have theirs.
    folder: of the prepared data of tensorflow_datasets; None for its default.
    train_on_validation: adds the validation images of CIFAR-10 and ImageNet
      to the training ones, as runs do that report test results.

  Returns:
    The data.

  Raises:
    UserError: if the name is unknown, or its data or a package is missing.
  """
  if name == "shapes":
    return Shapes(seed, batch_size, held_out)
  if name == "digits":
    return digits(seed, batch_size)
  if name in ("cifar10", "imagenet"):
    from reproduce.classification.data import cifar10, imagenet
    opener = (
        cifar10.open_cifar10 if name == "cifar10" else imagenet.ImageNet)
    return opener(seed, batch_size, folder, train_on_validation)
  raise errors.UserError(
      f"dataset must be one of {', '.join(DATASETS)}, got '{name}'.")


def check_stream(stream: str) -> str:
  """Returns the name of a held-out stream, or raises `UserError`."""
  if stream not in ("validation", "test"):
    raise errors.UserError(
        f"stream must be validation or test, got '{stream}'.")
  return stream
