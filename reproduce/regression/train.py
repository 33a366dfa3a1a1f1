"""Regression with and without derivatives: one run of Section 4.1.

Trains an ensemble of MLPs, one member per (function, seed) pair, on values
alone ("regular"), on values and gradients ("sobolev"), or on Hessians, too,
whole or projected on random directions, and measures its errors on held-out
points. All methods share data, initial weights and minibatches, so that they
can be compared seed by seed.
"""

import dataclasses
from typing import (
  Dict,
  List,
  NamedTuple,
  Optional,
  Sequence,
  Tuple,
)

import numpy as np
import tensorflow as tf

from configs import regression as config_lib
from reproduce.regression import data as data_lib
from reproduce.regression import units as scaling
from sobolev_tf import derivatives, errors, files, functions, losses
from sobolev_tf.losses import terms
from sobolev_tf.networks import mlp
from sobolev_tf.training import loop, minibatches, optimizers, xla

# The regular loss: the order-0 term of the Sobolev loss and nothing else.
VALUES_ONLY = terms.Orders((losses.squared_error,), (1.,))
_SLICE = 1000  # points predicted at once, to bound memory


class Member(NamedTuple):
  """What one member of the ensemble learns, and its seed."""
  function: functions.BenchmarkFunction
  seed: int


class Trained(NamedTuple):
  """A trained ensemble.

  Attributes:
    members: what each member learned.
    network: the ensemble, in scaled units.
    units: the units of each member.
    history: what the loop recorded.
  """
  members: Tuple[Member, ...]
  network: mlp.EnsembleMLP
  units: scaling.Scaling
  history: loop.History

  def predict(self, x: np.ndarray, order: int = 1) -> Tuple[np.ndarray, ...]:
    """Values and derivatives in original units.

    Args:
      x: `[E, N, D]` in original units.
      order: of the highest derivative, 1 or 2.

    Returns:
      `[E, N, 1]`, `[E, N, D]` and for order 2 `[E, N, D, D]`, float64.
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


def train(
    members: Sequence[Member], count: int, method: str,
    settings: config_lib.Settings, *,
    folder: Optional[files.Path] = None,
    log_folder: Optional[files.Path] = None, title: str = "training",
    chunk: int = 100, checkpoint_every: int = 1000,
) -> Trained:
  """Trains one ensemble with one method on one size of training set.

  Args:
    members: the functions and seeds.
    count: number of training points of each member.
    method: a name in `configs.regression.METHODS`; those of order 2 need an
      activation that is smooth.
    settings: how to train.
    folder: for checkpoints; None keeps none.
    log_folder: for TensorBoard; None writes nothing.
    title: the progress bar's text.
    chunk: steps per call of the compiled loop.
    checkpoint_every: steps between checkpoints.

  Returns:
    The trained ensemble.

  Raises:
    UserError: if an argument is out of range.
  """
  if method not in config_lib.METHODS:
    raise errors.UserError(
        f"method must be one of {', '.join(config_lib.METHODS)}, got "
        f"'{method}'.")
  settings.check()
  order, stochastic = config_lib.METHODS[method]
  if order > 1 and settings.activation is None:
    raise errors.UserError(
        f"{method} needs a smooth network, because the second derivative of a "
        "ReLU network is 0: set activation to "
        f"{' or '.join(config_lib.SMOOTH)}.")
  raw = [data_lib.sample(m.function, count, seed=m.seed, stream="train",
                         order=max(order, 1))
         for m in members]
  units = [scaling.fit(d, m.function.domain, settings.inputs, settings.targets)
           for d, m in zip(raw, members)]
  data = data_lib.stack([u.apply(d) for u, d in zip(units, raw)])
  tensors = [tf.constant(array, tf.float32) for array in (
      data.x, data.y, data.dy_dx, data.d2y_dx2)[:order + 2]]  # [E, N, *]
  seeds = [m.seed for m in members]
  network = mlp.EnsembleMLP(
      seeds, data.x.shape[-1], [*settings.hidden_sizes, 1],
      config_lib.ACTIVATIONS[settings.activation])
  batches = minibatches.Minibatches(seeds, count, settings.batch_size)
  parameters = network.trainable_variables
  initial = settings.learning_rate(method)
  rate: optimizers.LearningRate = initial
  if settings.schedule == "cosine":
    rate = optimizers.cosine(initial, settings.steps)
  optimizer = optimizers.Adam(parameters, rate)
  weights = (1.,) + (settings.derivative_weight,) * order

  def compare(index, x, *targets):  # [E, B, *] -> [E, B] per order
    if order == 0:
      return terms.compare(targets, [network(x)], VALUES_ONLY, batch_dims=2)
    if stochastic:
      draws = tf.stack([seeds, tf.fill([len(seeds)], index)], axis=1)  # [E, 2]
      return losses.StochasticSobolevLoss(order, weights=weights)(
          network, x, targets, draws, batch_dims=2)
    return losses.SobolevLoss(
        order, weights=weights,
        differentiate=config_lib.GRADIENTS[settings.gradients])(
            network, x, targets, batch_dims=2)

  def update(index, *batch):  # [E, B, *]
    with tf.GradientTape() as tape:
      loss = compare(index, *batch).reduce()  # [E]
      # A sum over members: each gets the gradient of its own loss alone.
      total = tf.reduce_sum(loss)  # []
    optimizer.apply(tape.gradient(total, parameters), parameters)
    return {"loss": loss}  # [E]

  def take(index):
    return batches(index, *tensors)

  step = xla.Step(take, update) if settings.xla else (
      lambda index: update(index, *take(index)))
  history = loop.train(
      step, {"network": network, "optimizer": optimizer, "batches": batches},
      loop.Schedule(settings.steps, chunk, checkpoint_every=(
          checkpoint_every if folder else 0),
          evaluate_every=chunk if log_folder else 0),
      settings={"method": method, "count": count, "members": [
          (m.function.name, m.seed) for m in members],
                **dataclasses.asdict(settings)},
      folder=folder, log_folder=log_folder, title=title)
  return Trained(tuple(members), network, scaling.stack(units), history)


def errors_on(trained: Trained, sets: Sequence[data_lib.RegressionData],
              domains: Sequence[Sequence[Sequence[float]]], order: int = 1
              ) -> List[Dict[str, float]]:
  """Errors of each member on a set of its own.

  Args:
    trained: E members.
    sets: E sets of equally many points.
    domains: of each member's inputs.
    order: of the highest derivative, 1 or 2.

  Returns:
    Per member, the errors of `data.regression.mean_squared_errors`.
  """
  predictions = trained.predict(np.stack([data.x for data in sets]), order)
  return [
      data_lib.mean_squared_errors(data, [part[e] for part in predictions],
                                   domain)
      for e, (data, domain) in enumerate(zip(sets, domains, strict=True))]


def measure(trained: Trained, points: int, stream: str, order: int = 1
            ) -> List[Dict[str, float]]:
  """Errors of each member on held-out points of its function's domain.

  Args:
    trained: the ensemble.
    points: number of points, the same for every member of a function.
    stream: which points: "test" or "validation".
    order: of the highest derivative to measure, 1 or 2.

  Returns:
    Per member: the errors of `data.regression.mean_squared_errors`; and
    `diverged_at`, the step by which the loss or an error was not finite, if
    one was; the errors are NaN then.
  """
  targets = [member.function for member in trained.members]
  results = errors_on(
      trained, data_lib.held_out(targets, points, stream, order),
      [function.domain for function in targets], order)
  measured = []
  for e, result in enumerate(results):
    diverged = trained.history.diverged_at[e]
    if diverged is None and not np.isfinite(list(result.values())).all():
      diverged = trained.history.records[-1]["step"]
    if diverged is not None:
      result = dict.fromkeys(result, np.nan) | {"diverged_at": diverged}
    measured.append({name: float(value) for name, value in result.items()})
  return measured
