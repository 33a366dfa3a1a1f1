"""What Keras users give per order of derivative, by the orders' names."""

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import keras

from sobolev_tf import errors

_NAMES = ("value", "first", "second", "third")


def order_names(order: int) -> Tuple[str, ...]:
  """What losses, metrics and weights of the orders 0 to K are called."""
  return tuple(
      _NAMES[j] if j < len(_NAMES) else f"order_{j}" for j in range(order + 1))


def in_order(what: str, given, order: int) -> Sequence:
  """One entry per order.

  Args:
    what: the argument's name, for messages.
    given: a sequence, or a dictionary by the orders' names.
    order: the highest order K.

  Returns:
    K + 1 entries.

  Raises:
    UserError: if there are more or fewer, or others.
  """
  names = order_names(order)
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


def by_name(what: str, given, order: int) -> Optional[Dict[str, Any]]:
  """As `in_order`, in a dictionary; None stays None."""
  if given is None:
    return None
  return dict(zip(order_names(order), in_order(what, given, order)))


def sample_weights(given, order: int) -> Optional[Dict[str, Any]]:
  """Weights `[B]` by name; one `[B]` alone is for all orders.

  Raises:
    UserError: if there is more than one weight per example.
  """
  if given is not None and not isinstance(given, (list, tuple, Mapping)):
    given = [given] * (order + 1)
  weights = by_name("sample_weight", given, order)
  for weight in (weights or {}).values():
    if weight is not None and tuple(weight.shape[1:]) not in ((), (1,)):
      raise errors.UserError(
          "sample_weight has one weight per example, for all orders or for "
          f"each of them, got the shape {weight.shape}: to leave out single "
          "partial derivatives, set them to NaN.")
  return weights


def metrics(what: str, given, order: int) -> Optional[Dict[str, List]]:
  """Metrics by name; one metric, or a list of them, is for all orders."""
  if isinstance(given, (str, keras.metrics.Metric)) or callable(given):
    given = [given]
  if given is not None and not isinstance(given, Mapping) and not any(
      isinstance(entry, (list, tuple)) for entry in given):
    given = [list(map(_copy, given)) for _ in range(order + 1)]
  return by_name(what, given, order)


def _copy(metric):
  """A metric of its own for every order."""
  if isinstance(metric, keras.metrics.Metric):
    return metric.__class__.from_config(metric.get_config())
  return metric
