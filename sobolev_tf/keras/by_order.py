"""What Keras users give per order of derivative, by the orders' names."""

import numbers
from typing import (
  Any,
  Dict,
  List,
  Mapping,
  NamedTuple,
  Optional,
  Sequence,
  Tuple,
)

import keras

from sobolev_tf import errors
from sobolev_tf.keras import balanced, losses
from sobolev_tf.keras import weighted as weighted_lib

_NAMES = ("value", "first", "second", "third")


def order_names(order: int) -> Tuple[str, ...]:
  """What losses, metrics and weights of the orders 0 to K are called."""
  return tuple(
      _NAMES[j] if j < len(_NAMES) else f"order_{j}" for j in range(order + 1))


def in_order(what: str, given, names: Sequence[str]) -> Sequence:
  """One entry per order.

  Args:
    what: the argument's name, for messages.
    given: a sequence, or a dictionary by the orders' names.
    names: `order_names`, or of other things that are compared.

  Returns:
    As many entries as names.

  Raises:
    UserError: if there are more or fewer, or others.
  """
  if isinstance(given, Mapping):
    if set(given) != set(names):
      raise errors.UserError(
          f"{what} needs the entries {', '.join(names)}, got "
          f"{', '.join(map(str, given))}.")
    return [given[name] for name in names]
  if not isinstance(given, (list, tuple)) or len(given) != len(names):
    count = len(given) if isinstance(given, (list, tuple)) else "no sequence"
    raise errors.UserError(
        f"{what} needs {len(names)} entries ({', '.join(names)}), got "
        f"{count}.")
  return given


def by_name(what: str, given, names: Sequence[str]
            ) -> Optional[Dict[str, Any]]:
  """As `in_order`, in a dictionary; None stays None."""
  if given is None:
    return None
  return dict(zip(names, in_order(what, given, names)))


class Plan(NamedTuple):
  """What `compile` was told, by the orders' names.

  Attributes:
    supervised: whether an order is trained on.
    loss: None where it is not.
    loss_weights: numbers, or None.
    metrics: lists, or None.
    weighted_metrics: lists, or None.
    balancing: takes the place of `loss` and `loss_weights`, or None.
  """
  supervised: Tuple[bool, ...]
  loss: Optional[Dict[str, Any]]
  loss_weights: Optional[Dict[str, float]]
  metrics: Optional[Dict[str, List]]
  weighted_metrics: Optional[Dict[str, List]]
  balancing: Optional[balanced.BalancedLoss] = None


def plan(names: Sequence[str], loss, loss_weights, metrics_, weighted_metrics
         ) -> Plan:
  """Sorts what `compile` takes by orders.

  Args:
    names: of the orders.
    loss: one for all orders, or one per order, None for none.
    loss_weights: one number per order; None for ones; or a `BalancedLoss`.
    metrics_: as `metrics` takes them.
    weighted_metrics: like `metrics_`.

  Returns:
    The plan. A loss of weight 0 is among the weighted metrics; so is one that
    is alone, which Keras does not log by its name, and all that are balanced.

  Raises:
    UserError: if the number of entries is not that of the orders, no order is
      trained on, or one has no loss to balance.
  """
  if isinstance(loss, (str, keras.losses.Loss)) or callable(loss):
    loss = dict.fromkeys(names, loss)
  given = by_name("loss", loss, names) or {}
  for one in given.values():
    _check_known("loss", keras.losses.get, one, ("crossentropy", "ce"))
  balancing = None
  if isinstance(loss_weights, balanced.BalancedLoss):
    balancing, loss_weights = loss_weights, None
    balancing.losses = given
    if None in given.values():
      raise errors.UserError(
          "A balancing weighs all orders against each other, but one has the "
          "loss None: give each a loss, or loss_weights as numbers.")
  weights = by_name("loss_weights", loss_weights, names)
  for weight in (weights or {}).values():
    if not isinstance(weight, numbers.Real):
      raise errors.UserError(
          f"loss_weights must be numbers, got {weight!r} among them.")
  used = {name: loss for name, loss in given.items()
          if loss is not None and (weights is None or weights[name] != 0)}
  if not used:
    raise errors.UserError(
        "Every order has the loss None or the weight 0: nothing is trained.")
  weighted = _each(
      weighted_lib.wrap, metrics("weighted_metrics", weighted_metrics, names))
  monitored = {name: [losses.MonitoredLoss(loss)]
               for name, loss in given.items()
               if loss is not None and (
                   balancing or name not in used or len(used) == 1)}
  if monitored:
    weighted = {name: [*_as_list((weighted or {}).get(name)),
                       *monitored.get(name, [])] for name in names}
  return Plan(tuple(name in used for name in names),
              None if balancing else {name: used.get(name) for name in names},
              weights, metrics("metrics", metrics_, names), weighted,
              balancing)


