"""Trains an ensemble on a loss of its own, all points at every step.

What the computations of Section 3 and the experiments on Section 5 of
https://arxiv.org/abs/1706.04859 share.
"""

import dataclasses
from typing import Any, Callable, Mapping, Optional

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


def train(network: mlp.EnsembleMLP, loss: Callable[[tf.Tensor], tf.Tensor],
          settings: Settings, *, identity: Mapping[str, Any],
          folder: Optional[files.Path] = None,
          log_folder: Optional[files.Path] = None, title: str = "training",
          ) -> loop.History:
  """Trains an ensemble on a loss of its own.

  Args:
    network: the ensemble of E members.
    loss: takes the step's index (int64 scalar) and returns one loss per
      member, `[E]`.
    settings: how to train.
    identity: settings that distinguish runs with identical variables, such as
      the data's, JSON-serialisable: checkpoints of others are refused.
    folder: for checkpoints; None keeps none.
    log_folder: for TensorBoard; None writes nothing.
    title: the progress bar's text.

  Returns:
    What the loop recorded.

  Raises:
    UserError: if `folder` holds checkpoints of another run.
    Interrupted: if a signal asked to stop.
  """
  parameters = network.trainable_variables
  optimizer = optimizers.Adam(
      parameters, optimizers.cosine(settings.learning_rate, settings.steps))

  def step(index):
    with tf.GradientTape() as tape:
      losses = loss(index)  # [E]
      total = tf.reduce_sum(losses)  # each member gets its own gradient
    optimizer.apply(tape.gradient(total, parameters), parameters)
    return {"loss": losses}

  return loop.train(
      step, {"network": network, "optimizer": optimizer},
      loop.Schedule(settings.steps, chunk=250,
                    checkpoint_every=1000 if folder else 0,
                    evaluate_every=250 if log_folder else 0),
      settings={**identity, **dataclasses.asdict(settings)},
      folder=folder, log_folder=log_folder, title=title)
