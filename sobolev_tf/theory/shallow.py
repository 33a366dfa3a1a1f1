"""Trains small networks with one hidden layer, full batch, for Section 3.

Theorems 1 and 2 of https://arxiv.org/abs/1706.04859 are about what networks
can represent; what training finds is set beside that. An ensemble of seeds is
trained in the loop that every experiment uses.
"""

import dataclasses
from typing import Callable, Optional, Sequence

import numpy as np
import tensorflow as tf

from sobolev_tf import files
from sobolev_tf.networks import mlp
from sobolev_tf.training import loop, optimizers


@dataclasses.dataclass(frozen=True)
class Settings:
  """How to train.

  Attributes:
    steps: number of updates, each on all points.
    learning_rate: Adam's, falling to 0 along half a cosine.
  """
  steps: int
  learning_rate: float


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


def train(network: mlp.EnsembleMLP, loss: Callable[[], tf.Tensor],
          settings: Settings, *, folder: Optional[files.Path] = None,
          log_folder: Optional[files.Path] = None, title: str = "training",
          ) -> loop.History:
  """Trains an ensemble on a loss of its own.

  Args:
    network: the ensemble of E members.
    loss: returns one loss per member, `[E]`.
    settings: how to train.
    folder: for checkpoints; None keeps none.
    log_folder: for TensorBoard; None writes nothing.
    title: the progress bar's text.

  Returns:
    What the loop recorded.

  Raises:
    Interrupted: if a signal asked to stop.
  """
  parameters = network.trainable_variables
  optimizer = optimizers.Adam(
      parameters, optimizers.cosine(settings.learning_rate, settings.steps))

  def step(unused_index):
    with tf.GradientTape() as tape:
      losses = loss()  # [E]
      total = tf.reduce_sum(losses)  # each member gets its own gradient
    optimizer.apply(tape.gradient(total, parameters), parameters)
    return {"loss": losses}

  return loop.train(
      step, {"network": network, "optimizer": optimizer},
      loop.Schedule(settings.steps, chunk=250,
                    checkpoint_every=1000 if folder else 0,
                    evaluate_every=250 if log_folder else 0),
      folder=folder, log_folder=log_folder, title=title)