def targets(given, names: Sequence[str], supervised: Sequence[bool]) -> List:
  """Target values and derivatives; what is not trained on may be left out.

  Args:
    given: a sequence or a dictionary by the orders' names; the values alone if
      no derivative is trained on.
    names: of the orders.
    supervised: whether each order is trained on.

  Returns:
    An entry per order, None where there is no target.

  Raises:
    UserError: if a target that is needed is missing, or there are others.
  """
  needed = [name for name, is_on in zip(names, supervised) if is_on]
  if not isinstance(given, (list, tuple, Mapping)) and needed == ["value"]:
    given = [given]
  if isinstance(given, Mapping):
    entries = {name: given.get(name) for name in names}
    fits = set(given) <= set(names)
  else:
    fits = isinstance(given, (list, tuple)) and len(given) <= len(names)
    entries = dict.fromkeys(names)
    entries.update(zip(names, given if fits else ()))
  if not fits or any(entries[name] is None for name in needed):
    in_order("targets", given, names)  # raises unless a needed one is None
    raise errors.UserError(
        f"targets needs the entries {', '.join(needed)}, which are trained "
        "on: give each of them, or compile with the weight 0 for its order.")
  return list(entries.values())


def sample_weights(given, names: Sequence[str]) -> Optional[Dict[str, Any]]:
  """Weights `[B]` by name; one `[B]` alone is for all orders.

  Raises:
    UserError: if there is more than one weight per example.
  """
  if given is not None and not isinstance(given, (list, tuple, Mapping)):
    given = [given] * len(names)
  weights = by_name("sample_weight", given, names)
  for weight in (weights or {}).values():
    if weight is not None and tuple(weight.shape[1:]) not in ((), (1,)):
      raise errors.UserError(
          "sample_weight has one weight per example, for all orders or for "
          f"each of them, got the shape {weight.shape}: to leave out single "
          "partial derivatives, set them to NaN.")
  return weights


def metrics(what: str, given, names: Sequence[str]
            ) -> Optional[Dict[str, List]]:
  """Metrics by name; one metric, or a list of them, is for all orders."""
  if given is not None and not isinstance(given, (list, tuple, Mapping)):
    given = [given]
  for one in keras.tree.flatten(given):
    _check_known(what, keras.metrics.get, one,
                 weighted_lib.CHOSEN_LATER)
  if given is not None and not isinstance(given, Mapping) and not any(
      isinstance(entry, (list, tuple)) for entry in given):
    given = [list(map(_copy, given)) for _ in names]
  return by_name(what, given, names)


def _check_known(what: str, get, given, also: Sequence[str] = ()) -> None:
  """Raises `UserError` for what is no loss or metric of Keras's.

  Args:
    what: the argument's name.
    get: `keras.losses.get`, say.
    given: an identifier.
    also: names that Keras knows elsewhere.
  """
  if str(given).lower() in also:
    return
  try:
    get(given)
  except (TypeError, ValueError) as error:
    raise errors.UserError(
        f"{what} has {given!r}, which is none of Keras's names for one: give a "
        "name such as 'mae', an object or a function.") from error


def _each(wrap, by_order: Optional[Dict[str, Any]]):
  """Every metric, wrapped."""
  if by_order is None:
    return None
  return {name: [wrap(metric) for metric in _as_list(given)]
          for name, given in by_order.items()}


def _as_list(given) -> List:
  """The metrics of one order."""
  if given is None:
    return []
  return list(given) if isinstance(given, (list, tuple)) else [given]


def _copy(metric):
  """A metric of its own for every order."""
  if isinstance(metric, keras.metrics.Metric):
    return metric.__class__.from_config(metric.get_config())
  return metric
