"""Sonnet's ResNet-50, cut at its block groups (Table 1's ImageNet network)."""

from typing import List, Optional, Sequence

import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors

BLOCKS = (3, 4, 6, 3)  # of ResNet-50, per group
CHANNELS = (256, 512, 1024, 2048)  # of ResNet-50, put out by each group


class ResNetPart(snt.Module):
  """Consecutive block groups of a ResNet, with its stem or head at an end."""

  def __init__(self, groups: Sequence[snt.Module], *,
               stem: Optional[Sequence[snt.Module]] = None,
               logits: Optional[snt.Module] = None,
               name: str = "resnet_part"):
    """Args:
      groups: block groups, applied one after another.
      stem: the initial convolution and its batch normalisation.
      logits: the last linear layer.
      name: the module's name.
    """
    super().__init__(name=name)
    self._stem = stem
    self._groups = list(groups)
    self._logits = logits

  def __call__(self, h: tf.Tensor, is_training: bool) -> tf.Tensor:
    """Maps `[B, H, W, C]` to `[B, H', W', C']`, or to logits `[B, classes]`."""
    if self._stem is not None:
      convolution, norm = self._stem
      h = tf.nn.relu(norm(convolution(h), is_training))
      h = tf.nn.max_pool2d(h, 3, 2, "SAME")
    for group in self._groups:
      h = group(h, is_training)
    if self._logits is not None:
      h = self._logits(tf.reduce_mean(h, [1, 2]))
    return h


def cut_resnet(num_classes: int, cuts: int, decay_rate: float,
               blocks: Sequence[int] = BLOCKS,
               channels: Sequence[int] = CHANNELS) -> List[ResNetPart]:
  """Builds Sonnet's ResNet (v1) in parts.

  Args:
    num_classes: the number of classes.
    cuts: 0, 1 (after the second group) or 3 (after each group).
    decay_rate: of batch normalisation's moving averages.
    blocks: per group, its number of bottleneck blocks.
    channels: per group, the channels it puts out.

  Returns:
    `cuts + 1` parts whose composition is the network.

  Raises:
    UserError: for another number of cuts.
  """
  if cuts not in (0, 1, 3):
    raise errors.UserError(
        f"A ResNet is cut at 0, 1 or 3 of its block groups, not {cuts}.")
  whole = snt.nets.ResNet(
      blocks, num_classes, channels_per_group_list=channels,
      bn_config={"decay_rate": decay_rate, "eps": 1e-5})  # eps: Sonnet's
  named = {module.name: module for module in whole.submodules}
  groups = [named[f"block_group_{index}"] for index in range(4)]
  size = 4 // (cuts + 1)
  return [
      ResNetPart(
          groups[first:first + size],
          stem=None if first else (
              named["initial_conv"], named["initial_batchnorm"]),
          logits=named["logits"] if first + size == 4 else None,
          name=f"part_{first // size}")
      for first in range(0, 4, size)]
