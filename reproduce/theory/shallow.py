"""Small networks with one hidden layer, for Section 3.

Theorems 1 and 2 of https://arxiv.org/abs/1706.04859 are about what networks
can represent; what training finds is set beside that.
"""

from typing import Callable, Sequence

import numpy as np
import tensorflow as tf

from sobolev_tf.networks import mlp


def spread_network(width: int, seeds: Sequence[int], input_size: int,
                   activation: Callable[[tf.Tensor], tf.Tensor], scale: float,
                   ) -> mlp.EnsembleMLP:
  """An ensemble whose hidden units bend at places all over [-1, 1]^D.

  With Sonnet's zero biases every unit would bend at the origin; in one
  dimension all networks would begin as functions with a single kink.

  Args:
    width: hidden units.
    seeds: one per member.
    input_size: D.
    activation: of the hidden layer.
    scale: length of every hidden unit's weight vector.

  Returns:
    A float64 ensemble, `[E, B, D]` -> `[E, B, 1]`.
  """
  network = mlp.EnsembleMLP(
      seeds, input_size, [width, 1], activation, tf.float64)
  weights, biases = [], []
  for seed in seeds:
    random = np.random.default_rng(seed)
    w = random.normal(size=(input_size, width))
    w *= scale / np.linalg.norm(w, axis=0)
    bend = random.uniform(-1, 1, size=(input_size, width))
    weights.append(w)
    biases.append(-np.sum(w * bend, axis=0, keepdims=True))
  network.weights[0].assign(weights)
  network.biases[0].assign(biases)
  return network
