"""Policy-value networks for Atari, teacher and student (Section 4.2).

The paper's teachers have three convolutions and two fully connected layers
(counting the output), its students two convolutions and one smaller fully
connected layer. The text names no sizes; the `gpu` sizes are those recalled
from its supplement (unverified), the `cpu` sizes are ours, chosen so that two
cores train a teacher in hours.
"""

import dataclasses
from typing import Mapping, NamedTuple, Optional, Tuple

import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_tf.atari import pixels


@dataclasses.dataclass(frozen=True)
class NetworkSize:
  """The size of a network.

  Attributes:
    convolutions: per convolution, its (channels, kernel, stride).
    hidden_size: width of the fully connected layer.
  """
  convolutions: Tuple[Tuple[int, int, int], ...]
  hidden_size: int


SIZES: Mapping[str, NetworkSize] = {
    "teacher-cpu": NetworkSize(((16, 8, 4), (32, 4, 2), (32, 3, 1)), 256),
    "student-cpu": NetworkSize(((8, 8, 4), (16, 4, 2)), 128),
    "teacher-gpu": NetworkSize(((32, 8, 4), (64, 4, 2), (64, 3, 1)), 512),
    "student-gpu": NetworkSize(((16, 8, 4), (32, 4, 2)), 256),
}


class PolicyValue(NamedTuple):
  """A network's outputs: `logits` `[B, A]` and `value` `[B]`."""
  logits: tf.Tensor
  value: tf.Tensor


class AtariNetwork(snt.Module):
  """Convolutions, a fully connected layer, a policy head and a value head."""

  def __init__(self, num_actions: int, size: NetworkSize, seed: int,
               policy_gain: float, mean_frame: Optional[np.ndarray] = None,
               name: str = "atari_network"):
    """Builds the layers.

    Args:
      num_actions: A, how many actions the policy chooses from.
      size: the layers' sizes.
      seed: of the initial weights.
      policy_gain: of the policy head's initial weights.
      mean_frame: `[84, 84]` in [0, 1], subtracted from each of the four
        scaled frames, or None; a constant, neither trained nor stored with
        the weights.
      name: the module's name.
    """
    super().__init__(name=name)
    self.num_actions = num_actions
    self.size = size
    self._mean_frame = mean_frame
    seeds = iter(np.random.SeedSequence(seed).generate_state(
        len(size.convolutions) + 3))
    relu_gain = np.sqrt(2.)
    self._convolutions = [
        snt.Conv2D(
            channels, kernel, stride, padding="VALID",
            w_init=_Orthogonal(relu_gain, next(seeds)),
            name=f"convolution_{index}")
        for index, (channels, kernel, stride) in enumerate(size.convolutions)]
    self._hidden = snt.Linear(
        size.hidden_size, w_init=_Orthogonal(relu_gain, next(seeds)),
        name="hidden")
    self._policy = snt.Linear(
        num_actions, w_init=_Orthogonal(policy_gain, next(seeds)),
        name="policy")
    self._value = snt.Linear(
        1, w_init=_Orthogonal(1., next(seeds)), name="value")

  def __call__(self, frames: tf.Tensor) -> PolicyValue:
    """Applies the network.

    Args:
      frames: `[B, 84, 84, 4]`, uint8 in 0..255, or floats already divided by
        255 (what the Sobolev losses differentiate with respect to); or the
        same as `pixels.blocks` of the four frames, `[B, 21, 21, 4 * 16]`.

    Returns:
      The policy's logits `[B, A]` and the value `[B]`.
    """
    h = pixels.scale(frames)  # [B, 84, 84, 4] or [B, 21, 21, 64]
    first, *others = self._convolutions
    in_blocks = h.shape[-1] % pixels.BLOCK**2 == 0
    if self._mean_frame is not None:
      mean = self._mean_frame
      mean = pixels.blocks(mean) if in_blocks else mean[..., np.newaxis]
      stack = np.tile(mean, h.shape[-1] // mean.shape[-1])
      h -= tf.constant(stack, h.dtype)
    h = tf.nn.relu(self._of_blocks(h) if in_blocks else first(h))
    for convolution in others:
      h = tf.nn.relu(convolution(h))  # [B, H', W', C]
    h = tf.nn.relu(self._hidden(snt.flatten(h)))  # [B, hidden]
    return PolicyValue(self._policy(h), tf.squeeze(self._value(h), axis=1))

  def _of_blocks(self, h: tf.Tensor) -> tf.Tensor:
    """The first convolution, of `[B, 21, 21, 4 * 16]`; see `pixels.blocks`."""
    channels, kernel, stride = self.size.convolutions[0]
    block = pixels.BLOCK
    side = kernel // block
    w = tf.reshape(self._convolutions[0].w, [
        side, block, side, block, -1, channels])
    w = tf.reshape(tf.transpose(w, [0, 2, 4, 1, 3, 5]), [
        side, side, h.shape[-1], channels])
    y = tf.nn.conv2d(h, w, stride // block, "VALID")
    return tf.nn.bias_add(y, self._convolutions[0].b)

  @property
  def policy_variables(self) -> Tuple[tf.Variable, ...]:
    """All variables but the value head's: what distillation trains."""
    layers = (*self._convolutions, self._hidden, self._policy)
    return tuple(v for layer in layers for v in layer.trainable_variables)


def make_network(num_actions: int, size: NetworkSize, seed: int = 0,
                 policy_gain: float = .01,
                 mean_frame: Optional[np.ndarray] = None) -> AtariNetwork:
  """Builds a network with its variables.

  Args:
    num_actions: A, how many actions the policy chooses from.
    size: the layers' sizes.
    seed: of the initial weights.
    policy_gain: of the policy head's initial weights. The default gives a
      nearly uniform first policy, which explores.
    mean_frame: subtracted from every frame, see `AtariNetwork`.

  Returns:
    The network.
  """
  network = AtariNetwork(num_actions, size, seed, policy_gain, mean_frame)
  network(tf.zeros([1, 84, 84, 4]))
  return network


class _Orthogonal(snt.initializers.Initializer):
  """Orthogonal weights from a stateless seed, drawn in NumPy."""

  def __init__(self, gain: float, seed: int):
    self._gain = gain
    self._seed = int(seed)

  def __call__(self, shape, dtype):
    shape = tuple(shape)
    rows, columns = int(np.prod(shape[:-1])), shape[-1]
    draw = np.random.default_rng(self._seed).normal(
        size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(draw)
    q *= np.sign(np.diag(r))  # makes the distribution uniform
    if rows < columns:
      q = q.T
    return tf.constant(self._gain * q.reshape(shape), dtype)
