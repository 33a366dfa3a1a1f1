"""A balancing of the orders as a part of a Keras model.

`sobolev_tf.losses` has the balancings. Here the orders are compared by Keras's
losses, and what a balancing has seen of training is saved with the weights.
"""

import copy
from typing import Any, Dict, Mapping, Sequence

import keras
import tensorflow as tf

from sobolev_tf import errors, losses
from sobolev_tf.keras import losses as losses_lib
from sobolev_tf.losses import pointwise, terms

for _kind in (losses.ChannelScales, losses.Prefactors,
              losses.ProfiledLikelihood, losses.SoftAdapt):
  keras.saving.register_keras_serializable("sobolev_tf")(_kind)


@keras.saving.register_keras_serializable("sobolev_tf")
class BalancedLoss(keras.losses.Loss):
  """All orders' losses in one number: what `compile` makes of a balancing.

  Keras saves the state of a loss, like that of an optimizer, with the model.
  """

  def __init__(self, balancing: losses.Balancing):
    """Wraps a balancing.

    Args:
      balancing: its variables become part of the model that is compiled.
    """
    super().__init__("balanced")
    self.balancing = balancing
    self.losses: Mapping[str, Any] = {}  # Keras's, by the orders' names
    self._means: Sequence[tf.Tensor] = ()  # of the step at hand

  def objective(self, shapes: Sequence[tf.TensorShape],
                targets: Mapping[str, tf.Tensor],
                predictions: Mapping[str, tf.Tensor],
                weights) -> tf.Tensor:
    """The loss of a batch.

    Means are over the examples, whatever the losses' own `reduction` is. A
    balancing of single entries (`by_channel`) applies a loss to each entry.

    Args:
      shapes: of the targets per example, for the balancing's scales.
      targets: `[B, P]` by name.
      predictions: `[B, P]` by name.
      weights: `[B]` or `[B, 1]` by name, or None.

    Returns:
      A scalar.

    Raises:
      UserError: if there are several replicas.
    """
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
      raise errors.UserError(
          "A balancing looks at the means of whole batches, which replicas do "
          "not share: train on one device, or give loss_weights as numbers.")
    def shaped(named):
      return [tf.reshape(t, [-1, *shape])
              for t, shape in zip(named.values(), shapes)]
    entry_weights = []
    for name, shape in zip(targets, shapes):
      weight = (weights or {}).get(name)
      entry_weights.append(None if weight is None else tf.reshape(
          weight, [-1] + [1] * shape.rank))
    orders = terms.Orders(
        tuple(_pointwise(self.losses[name]) for name in targets),
        (1.,) * len(targets), self.balancing)
    found = terms.compare(shaped(targets), shaped(predictions), orders,
                          entry_weights=entry_weights)
    self._means = found.means
    return found.reduce()

  def update(self, loss: tf.Tensor) -> None:
    """Takes note of the training step whose loss was computed last.

    Args:
      loss: of the step. If it is not finite, nothing is noted.
    """
    means, self._means = self._means, ()
    def note():
      self.balancing.update(means)
      return True
    tf.cond(tf.math.is_finite(loss), note, lambda: True)

  def save_own_variables(self, store) -> None:
    """Called by Keras's `save` and `save_weights`."""
    for i, variable in enumerate(self.balancing.variables):
      store[str(i)] = variable.numpy()

  def load_own_variables(self, store) -> None:
    """Called on loading; weights saved without a balancing change nothing."""
    if store.keys():
      for i, variable in enumerate(self.balancing.variables):
        variable.assign(store[str(i)])

  def get_config(self) -> Dict[str, Any]:
    """The balancing's class and arguments."""
    return _to_config(self.balancing)

  @classmethod
  def from_config(cls, config: Dict[str, Any]) -> "BalancedLoss":
    """The reverse of `get_config`."""
    return cls(_from_config(config))


def wrap(loss_weights, order: int):
  """What `compile` takes as `loss_weights`, a balancing as a `BalancedLoss`.

  Args:
    loss_weights: numbers, a balancing, one that is wrapped already, or None.
    order: the highest order K.

  Returns:
    The same, or a `BalancedLoss` with a copy of the balancing: its state is
    that of one training.

  Raises:
    UserError: if it balances other orders.
  """
  if isinstance(loss_weights, losses.Balancing):
    loss_weights = BalancedLoss(copy.deepcopy(loss_weights))
  if isinstance(loss_weights, BalancedLoss):
    terms.check_balanced(order, None, loss_weights.balancing)
  return loss_weights


def _pointwise(loss) -> pointwise.PointwiseLoss:
  """A Keras loss as `losses.terms` takes it: a weight is one per example."""
  per_example = losses_lib.per_example(loss)
  def compare(target, prediction, weight=None):
    found = per_example(target, prediction)  # [N]
    return found if weight is None else found * weight[:, 0]
  return compare


def _to_config(balancing: losses.Balancing) -> Dict[str, Any]:
  try:
    config = balancing.get_config()
  except NotImplementedError as error:
    raise errors.UserError(
        f"The balancing {type(balancing).__name__} has no get_config, by which "
        "a model is saved and copied: let it return the arguments of __init__ "
        "in a dictionary.") from error
  arguments = {
      name: {"balancing": _to_config(value)} if isinstance(
          value, losses.Balancing) else
      keras.saving.serialize_keras_object(value)
      for name, value in config.items()}
  return {"kind": keras.saving.get_registered_name(type(balancing)),
          "arguments": arguments}


def _from_config(config: Dict[str, Any]) -> losses.Balancing:
  kind = keras.saving.get_registered_object(config["kind"])
  if kind is None:
    raise errors.UserError(
        f"The model was saved with a balancing of the class "
        f"'{config['kind']}', which is not known: register it with "
        "keras.saving.register_keras_serializable before loading.")
  return kind(**{
      name: _from_config(value["balancing"])
      if isinstance(value, dict) and "balancing" in value else
      keras.saving.deserialize_keras_object(value)
      for name, value in config["arguments"].items()})
