"""Fits an ensemble to values and first derivatives with one of the methods.

Any number of outputs, full batch or minibatches, all in the caller's units:
standardise inputs and values first. Methods share initial weights, minibatches
and data, so that they can be compared seed by seed.
"""

import dataclasses
from typing import Any, Mapping, NamedTuple, Optional, Sequence

import numpy as np
import sonnet as snt
import tensorflow as tf

from configs import balancing as config_lib
from configs import regression
from reproduce.balancing import methods
from sobolev_tf import derivatives, errors, files, losses
from sobolev_tf.derivatives import four_products
from sobolev_tf.losses import terms
from sobolev_tf.networks import mlp
from sobolev_tf.training import loop, minibatches, optimizers

_VALUES_ONLY = terms.Orders((losses.squared_error,), (1.,))


class Data(NamedTuple):
  """Points of an ensemble of E members, or of one set of points.

  Attributes:
    x: `[E, N, D]`.
    y: `[E, N, P]`.
    dy_dx: `[E, N, P, D]`; `[E, N, D]` if P is 1.
  """
  x: np.ndarray
  y: np.ndarray
  dy_dx: np.ndarray


def fit(data: Data, seeds: Sequence[int], method: str, strength: float,
        learning_rates: Sequence[float], weight_decays: Sequence[float],
        training: config_lib.Training, **options) -> mlp.EnsembleMLP:
  """Trains E MLPs side by side.

  Args:
    data: the members' training sets.
    seeds: of each member's initial weights and minibatches.
    method: as `train` takes it.
    strength: as `train` takes it.
    learning_rates: of each member.
    weight_decays: of each member.
    training: the network and how to train it.
    **options: `identity`, `folder`, `log_folder` and `title` of `train`.

  Returns:
    The networks after the last step, when the learning rate has fallen to 0. A
    member that diverged predicts NaN.

  Raises:
    UserError: if there is no such method, data do not fit, or checkpoints are
      not of this run.
    Interrupted: if a signal asked to stop.
  """
  outputs = data.y.shape[-1]
  network = mlp.EnsembleMLP(
      seeds, data.x.shape[-1], [*training.hidden_sizes, outputs],
      regression.ACTIVATIONS[training.activation])
  # Equal up to rounding; four products stop at one output.
  differentiate = (four_products if outputs == 1 else derivatives
                   ).value_and_derivatives
  train(network, data, seeds, method, strength, learning_rates, weight_decays,
        training, differentiate=differentiate, **options)
  return network


def train(network: snt.Module, data: Data, seeds: Sequence[int], method: str,
          strength: float, learning_rates: Sequence[float],
          weight_decays: Sequence[float], training: config_lib.Training, *,
          differentiate=derivatives.value_and_derivatives,
          identity: Mapping[str, Any], folder: Optional[files.Path] = None,
          log_folder: Optional[files.Path] = None, title: str = "training"
          ) -> None:
  """Trains an ensemble that is there.

  Args:
    network: maps `[E, N, *event]` to `[E, N, P]`; its parameters have three
      axes, of which the first is that of the members.
    data: the members' training sets; x may be `[E, N, *event]`, and
      derivatives that are NaN are left out.
    seeds: of each member's minibatches.
    method: a key of `configs.balancing.ALL_METHODS`.
    strength: the method's own, see `methods.make`.
    learning_rates: Adam's at the start, of each member; they fall to 0 along
      half a cosine.
    weight_decays: of each member, decoupled.
    training: how to train.
    differentiate: how the network's derivatives are computed.
    identity: what distinguishes this run from others of the same settings,
      JSON-serialisable: checkpoints of another are refused.
    folder: for checkpoints; None keeps none.
    log_folder: for TensorBoard; None writes nothing.
    title: the progress bar's text.

  Raises:
    UserError: as `fit`.
    Interrupted: if a signal asked to stop.
  """
  members, count = data.y.shape[:2]
  if not len(seeds) == len(learning_rates) == len(weight_decays) == members:
    raise errors.UserError(
        f"data has {members} members, but there are {len(seeds)} seeds, "
        f"{len(learning_rates)} learning rates and {len(weight_decays)} weight "
        "decays.")
  known = np.isfinite(data.dy_dx)
  tensors = [tf.constant(array, tf.float32) for array in (*data, known)]
  batches = minibatches.Minibatches(seeds, count, training.batch_size)
  highest = max(learning_rates)
  rate = optimizers.cosine(highest, training.steps)
  parameters = network.trainable_variables
  optimizer = optimizers.Adam(parameters, rate)
  share, decay = (tf.constant(each, tf.float32)[:, None, None] for each in (
      np.divide(learning_rates, highest), weight_decays))  # [E, 1, 1]
  balancing = methods.make(method, strength, data[1:], rate,
                           every=count // batches.batch_size)
  loss = losses.SobolevLoss(
      order=1, losses=methods.compared(method, strength, data.dy_dx),
      weights=balancing, differentiate=differentiate)

  def compare(x, y, dy_dx, weight):
    if balancing is None:
      return terms.compare([y], [network(x)], _VALUES_ONLY, batch_dims=2)
    return loss(network, x, (y, dy_dx), batch_dims=2,
                entry_weights=None if known.all() else (None, weight))

  def step(index):
    with tf.GradientTape() as tape:
      compared = compare(*batches(index, *tensors))
      each = compared.reduce()  # [E]
      # A sum over members: each gets the gradient of its own loss alone.
      total = tf.reduce_sum(each)  # []
    before = [tf.identity(parameter) for parameter in parameters]
    optimizer.apply(tape.gradient(total, parameters), parameters)
    # Adam's step is proportional to its rate, of which each member has a share.
    kept = 1. - share * tf.cast(rate(index), tf.float32) * decay
    for parameter, old in zip(parameters, before):
      parameter.assign(kept * old + share * (parameter - old))
    if balancing is not None:
      balancing.update(compared.means)
    return {"loss": each}

  state = {"network": network, "optimizer": optimizer, "batches": batches}
  if balancing is not None:
    state["balancing"] = balancing
  loop.train(
      step, state,
      loop.Schedule(training.steps, chunk=250,
                    checkpoint_every=1000 if folder else 0,
                    evaluate_every=250 if log_folder else 0),
      settings={**identity, **dataclasses.asdict(training), "method": method,
                "strength": strength, "learning_rates": list(learning_rates),
                "weight_decays": list(weight_decays), "seeds": list(seeds)},
      folder=folder, log_folder=log_folder, title=title)


def predict(network: snt.Module, x: np.ndarray) -> Data:
  """What an ensemble makes of points, values and derivatives.

  Args:
    network: E members.
    x: `[E, N, *event]`.

  Returns:
    The points and the predictions, float64.
  """
  y, dy_dx = tf.function(lambda points: derivatives.value_and_derivatives(
      network, points, 1, 2))(tf.constant(x, tf.float32))
  return Data(x, y.numpy().astype(float), dy_dx.numpy().astype(float))
