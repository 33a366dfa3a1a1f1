"""Regression with and without derivatives: one run of Section 4.1.

Trains an ensemble of MLPs, one member per (function, seed) pair, on values
alone ("regular") or on values and gradients ("sobolev"), and measures its
errors on held-out points. Both methods share data, initial weights and
minibatches, so that they can be compared seed by seed.
"""

import dataclasses
import math
from typing import (
    Callable,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import numpy as np
import tensorflow as tf

from sobolev_tf import (
    derivatives,
    errors,
    files,
    four_products,
    functions,
    losses,
    scaling,
)
from sobolev_tf.data import regression as data_lib
from sobolev_tf.losses import terms
from sobolev_tf.networks import mlp
from sobolev_tf.training import loop, optimizers

METHODS = ("regular", "sobolev")
SCHEDULES = ("constant", "cosine")
# How the Sobolev loss gets the network's gradients; equal up to rounding.
GRADIENTS: Mapping[str, Callable[..., Tuple[tf.Tensor, ...]]] = {
    "nested": derivatives.value_and_derivatives,
    "four_products": four_products.value_and_derivatives,
}
# The regular loss: the order-0 term of the Sobolev loss and nothing else.
VALUES_ONLY = terms.Orders((losses.squared_error,), (1.,))
_SLICE = 1000  # points predicted at once, to bound memory


class LearningRates(NamedTuple):
  """Adam's learning rate at the start, for each method its own."""
  regular: float
  sobolev: float


@dataclasses.dataclass(frozen=True)
class Settings:
  """How to train; the values live in `configs/`.

  Attributes:
    hidden_sizes: of the network.
    steps: number of updates.
    batch_size: points per update (all of them if there are fewer).
    learning_rates: Adam's, at the start.
    schedule: "constant", or "cosine" to fall to 0 over the run.
    derivative_weight: of the gradient term in the Sobolev loss.
    inputs: scaling of the inputs, see `sobolev_tf.scaling`.
    targets: scaling of the targets, see `sobolev_tf.scaling`.
    gradients: a key of `GRADIENTS`: "nested" tapes, the reference, or the
      faster "four_products".
  """
  hidden_sizes: Tuple[int, ...]
  steps: int
  batch_size: int
  learning_rates: LearningRates
  schedule: str
  derivative_weight: float
  inputs: str
  targets: str
  gradients: str = "nested"

  @property
  def label(self) -> str:
    """What sweeps vary, in short, as rows name it.

    Two learning rates stand for the regular and the Sobolev method.
    """
    rates = dict.fromkeys(f"{rate:g}" for rate in self.learning_rates)
    return (f"inputs={self.inputs} targets={self.targets} "
            f"learning_rate={'/'.join(rates)}")


  def check(self) -> None:
    """Raises `UserError` if a setting is out of range."""
    for name, values in (
        ("steps", [self.steps]), ("batch_size", [self.batch_size]),
        ("learning_rates", self.learning_rates)):
      if not all(value > 0 for value in values):
        raise errors.UserError(f"{name} must be > 0, got {values}.")
    if not 0 <= self.derivative_weight < math.inf:
      raise errors.UserError(
          "derivative_weight must be finite and >= 0, got "
          f"{self.derivative_weight}.")
    for name, choices in (("schedule", SCHEDULES), ("gradients", GRADIENTS)):
      if getattr(self, name) not in choices:
        raise errors.UserError(
            f"{name} must be one of {', '.join(choices)}, got "
            f"'{getattr(self, name)}'.")
    scaling.check(self.inputs, self.targets)


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

  def predict(self, x: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Values and gradients in original units.

    Args:
      x: `[E, N, D]` in original units.

    Returns:
      `[E, N, 1]` and `[E, N, D]`, float64.
    """
    scaled = ((x - self.units.x_mean) / self.units.x_scale).astype(np.float32)
    predict = tf.function(
        lambda points: derivatives.value_and_derivatives(
            self.network, points, 1, 2),
        reduce_retracing=True)
    slices = [predict(scaled[:, i:i + _SLICE])
              for i in range(0, x.shape[1], _SLICE)]
    y, dy_dx = (np.concatenate([np.float64(part) for part in parts], axis=1)
                for parts in zip(*slices))
    return self.units.invert(y, dy_dx)


def train(
    members: Sequence[Member], count: int, method: str, settings: Settings, *,
    folder: Optional[files.Path] = None,
    log_folder: Optional[files.Path] = None, title: str = "training",
    chunk: int = 100, checkpoint_every: int = 1000,
) -> Trained:
  """Trains one ensemble with one method on one size of training set.

  Args:
    members: the functions and seeds.
    count: number of training points of each member.
    method: "regular" or "sobolev".
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
  if method not in METHODS:
    raise errors.UserError(
        f"method must be one of {', '.join(METHODS)}, got '{method}'.")
  settings.check()
  raw = [data_lib.sample(m.function, count, seed=m.seed, stream="train")
         for m in members]
  units = [scaling.fit(d, m.function.domain, settings.inputs, settings.targets)
           for d, m in zip(raw, members)]
  data = data_lib.stack([u.apply(d) for u, d in zip(units, raw)])
  tensors = [tf.constant(array, tf.float32)
             for array in (data.x, data.y, data.dy_dx)]  # [E, N, *]
  seeds = [m.seed for m in members]
  network = mlp.EnsembleMLP(
      seeds, data.x.shape[-1], [*settings.hidden_sizes, 1])
  batches = data_lib.Minibatches(seeds, count, settings.batch_size)
  parameters = network.trainable_variables
  rate = getattr(settings.learning_rates, method)
  if settings.schedule == "cosine":
    rate = optimizers.cosine(rate, settings.steps)
  optimizer = optimizers.Adam(parameters, rate)
  sobolev_loss = losses.SobolevLoss(
      order=1, weights=(1., settings.derivative_weight),
      differentiate=GRADIENTS[settings.gradients])

  def step(index):
    x, y, dy_dx = batches(index, *tensors)  # [E, B, *]
    with tf.GradientTape() as tape:
      if method == "sobolev":
        loss = sobolev_loss(network, x, (y, dy_dx), batch_dims=2).reduce()
      else:
        loss = terms.compare(
            [y], [network(x)], VALUES_ONLY, batch_dims=2).reduce()
      # A sum over members: each gets the gradient of its own loss alone.
      total = tf.reduce_sum(loss)  # []
    optimizer.apply(tape.gradient(total, parameters), parameters)
    return {"loss": loss}  # [E]

  history = loop.train(
      step, {"network": network, "optimizer": optimizer, "batches": batches},
      loop.Schedule(settings.steps, chunk, checkpoint_every=(
          checkpoint_every if folder else 0),
          evaluate_every=chunk if log_folder else 0),
      folder=folder, log_folder=log_folder, title=title)
  return Trained(tuple(members), network, scaling.stack(units), history)


def measure(trained: Trained, points: int, stream: str
            ) -> List[Dict[str, float]]:
  """Errors of each member on held-out points of its function's domain.

  Args:
    trained: the ensemble.
    points: number of points, the same for every member of a function.
    stream: which points: "test" or "validation".

  Returns:
    Per member: `mse`, the mean squared error of the value, and
    `gradient_mse`, the mean squared Euclidean distance of the gradient, in
    original units; the same `_standardised`: divided by the variance of the
    function's value, with inputs in units of their standard deviation over
    the domain; and `diverged_at`, the step by which the loss or an error was
    not finite, if one was; the errors are NaN then.
  """
  held_out = data_lib.stack([
      data_lib.sample(m.function, points, seed=0, stream=stream)
      for m in trained.members])
  y, dy_dx = trained.predict(held_out.x)
  measured = []
  for e, member in enumerate(trained.members):
    low, high = np.array(member.function.domain).T
    variance = held_out.y[e].var()
    value_error = y[e] - held_out.y[e]  # [N, 1]
    gradient_error = dy_dx[e] - held_out.dy_dx[e]  # [N, D]
    in_units = gradient_error * (high - low) / 12**.5
    result = {
        "mse": np.mean(value_error**2),
        "mse_standardised": np.mean(value_error**2) / variance,
        "gradient_mse": np.mean(np.sum(gradient_error**2, -1)),
        "gradient_mse_standardised":
            np.mean(np.sum(in_units**2, -1)) / variance,
    }
    diverged = trained.history.diverged_at[e]
    if diverged is None and not np.isfinite(list(result.values())).all():
      diverged = trained.history.records[-1]["step"]
    if diverged is not None:
      result = dict.fromkeys(result, np.nan) | {"diverged_at": diverged}
    measured.append({name: float(value) for name, value in result.items()})
  return measured
