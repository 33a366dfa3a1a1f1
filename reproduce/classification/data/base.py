"""What Table 1's data sets have in common: batches by index, held-out images.

A training batch is a function of a seed and its index, so that a resumed run
sees the batches of an uninterrupted one. Streams: "train", "validation" (to
choose settings) and "test" share no image.
"""

from typing import Callable, Iterator, NamedTuple, Optional, Protocol, Tuple
import zlib

import numpy as np
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.training import minibatches

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


class InMemory:
  """Images held in memory, in minibatches that visit all in every epoch."""
  compiled = True

  def __init__(self, train: Batch, validation: Batch, test: Batch, *,
               num_classes: int, seed: int, batch_size: int,
               prepare: Callable[[tf.Tensor], tf.Tensor] = tf.identity,
               augment: Optional[Augmentation] = None):
    """Puts images in the order of the first epoch.

    Args:
      train: training images, of any type.
      validation: images to choose settings by.
      test: test images.
      num_classes: the number of classes.
      seed: of the order and the augmentation.
      batch_size: images per training batch.
      prepare: brings images of that type to float32 near [-1, 1], perhaps with
        a frame.
      augment: from prepared images and a seed, int32 `[2]`, to the images
        trained on; None uses them as they are.
    """
    self.num_classes = num_classes
    self.shape = tuple(prepare(train.images[:1]).shape[1:])
    self.size = len(train.images)
    self.state = minibatches.Minibatches([seed], self.size, batch_size)
    self._train = train
    self._held_out = {"validation": validation, "test": test}
    self._prepare = prepare
    self._augment = augment
    self._key = random_key("augmentation", seed)

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


def random_key(name: str, seed: int) -> tf.Tensor:
  """A key for TensorFlow's stateless random numbers.

  Args:
    name: their use ("train", "test", "augmentation"): keys of different names
      are independent of each other, whatever their seeds.
    seed: the same arguments give the same key.

  Returns:
    The key, int32 `[2]`.
  """
  key = np.random.SeedSequence((zlib.crc32(name.encode()), seed))
  return tf.constant(key.generate_state(2).view(np.int32))


def check_stream(stream: str) -> str:
  """Returns the name of a held-out stream, or raises `UserError`."""
  if stream not in ("validation", "test"):
    raise errors.UserError(
        f"stream must be validation or test, got '{stream}'.")
  return stream
