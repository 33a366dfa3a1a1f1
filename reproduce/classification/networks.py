"""Table 1's classifiers, cut into parts, with their SG modules.

Section 4.3 of https://arxiv.org/abs/1706.04859 says of an SG module that it
"resembles a small version of the rest of the model" and no more. Here the rest
in small has one convolution per block behind the cut; it is the same for VFBN,
the critic, Sobolev Training and local losses (which are not in the paper). A
free gradient ("Direct SG") keeps the resolution and has one hidden convolution.
"""

from typing import List, Tuple

import sonnet as snt
import tensorflow as tf

from configs import architectures
from sobolev_tf import errors
from sobolev_tf import synthetic_gradients as sg
from sobolev_tf.networks import convnet, initial, resnet


def make_network(
    architecture: str, method: str, *, cuts: int, num_classes: int,
    input_shape: Tuple[int, ...], decay_rate: float, seed: int,
    targets: str = "true", gradient_weight: float = 1.,
    mixed: bool = False
) -> sg.DecoupledNetwork:
  """Builds a classifier for one column of Table 1.

  Args:
    architecture: a key of `architectures.ARCHITECTURES`.
    method: one of `sg.METHODS`.
    cuts: the number of SG modules, 1 or 3 (0: none).
    num_classes: the number of classes.
    input_shape: of an image, `(height, width, channels)`.
    decay_rate: of batch normalisation's moving averages.
    seed: of the initial weights; the parts' do not depend on the method.
    targets: "true" or "bootstrapped".
    gradient_weight: of the gradient's term in Sobolev Training's loss; that of
      the value is 1.
    mixed: whether the parts' convolutions are in mixed precision; SG modules
      never are.

  Returns:
    The network, with its variables.

  Raises:
    UserError: for an unknown name or a number of cuts that does not fit.
  """
  for name, value, choices in (
      ("architecture", architecture, architectures.ARCHITECTURES),
      ("method", method, sg.METHODS)):
    if value not in choices:
      raise errors.UserError(
          f"{name} must be one of {', '.join(choices)}, got '{value}'.")
  sizes = architectures.ARCHITECTURES[architecture]
  if cuts not in (0, 1, 3):
    raise errors.UserError(
        f"A network of four blocks is cut at 0, 1 or 3 places, not {cuts}.")
  if sizes.blocks is None:
    parts: List[snt.Module] = list(
        resnet.cut_resnet(num_classes, cuts, decay_rate, mixed=mixed))
  else:
    stacks = convnet.split(sizes.blocks, cuts)
    parts = [
        convnet.ConvStack(
            stack, decay_rate=decay_rate, mixed=mixed,
            num_classes=num_classes if stack is stacks[-1] else None)
        for stack in stacks]
  step = 4 // (cuts + 1)
  network = sg.DecoupledNetwork(
      parts,
      [_make_cut(sizes, method, end, num_classes, decay_rate, gradient_weight)
       for end in range(step, 4, step)],
      tf.zeros([1, *input_shape]), targets=targets)
  for place, module in enumerate((*network.parts, *network.cuts)):
    initial.redraw(module, seed * 100 + place)  # fewer than 100 modules
  return network


def _make_cut(sizes: architectures.Architecture, method: str, block: int,
              num_classes: int, decay_rate: float, gradient_weight: float
              ) -> sg.Cut:
  """The cut in front of a block."""
  if method == "noprop":
    return sg.Noprop()
  if method == "backpropagation":
    return sg.Backpropagated()
  if method == "direct":
    return sg.SyntheticGradient(
        sg.FreeGradient(
            convnet.ConvStack(
                [convnet.Layer(sizes.free_channels)], decay_rate=decay_rate,
                gradient_channels=sizes.channels[block - 1]),
            num_classes), sg.SUPERVISION[method])
  module = sg.LossModel(convnet.ConvStack(
      sizes.small[block:], num_classes=num_classes, decay_rate=decay_rate))
  if method == "local":
    return sg.LocalLoss(module)
  supervision = sg.SUPERVISION[method]
  if method == "sobolev":
    supervision = supervision._replace(gradient=gradient_weight)
  return sg.SyntheticGradient(module, supervision)
