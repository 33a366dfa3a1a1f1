"""Sizes of Table 1's classifiers and of their SG modules (Section 4.3).

The paper names ResNet-50 for ImageNet, and says of an SG module that it
"resembles a small version of the rest of the model". Here that has one
convolution per block behind the cut, with the block's stride and about half
its channels. All sizes are ours unless a comment says otherwise.
"""

import dataclasses
from typing import Dict, Optional, Tuple

from sobolev_tf.networks import convnet, resnet


@dataclasses.dataclass(frozen=True)
class Architecture:
  """A network of four blocks and what its SG modules are made of.

  Attributes:
    blocks: the layers of each block; None for ResNet-50's block groups.
    small: per block, the layer that stands for it in an SG module.
    channels: per block, the channels it puts out.
    free_channels: of a free gradient's hidden convolution.
  """
  blocks: Optional[Tuple[convnet.Stack, ...]]
  small: Tuple[convnet.Layer, ...]
  channels: Tuple[int, ...]
  free_channels: int


def _small(*layers: Tuple[int, int]) -> Tuple[convnet.Layer, ...]:
  return tuple(convnet.Layer(channels, stride) for channels, stride in layers)


def _layers(*channels: int, pool: bool) -> convnet.Stack:
  *first, last = channels
  return (*(convnet.Layer(c) for c in first), convnet.Layer(last, pool=pool))


ARCHITECTURES: Dict[str, Architecture] = {
    # Ours: 2.2 million multiply-adds for a 32x32x3 image.
    "small": Architecture(
        blocks=((convnet.Layer(16, 2),), (convnet.Layer(32, 2),),
                (convnet.Layer(64),), (convnet.Layer(64, 2),)),
        small=_small((16, 2), (16, 2), (32, 1), (32, 2)),
        channels=(16, 32, 64, 64), free_channels=32),
    # Supplement, unverified: 11 convolutions of these channels with batch
    # normalisation and ReLU. Not stated: how the resolution falls; ours: 2x2
    # max pooling where the channels double, as in VGG.
    "cifar10": Architecture(
        blocks=(_layers(64, 64, pool=True), _layers(128, 128, 128, pool=True),
                _layers(256, 256, 256, pool=True),
                _layers(512, 512, 512, pool=False)),
        small=_small((32, 2), (64, 2), (128, 2), (256, 1)),
        channels=(64, 128, 256, 512), free_channels=128),
    "resnet50": Architecture(  # paper §4.3
        blocks=None,
        small=_small((64, 1), (128, 2), (256, 2), (512, 2)),
        channels=resnet.CHANNELS, free_channels=256),
}
