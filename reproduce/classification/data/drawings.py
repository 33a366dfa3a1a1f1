"""Drawn shapes: an image set of ten classes that needs no download.

Each 32x32x3 image shows one filled outline of `CLASSES`, of random size, place
and rotation, in front of a background. Both are filled with a sinusoidal
grating between two random colours, and noise covers everything. Only the
outline tells the class, colours and textures do not, so features that were not
trained are of little use, while a small convolutional network learns the task
within a minute: what Table 1 of https://arxiv.org/abs/1706.04859 needs to tell
its methods apart. All of it is ours; the paper uses CIFAR-10 and ImageNet.

Every image is a function of a seed and its position: a training stream never
repeats itself, and the test set is the same for everybody.
"""

import math
from typing import Iterator, NamedTuple, Sequence, Tuple

import numpy as np
import tensorflow as tf

from reproduce.classification.data import base

SIZE = 32  # pixels per side, as CIFAR-10
CLASSES = ("disc", "ring", "half disc", "ellipse", "triangle", "square",
           "pentagon", "star", "cross", "trefoil")
_BINS = 256  # angles per outline
_HOLE = .55  # of the ring, as a share of its radius


class Difficulty(NamedTuple):
  """How hard the images are; the defaults are those of every reported run.

  Attributes:
    radius: smallest and largest radius of the circle around the shape, in
      pixels.
    shift: largest distance of its centre from the image's, per axis.
    contrast: smallest distance between the mean colours of shape and
      background in each channel, where colours run from 0 to 1 in a circle.
    grating: amplitude of the gratings.
    noise: standard deviation of the noise of each pixel and channel.
  """
  radius: Tuple[float, float] = (9., 14.)
  shift: float = 2.
  contrast: float = .3
  grating: float = .1
  noise: float = .05


REPORTED = Difficulty()  # of every reported run


class Shapes:
  """The endless stream of drawn shapes."""
  num_classes = len(CLASSES)
  shape = (SIZE, SIZE, 3)
  size = 0
  compiled = True

  def __init__(self, seed: int, batch_size: int, held_out: int):
    """Opens the stream.

    Args:
      seed: of the training images.
      batch_size: images per training batch.
      held_out: images in the validation and in the test set.
    """
    self.state = tf.Module()
    self._key = base.random_key("train", seed)
    self._batch_size = batch_size
    self._held_out = held_out

  def train(self, index: tf.Tensor) -> base.Batch:
    """The training batch of a step."""
    return draw(self._key, index, self._batch_size)

  def held_out(self, stream: str) -> Iterator[base.Batch]:
    """The held-out images, whatever the seed."""
    key = base.random_key(base.check_stream(stream), 0)
    batch = base.EVALUATION_BATCH
    for index, first in enumerate(range(0, self._held_out, batch)):
      yield draw(key, tf.constant(index), min(batch, self._held_out - first))


def draw(key: tf.Tensor, index: tf.Tensor, count: int,
         difficulty: Difficulty = REPORTED) -> base.Batch:
  """Draws one batch of a stream.

  Args:
    key: of the stream, from `base.random_key`.
    index: which of its batches, an integer scalar.
    count: B, images per batch.
    difficulty: how hard they are.

  Returns:
    The images, with a mean near 0, and labels drawn uniformly.
  """
  seeds = tf.random.split(
      tf.random.fold_in(key, tf.cast(index, tf.int32)), 3)
  labels = tf.random.stateless_uniform(
      [count], seeds[0], 0, len(CLASSES), tf.int32)
  # Uniform numbers in [0, 1), [B, 1, 1] each.
  turn, size, right, down, *rest = tf.unstack(
      tf.random.stateless_uniform([16, count, 1, 1], seeds[1]))
  pixels = tf.range(SIZE, dtype=tf.float32) - (SIZE - 1) / 2
  x = pixels - difficulty.shift * (2 * right - 1)  # [B, 1, 32]
  y = pixels[:, tf.newaxis] - difficulty.shift * (2 * down - 1)  # [B, 32, 1]
  low, high = difficulty.radius
  shape = _fill(labels, x, y, turn, low + (high - low) * size)  # [B, 32, 32]

  ground = tf.stack(rest[:3], -1)  # [B, 1, 1, 3]
  apart = difficulty.contrast + (
      1 - 2 * difficulty.contrast) * tf.stack(rest[3:6], -1)
  figure = tf.math.floormod(ground + apart, 1.)
  images = _mix(ground + _grating(x, y, rest[6:9], difficulty.grating),
                figure + _grating(x, y, rest[9:12], difficulty.grating),
                shape[..., tf.newaxis])  # [B, 32, 32, 3]
  images += difficulty.noise * tf.random.stateless_normal(
      [count, SIZE, SIZE, 3], seeds[2])
  return base.Batch(2. * images - 1., labels)


