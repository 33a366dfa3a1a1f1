"""The regression network of Section 4.1, alone and as an ensemble.

Two hidden layers of 256 ReLU units and a linear output
(https://arxiv.org/abs/1706.04859). A single network is a plain
`snt.nets.MLP`; `EnsembleMLP` is E of them with a leading axis, so that one
batched matrix product serves all members: many seeds and functions train in
one graph, several times faster than one after another.
"""

from typing import Callable, Sequence, Tuple

import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors

HIDDEN_SIZES = (256, 256)  # paper §4.1
Activation = Callable[[tf.Tensor], tf.Tensor]


def initial_weights(seed: int, sizes: Sequence[int],
                    dtype: tf.DType = tf.float32) -> list[tf.Tensor]:
  """Draws weight matrices as `snt.Linear` would, from a stateless seed.

  Args:
    seed: the member's seed; the same seed gives the same weights.
    sizes: sizes of the layers, the input's first.
    dtype: their type.

  Returns:
    One `[in, out]` matrix per layer: truncated normal with standard deviation
    1/sqrt(in), Sonnet's default. Biases start at 0.
  """
  return [
      tf.cast(tf.random.stateless_truncated_normal(
          [fan_in, fan_out], seed=[seed, layer], stddev=fan_in**-.5), dtype)
      for layer, (fan_in, fan_out) in enumerate(zip(sizes[:-1], sizes[1:]))]


class EnsembleMLP(snt.Module):
  """E independent MLPs; member e maps `x[e]` with its own weights."""

  def __init__(self, seeds: Sequence[int], input_size: int,
               output_sizes: Sequence[int] = (*HIDDEN_SIZES, 1),
               activation: Activation = tf.nn.relu,  # paper §4.1
               dtype: tf.DType = tf.float32, name: str = "ensemble_mlp"):
    """Creates the members' variables.

    Args:
      seeds: one per member, for its initial weights; equal seeds give equal
        members.
      input_size: number of inputs D.
      output_sizes: sizes of the hidden layers and of the output.
      activation: applied between layers.
      dtype: type of the weights.
      name: the module's name.

    Raises:
      UserError: if there is no member or no layer, a seed is not an integer or
        a size is below 1.
    """
    super().__init__(name=name)
    if not seeds or not output_sizes:
      raise errors.UserError(
          "An ensemble needs at least one seed and one output size.")
    for seed in seeds:
      if not isinstance(seed, (int, np.integer)):
        raise errors.UserError(f"Seeds must be integers, got {seed!r}.")
    if min(input_size, *output_sizes) < 1:
      raise errors.UserError(
          "Sizes of layers must be >= 1, got "
          f"{', '.join(map(str, [input_size, *output_sizes]))}.")
    self.activation = activation
    sizes = [input_size, *output_sizes]
    members = [initial_weights(seed, sizes, dtype) for seed in seeds]
    self.weights = [
        tf.Variable(tf.stack(layer), name=f"w_{i}")  # [E, in, out]
        for i, layer in enumerate(zip(*members))]
    self.biases = [
        tf.Variable(tf.zeros([len(seeds), 1, size], dtype), name=f"b_{i}")
        for i, size in enumerate(output_sizes)]  # [E, 1, out]

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    """Maps `[E, B, D]` to `[E, B, out]`."""
    return self._layers(x, 0, len(self.weights))

  def split(self, depth: int) -> Tuple[Activation, Activation]:
    """Cuts the networks after a hidden layer.

    Args:
      depth: the hidden layer, from 1.

    Returns:
      The function from inputs `[E, B, D]` to that layer's activations
      `[E, B, H]`, and the one from these to outputs `[E, B, out]`.

    Raises:
      UserError: if there is no such hidden layer.
    """
    if not 1 <= depth < len(self.weights):
      raise errors.UserError(
          f"depth must be from 1 to {len(self.weights) - 1}, the number of "
          f"hidden layers, got {depth}.")
    return (lambda x: self._layers(x, 0, depth),
            lambda h: self._layers(h, depth, len(self.weights)))

  def _layers(self, x: tf.Tensor, first: int, last: int) -> tf.Tensor:
    for i in range(first, last):
      x = tf.matmul(x, self.weights[i]) + self.biases[i]  # [E, B, out]
      if i + 1 < len(self.weights):
        x = self.activation(x)
    return x

  def member(self, index: int) -> snt.nets.MLP:
    """A copy of one member as an ordinary Sonnet module.

    Args:
      index: its position in `seeds`.

    Returns:
      An `snt.nets.MLP` `[B, D]` -> `[B, out]` with its own variables.
    """
    mlp = snt.nets.MLP(
        [b.shape[-1] for b in self.biases], activation=self.activation)
    mlp(tf.zeros([1, self.weights[0].shape[1]], self.weights[0].dtype))
    for layer, w, b in zip(mlp.submodules, self.weights, self.biases):
      layer.w.assign(w[index])
      layer.b.assign(b[index, 0])
    return mlp
