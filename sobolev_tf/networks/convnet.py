"""Stacks of 3x3 convolutions with batch normalisation: parts of classifiers.

The networks of Table 1 (https://arxiv.org/abs/1706.04859) other than
ResNet-50, and all synthetic-gradient modules: what lies behind a cut "in
small" (Section 4.3: "an SG architecture which resembles a small version of the
rest of the model") and networks that put out a gradient directly.
"""

import dataclasses
from typing import Callable, List, Optional, Sequence, Tuple

import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.networks import convolution, normalisation

Activation = Callable[[tf.Tensor], tf.Tensor]


@dataclasses.dataclass(frozen=True)
class Layer:
  """One convolution, batch normalisation, activation.

  Attributes:
    channels: of its output.
    stride: of the convolution.
    pool: whether 2x2 max pooling follows.
  """
  channels: int
  stride: int = 1
  pool: bool = False


Stack = Tuple[Layer, ...]


class ConvStack(snt.Module):
  """Layers, then perhaps a head; a part of a network or an SG module."""

  def __init__(self, layers: Sequence[Layer], *,
               num_classes: Optional[int] = None,
               gradient_channels: Optional[int] = None,
               decay_rate: Optional[float],
               mixed: bool = False,
               activation: Activation = tf.nn.relu,  # paper: ReLU, unverified
               name: str = "conv_stack"):
    """Builds the layers.

    Args:
      layers: the convolutions.
      num_classes: adds a head: mean over places, then a linear layer.
      gradient_channels: adds one more convolution without normalisation or
        activation, whose weights start at 0 (for `FreeGradient`).
      decay_rate: of batch normalisation's moving averages; None leaves batch
        normalisation out and adds biases.
      mixed: whether the layers' convolutions are in mixed precision; the heads
        are float32 always.
      activation: after each layer.
      name: the module's name.

    Raises:
      UserError: if both heads are asked for.
    """
    super().__init__(name=name)
    if num_classes and gradient_channels:
      raise errors.UserError(
          "A stack ends with num_classes or gradient_channels, not both.")
    self._layers = tuple(layers)
    self._activation = activation
    normalise = decay_rate is not None
    self._convolutions = [
        convolution.Conv2D(layer.channels, 3, stride=layer.stride,
                           with_bias=not normalise, mixed=mixed)
        for layer in layers]
    self._norms = [] if decay_rate is None else [
        normalisation.batch_norm(decay_rate) for _ in layers]
    self._logits = snt.Linear(num_classes) if num_classes else None
    self._gradient = snt.Conv2D(
        gradient_channels, 3, w_init=snt.initializers.Zeros(),
    ) if gradient_channels else None

  def __call__(self, h: tf.Tensor, is_training: bool) -> tf.Tensor:
    """Maps `[B, H, W, C]` to `[B, H', W', C']`, or `[B, classes]`."""
    for place, layer in enumerate(self._layers):
      h = self._convolutions[place](h)
      if self._norms:
        h = self._norms[place](h, is_training)
      h = self._activation(h)
      if layer.pool:
        h = tf.nn.max_pool2d(h, 2, 2, "SAME")
    if self._gradient is not None:
      return self._gradient(h)
    if self._logits is not None:
      return self._logits(tf.reduce_mean(h, [1, 2]))  # [B, classes]
    return h


def multiply_adds(stacks: Sequence[Sequence[Layer]], side: int,
                  channels: int = 3) -> int:
  """Counts the multiply-adds of the stacks' convolutions for one image.

  Args:
    stacks: applied one after another.
    side: height and width of the input.
    channels: of the input.

  Returns:
    The count, heads and normalisation left out.
  """
  total = 0
  for layer in (layer for stack in stacks for layer in stack):
    side = -(-side // layer.stride)
    total += side**2 * 9 * channels * layer.channels
    side, channels = -(-side // 2) if layer.pool else side, layer.channels
  return total


def split(stacks: Sequence[Stack], cuts: int) -> List[Stack]:
  """Joins stacks so that a number of cuts is left between them.

  Args:
    stacks: one per part at the finest cutting.
    cuts: how many cuts to leave, spread evenly.

  Returns:
    `cuts + 1` stacks.

  Raises:
    UserError: if the stacks cannot be joined evenly.
  """
  parts = cuts + 1
  if parts < 1 or len(stacks) % parts:
    raise errors.UserError(
        f"A network of {len(stacks)} blocks cannot be cut evenly into "
        f"{parts} parts.")
  size = len(stacks) // parts
  return [tuple(layer for stack in stacks[i:i + size] for layer in stack)
          for i in range(0, len(stacks), size)]