def outlines() -> np.ndarray:
  """The shapes as distance from centre to outline by angle.

  Returns:
    `[10, 256]` in the order of `CLASSES`, at angles 2 pi k / 256; at most 1.
    The ring's is that of the disc: its hole is cut out separately.
  """
  angle = 2 * np.pi * np.arange(_BINS) / _BINS

  def polygon(corners: int) -> np.ndarray:
    sector = np.pi / corners
    return np.cos(sector) / np.cos((angle % (2 * sector)) - sector)

  wave = (angle * 5 / (2 * np.pi)) % 1.  # of the star's five points
  tip = np.abs(2 * wave - 1)  # 1 at a point, 0 between two
  half, notch = np.pi / 5, .42  # the line from point (1, 0) to a notch
  star = notch * np.sin(half) / (
      np.sin((1 - tip) * half) * (1 - notch * np.cos(half))
      + notch * np.sin(half) * np.cos((1 - tip) * half))
  near, far = np.sort(np.abs([np.cos(angle), np.sin(angle)]), axis=0)
  width = .36
  table = {
      "disc": np.ones(_BINS),
      "ring": np.ones(_BINS),
      # Its centre lies on the axis, 0.3 inside the straight side.
      "half disc": _half_disc(angle, .3),
      "ellipse": 1 / np.hypot(np.cos(angle), np.sin(angle) / .55),
      "triangle": polygon(3),
      "square": polygon(4),
      "pentagon": polygon(5),
      "star": star,
      "cross": np.minimum(1 / far, width / np.maximum(near, 1e-9)),
      "trefoil": .65 + .35 * np.cos(3 * angle),
  }
  stacked = np.stack([table[name] for name in CLASSES])
  return stacked / stacked.max(axis=1, keepdims=True)


def _half_disc(angle: np.ndarray, inset: float) -> np.ndarray:
  """Half of the unit disc, seen from a point `inset` inside its diameter."""
  sine = inset * np.sin(angle)
  arc = -sine + np.sqrt(1 - inset**2 + sine**2)
  down = np.sin(angle) < 0
  side = inset / np.where(down, -np.sin(angle), 1.)
  return np.where(down, np.minimum(arc, side), arc)


def _fill(labels: tf.Tensor, x: tf.Tensor, y: tf.Tensor, turn: tf.Tensor,
          radius: tf.Tensor) -> tf.Tensor:
  """1 inside a shape, 0 outside, in between along its edge: [B, 32, 32]."""
  angle = tf.atan2(y, x) / (2 * math.pi) + 1. + turn  # in turns, positive
  place = tf.cast(angle * _BINS, tf.int32) % _BINS  # [B, 32, 32]
  table = tf.constant(outlines().ravel(), tf.float32)
  outer = radius * tf.gather(
      table, place + _BINS * labels[:, tf.newaxis, tf.newaxis])
  distance = tf.sqrt(x**2 + y**2)
  ring = tf.cast(labels == CLASSES.index("ring"), tf.float32)
  hole = _HOLE * radius * ring[:, tf.newaxis, tf.newaxis]
  return tf.clip_by_value(outer - distance + .5, 0., 1.) * tf.clip_by_value(
      distance - hole + .5, 0., 1.)


def _grating(x: tf.Tensor, y: tf.Tensor, uniform: Sequence[tf.Tensor],
             amplitude: float) -> tf.Tensor:
  """Stripes of random direction, width and phase: [B, 32, 32, 1]."""
  turn, width, phase = (2 * math.pi * u for u in uniform)
  frequency = .25 + .15 * width  # periods of 5 to 25 pixels
  wave = tf.sin(frequency * (x * tf.cos(turn) + y * tf.sin(turn)) + phase)
  return amplitude * wave[..., tf.newaxis]


def _mix(outside: tf.Tensor, inside: tf.Tensor,
         share: tf.Tensor) -> tf.Tensor:
  return outside + share * (inside - outside)
