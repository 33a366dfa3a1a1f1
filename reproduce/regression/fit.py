"""Fits an ensemble of networks to values and derivatives.

The one fitter of Section 4.1 and of Section 5's regressions: change of units,
network, minibatches and Adam. What is minimised is the caller's.
"""

import dataclasses
from typing import (
    Any,
    Callable,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import numpy as np
import tensorflow as tf

from configs import regression
from reproduce.regression import data as data_lib
from reproduce.regression import units as units_lib
from sobolev_tf import derivatives, files
from sobolev_tf.networks import mlp
from sobolev_tf.training import loop, minibatches, optimizers, turns, xla

_SLICE = 1000  # points predicted at once, to bound memory
# Takes the network (in scaled units), seeds of what is random (int64 `[P, 2]`:
# each member's own and the step), points `[P, B, D]`, values and derivatives;
# returns losses `[P]`. P: all E members or, with XLA, those that train at a
# time (`sobolev_tf.training.turns`).
Loss = Callable[..., tf.Tensor]


class Trained(NamedTuple):
  """A trained ensemble.

  Attributes:
    network: the ensemble, in scaled units.
    units: the units of each member.
    history: what the loop recorded.
  """
  network: mlp.EnsembleMLP
  units: units_lib.Units
  history: loop.History

  def predict(self, x: np.ndarray, order: int = 1) -> Tuple[np.ndarray, ...]:
    """Values and derivatives in original units.

    Args:
      x: `[E, N, D]` in original units.
      order: of the highest derivative, 0 to 2.

    Returns:
      `[E, N, 1]`, from order 1 on `[E, N, D]` and for order 2 `[E, N, D, D]`,
      float64.
    """
    scaled = ((x - self.units.x_mean) / self.units.x_scale).astype(np.float32)
    predict = tf.function(
        lambda points: derivatives.value_and_derivatives(
            self.network, points, order, 2),
        reduce_retracing=True)
    slices = [predict(scaled[:, i:i + _SLICE])
              for i in range(0, x.shape[1], _SLICE)]
    return self.units.invert(*(
        np.concatenate([np.float64(part) for part in parts], axis=1)
        for parts in zip(*slices)))


def fit(
    raw: Sequence[data_lib.RegressionData],
    domains: Sequence[data_lib.Domain], seeds: Sequence[int], loss: Loss,
    settings: regression.Settings, *, order: int, learning_rate: float,
    identity: Mapping[str, Any],
    folder: Optional[files.Path] = None,
    log_folder: Optional[files.Path] = None, title: str = "training",
    chunk: int = 100, checkpoint_every: int = 1000,
    measure: Optional[Callable[[Trained], Mapping[str, Any]]] = None,
    measure_every: int = 0,
) -> Trained:
  """Trains one member per data set.

  Args:
    raw: E data sets of N points each, in original units.
    domains: of each member's inputs.
    seeds: of each member's initial weights and minibatches.
    loss: what is minimised, see `Loss`; in scaled units.
    settings: how to train, checked; of its learning rates and derivative's
      weight nothing is used.
    order: of the highest derivative that the loss is given; 0 to 2.
    learning_rate: Adam's, at the start.
    identity: what distinguishes this run from others of the same settings,
      JSON-serialisable: checkpoints of another are refused.
    folder: for checkpoints; None keeps none.
    log_folder: for TensorBoard; None writes nothing.
    title: the progress bar's text.
    chunk: steps per call of the compiled loop.
    checkpoint_every: steps between checkpoints.
    measure: takes the ensemble as it is, without a history, and returns what
      else the history is to record, by name and JSON-serialisable.
    measure_every: steps between measurements, of which one is at the end; 0
      for that one alone or, with a `log_folder`, one in every chunk.

  Returns:
    The trained ensemble.

  Raises:
    UserError: if target values cannot be standardised, or checkpoints are
      not of this run.
    Interrupted: if a signal asked to stop.
  """
  each = [units_lib.fit(points, domain, settings.inputs, settings.targets)
          for points, domain in zip(raw, domains, strict=True)]
  units = units_lib.stack(each)
  data = data_lib.stack([u.apply(points) for u, points in zip(each, raw)])
  tensors = [tf.constant(array, tf.float32) for array in (
      data.x, data.y, data.dy_dx, data.d2y_dx2)[:order + 2]]  # [E, N, *]
  batches = minibatches.Minibatches(
      seeds, data.x.shape[1], settings.batch_size)
  rate: optimizers.LearningRate = learning_rate
  if settings.schedule == "cosine":
    rate = optimizers.cosine(learning_rate, settings.steps)

  def build(member_seeds):
    network = mlp.EnsembleMLP(
        member_seeds, data.x.shape[-1], [*settings.hidden_sizes, 1],
        regression.ACTIVATIONS[settings.activation])
    return network, optimizers.Adam(network.trainable_variables, rate)

  (network, optimizer), part, in_turn = turns.divide(
      build, seeds, settings.xla)

  def update(index, rows, part_seeds, *part_tensors):  # [P, B], [P], [P, N, *]
    trained, its_optimizer = part
    batch = batches.take(rows, *part_tensors)  # [P, B, *]
    random = tf.stack(
        [part_seeds, tf.fill(part_seeds.shape, index)], axis=1)  # [P, 2]
    parameters = trained.trainable_variables
    with tf.GradientTape() as tape:
      losses = loss(trained, random, *batch)  # [P]
      # A sum over members: each gets the gradient of its own loss alone.
      total = tf.reduce_sum(losses)  # []
    its_optimizer.apply(tape.gradient(total, parameters), parameters)
    return {"loss": losses}

  step = xla.Step(
      lambda index: [batches.rows(index)], update,
      data=[tf.constant(seeds, tf.int64), *tensors], turns=in_turn)
  history = loop.train(
      step if settings.xla else step.__call__,
      {"network": network, "optimizer": optimizer, "batches": batches},
      loop.Schedule(settings.steps, chunk, checkpoint_every=(
          checkpoint_every if folder else 0),
          evaluate_every=measure_every or (chunk if log_folder else 0)),
      evaluate=None if measure is None else (
          lambda: measure(Trained(network, units, loop.History()))),
      settings={**identity, **dataclasses.asdict(settings)},
      folder=folder, log_folder=log_folder, title=title)
  return Trained(network, units, history)
