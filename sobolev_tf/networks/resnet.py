"""ResNet-50, cut at its block groups (Table 1's ImageNet network)."""

from typing import Any, Dict, List, Optional, Sequence

import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.networks import convolution, normalisation

BLOCKS = (3, 4, 6, 3)  # of ResNet-50, per group
CHANNELS = (256, 512, 1024, 2048)  # of ResNet-50, put out by each group
_STEM_CHANNELS = 64


class Normalised(snt.Module):
  """A convolution without bias, then batch normalisation."""

  def __init__(self, channels: int, kernel: int, stride: int,
               decay_rate: float, mixed: bool, zero: bool = False,
               name: str = "normalised"):
    """Builds convolution and normalisation.

    Args:
      channels: of the output.
      kernel: height and width of the convolution's kernel.
      stride: of the convolution.
      decay_rate: of batch normalisation's moving averages.
      mixed: whether the convolution is in mixed precision.
      zero: whether the scale starts at 0, so that a block starts as identity.
      name: the module's name.
    """
    super().__init__(name=name)
    self._convolution = convolution.Conv2D(
        channels, kernel, stride=stride, padding=snt.pad.same,
        with_bias=False, mixed=mixed)
    self._norm = normalisation.batch_norm(
        decay_rate, snt.initializers.Zeros() if zero else None)

  def __call__(self, h: tf.Tensor, is_training: bool) -> tf.Tensor:
    """Maps `[B, H, W, C]` to `[B, H', W', channels]`."""
    return self._norm(self._convolution(h), is_training)


class Bottleneck(snt.Module):
  """The block of He et al. (arXiv 1512.03385), as `snt.nets.ResNet` has it.

  Written out because Sonnet's fixes its kinds of convolution and
  normalisation.
  """

  def __init__(self, channels: int, stride: int, projected: bool,
               decay_rate: float, mixed: bool, name: str = "bottleneck"):
    """Builds the three convolutions and the shortcut.

    Args:
      channels: of the output; a quarter of it in between.
      stride: of the middle convolution and the shortcut.
      projected: whether the shortcut is a convolution or the identity.
      decay_rate: of batch normalisation's moving averages.
      mixed: whether convolutions are in mixed precision.
      name: the module's name.
    """
    super().__init__(name=name)
    common: Dict[str, Any] = {"decay_rate": decay_rate, "mixed": mixed}
    self._shortcut = (
        Normalised(channels, 1, stride, **common) if projected else None)
    self._layers = [
        Normalised(channels // 4, 1, 1, **common),
        Normalised(channels // 4, 3, stride, **common),
        Normalised(channels, 1, 1, zero=True, **common)]

  def __call__(self, h: tf.Tensor, is_training: bool) -> tf.Tensor:
    """Maps `[B, H, W, C]` to `[B, H', W', channels]`."""
    shortcut = self._shortcut(h, is_training) if self._shortcut else h
    first, second, last = self._layers
    h = tf.nn.relu(first(h, is_training))
    h = tf.nn.relu(second(h, is_training))
    return tf.nn.relu(last(h, is_training) + shortcut)


class ResNetPart(snt.Module):
  """Consecutive blocks of a ResNet, with its stem or head at an end."""

  def __init__(self, blocks: Sequence[Bottleneck], *,
               stem: Optional[Normalised] = None,
               num_classes: Optional[int] = None,
               name: str = "resnet_part"):
    """Puts blocks, stem and head together.

    Args:
      blocks: applied one after another.
      stem: the initial convolution; pooling follows it.
      num_classes: adds the head: mean over places, then a linear layer, which
        starts at 0 and is float32 always.
      name: the module's name.
    """
    super().__init__(name=name)
    self._stem = stem
    self._blocks = list(blocks)
    self._logits = snt.Linear(
        num_classes, w_init=snt.initializers.Zeros()) if num_classes else None

  def __call__(self, h: tf.Tensor, is_training: bool) -> tf.Tensor:
    """Maps `[B, H, W, C]` to `[B, H', W', C']`, or to logits `[B, classes]`."""
    if self._stem is not None:
      h = tf.nn.relu(self._stem(h, is_training))
      h = tf.nn.max_pool2d(h, 3, 2, "SAME")
    for block in self._blocks:
      h = block(h, is_training)
    if self._logits is not None:
      h = self._logits(tf.reduce_mean(h, [1, 2]))
    return h


def cut_resnet(num_classes: int, cuts: int, decay_rate: float,
               blocks: Sequence[int] = BLOCKS,
               channels: Sequence[int] = CHANNELS,
               mixed: bool = False) -> List[ResNetPart]:
  """Builds a ResNet (v1) in parts.

  Args:
    num_classes: the number of classes.
    cuts: 0, 1 (after the second group) or 3 (after each group).
    decay_rate: of batch normalisation's moving averages.
    blocks: per group, its number of bottleneck blocks.
    channels: per group, the channels it puts out.
    mixed: whether convolutions are in mixed precision.

  Returns:
    `cuts + 1` parts whose composition is the network.

  Raises:
    UserError: for another number of cuts.
  """
  if cuts not in (0, 1, 3):
    raise errors.UserError(
        f"A ResNet is cut at 0, 1 or 3 of its block groups, not {cuts}.")
  size = 4 // (cuts + 1)
  parts = []
  for first in range(0, 4, size):
    groups = range(first, first + size)
    parts.append(ResNetPart(
        [Bottleneck(channels[group], 2 if group and not block else 1,
                    not block, decay_rate, mixed)
         for group in groups for block in range(blocks[group])],
        stem=None if first else Normalised(
            _STEM_CHANNELS, 7, 2, decay_rate, mixed),
        num_classes=num_classes if first + size == 4 else None,
        name=f"part_{first // size}"))
  return parts
