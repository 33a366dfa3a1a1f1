"""From predicted and target derivatives to per-example terms to one number.

The part of Eq. 1 (Section 2, https://arxiv.org/abs/1706.04859) that the exact
and the stochastic loss share: they differ only in which derivatives they
compare.
"""

import math
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.derivatives import shapes
from sobolev_tf.losses import balancing as balancing_lib
from sobolev_tf.losses import pointwise

Weights = Union[Sequence[float], balancing_lib.Balancing, None]


class SobolevTerms(NamedTuple):
  """The terms of Eq. 1, per example and per order.

  Attributes:
    orders: K + 1 tensors `[*batch]`: l(m, f), l_1(D m, D f), ... weighted per
      example and per entry but not yet by the weight of the order.
    weights: the K + 1 weights of the orders, numbers; a balancing's may be
      tensors, one for each of `means`.
    channels: K + 1 tensors `[*batch, P_j]`, of which `orders` are the sums, if
      a balancing weighs every entry by itself.
    balanced: the loss, if it is a balancing's.
  """
  orders: Tuple[tf.Tensor, ...]
  weights: Tuple[Any, ...]
  channels: Optional[Tuple[tf.Tensor, ...]] = None
  balanced: Optional[tf.Tensor] = None

  @property
  def value(self) -> tf.Tensor:
    """The term of the value, l(m, f), `[*batch]`."""
    return self.orders[0]

  @property
  def first(self) -> tf.Tensor:
    """The term of the first derivative, l_1, `[*batch]`."""
    return self.orders[1]

  @property
  def second(self) -> tf.Tensor:
    """The term of the second derivative, l_2, `[*batch]`."""
    return self.orders[2]

  @property
  def total(self) -> tf.Tensor:
    """The weighted sum over the orders, `[*batch]`.

    A balancing's weights pass back no gradient; the mean of the sum has the
    gradient of `reduce()`.
    """
    # Tensors are a balancing's, or numbers that came out of a tf.function.
    weights = [
        tf.cast(weight, term.dtype) if tf.is_tensor(weight) else weight
        for weight, term in zip(self.weights, self.orders)]
    if self.channels is None:
      return balancing_lib.weighted_sum(
          [weight[..., tf.newaxis] if tf.is_tensor(weight) else weight
           for weight in weights], self.orders)
    return tf.add_n([
        tf.reduce_sum(weight[..., tf.newaxis, :] * channels, -1)
        for weight, channels in zip(weights, self.channels)])

  @property
  def means(self) -> Tuple[tf.Tensor, ...]:
    """Means over the examples, before the weights of the orders.

    Returns:
      K + 1 scalars, `[E]` for an ensemble; those of `channels`, with one more
      axis `[P_j]`, if there are any.
    """
    if self.channels is None:
      return tuple(_mean(term, -1) for term in self.orders)
    return tuple(_mean(channels, -2) for channels in self.channels)

  def reduce(self) -> tf.Tensor:
    """The loss: the mean of `total` over the examples (Section 4.1's 1/N).

    It divides by the number of examples, whatever their weights. A balancing
    may make something else of the means (`Balancing.objective`).

    Returns:
      A scalar; for an ensemble `[E, B]`, one number per member `[E]`.
    """
    return _mean(self.total, -1) if self.balanced is None else self.balanced


def _mean(terms: tf.Tensor, axis: int) -> tf.Tensor:
  """The only place where examples are reduced."""
  mean = tf.reduce_mean(terms, axis)
  if terms.shape[axis]:
    return mean
  # A mean over no examples, as a replica may have them, is 0 and not NaN.
  return tf.where(tf.shape(terms)[axis] > 0, mean, tf.zeros_like(mean))


class Orders(NamedTuple):
  """What a Sobolev loss does at each order: checked settings.

  Attributes:
    losses: K + 1 loss functions (see `pointwise`).
    weights: K + 1 weights, not negative; ones beside a balancing.
    balancing: what weighs the orders instead, or None.
  """
  losses: Tuple[pointwise.PointwiseLoss, ...]
  weights: Tuple[float, ...]
  balancing: Optional[balancing_lib.Balancing] = None


def check_orders(
    order: int, losses: Optional[Sequence[pointwise.PointwiseLoss]],
    weights: Optional[Sequence[float]]) -> Orders:
  """Checks the settings of a loss and fills in Section 4.1's.

  Args:
    order: K, at least 1.
    losses: K + 1 functions, or None for squared errors.
    weights: K + 1 numbers, not negative and not all 0, or None for ones.

  Returns:
    The settings of each order.

  Raises:
    UserError: naming the argument that is wrong.
  """
  if isinstance(order, bool) or not isinstance(order, int) or order < 1:
    raise errors.UserError(
        f"order must be an integer >= 1, got {order!r}: order 0 is ordinary "
        "training, for which any regression loss will do.")
  if losses is None:
    losses = [pointwise.squared_error] * (order + 1)
  if not isinstance(losses, (list, tuple)) or not all(map(callable, losses)):
    raise errors.UserError(
        "losses must be a list of functions such as sobolev_tf.losses.norm, "
        f"got {losses!r}.")
  losses = tuple(losses)
  if len(losses) != order + 1:
    raise errors.UserError(
        f"losses needs {order + 1} entries for order {order} (the value's "
        f"and one per derivative), got {len(losses)}.")
  return Orders(losses, balancing_lib.check_weights(weights, order))


def check_balanced(
    order: int, losses: Optional[Sequence[pointwise.PointwiseLoss]],
    weights: Weights) -> Orders:
  """As `check_orders`, with a balancing in place of weights as well."""
  if not isinstance(weights, balancing_lib.Balancing):
    return check_orders(order, losses, weights)
  orders = check_orders(order, losses, None)
  if weights.order != order:
    raise errors.UserError(
        f"weights are balanced for order {weights.order}, but the loss is of "
        f"order {order}.")
  return orders._replace(balancing=weights)


def compare(
    targets: Sequence[tf.Tensor], predictions: Sequence[tf.Tensor],
    orders: Orders, *, batch_dims: int = 1,
    sample_weight: Optional[tf.Tensor] = None,
    entry_weights: Optional[Sequence[Optional[tf.Tensor]]] = None,
) -> SobolevTerms:
  """The per-example terms between target and predicted derivatives.

  A target under a weight of 0 may be anything, NaN included: it and the
  prediction beside it are replaced by 0 before they meet, so that loss and
  gradient get exactly 0 from it.

  Args:
    targets: K + 1 tensors `[*batch, ...]`, of the predictions' shapes.
    predictions: K + 1 tensors `[*batch, ...]`.
    orders: what to do at each order.
    batch_dims: number of leading batch axes.
    sample_weight: `[*batch]`, multiplies every term of an example.
    entry_weights: K + 1 tensors that broadcast to the targets' shapes (None
      for ones), for instance 0 where a partial derivative is missing.

  Returns:
    The terms.

  Raises:
    UserError: if numbers or shapes do not fit.
  """
  count = len(orders.losses)
  if entry_weights is None:
    entry_weights = [None] * count
  for name, given in (("targets", targets), ("entry_weights", entry_weights)):
    given = check_sequence(name, given)
    if len(given) != count:
      raise errors.UserError(
          f"{name} needs {count} entries (the value's and one per "
          f"derivative), got {len(given)}.")
  balancing = orders.balancing
  terms: List[tf.Tensor] = []
  by_channel: List[tf.Tensor] = []
  for j, (target, prediction, weight) in enumerate(
      zip(targets, predictions, entry_weights)):
    target = _check_target(target, prediction, j)
    batch = tf.shape(prediction)[:batch_dims]
    flat = [-1, math.prod(prediction.shape[batch_dims:])]
    if weight is not None:
      weight = _check_weight(weight, prediction, f"entry_weights[{j}]")
      _check_broadcast(weight, prediction, f"entry_weights[{j}]")
      weight = tf.broadcast_to(weight, tf.shape(prediction))
      target, prediction = _hide_unused(weight, target, prediction)
      weight = tf.reshape(weight, flat)
    if sample_weight is not None:
      sample_weight = _check_weight(sample_weight, prediction, "sample_weight")
      target, prediction = _hide_unused(
          _per_example(sample_weight, prediction, batch_dims), target,
          prediction)
    scale = balancing.scale(j, prediction.dtype) if balancing else None
    if scale is not None:
      _check_broadcast(scale, prediction, f"scales[{j}]")
      target, prediction = target / scale, prediction / scale
    compared = (
        tf.reshape(target, flat), tf.reshape(prediction, flat), weight)
    if balancing and balancing.by_channel:
      channels = tf.reshape(_by_channel(orders.losses[j], *compared),
                            tf.concat([batch, flat[1:]], 0))
      if sample_weight is not None:
        channels *= sample_weight[..., tf.newaxis]
      by_channel.append(channels)
      term = tf.reduce_sum(channels, -1)
    else:
      term = tf.reshape(orders.losses[j](*compared), batch)
      if sample_weight is not None:
        term *= sample_weight
    if orders.weights[j] and tf.executing_eagerly():
      _check_numbers(term, target, prediction, j)
    terms.append(term)
  found = SobolevTerms(
      tuple(terms), orders.weights, tuple(by_channel) if by_channel else None)
  if balancing is None:
    return found
  return found._replace(weights=balancing.weights(found.means),
                        balanced=balancing.objective(found.means))


def _by_channel(loss: pointwise.PointwiseLoss, target: tf.Tensor,
                prediction: tf.Tensor, weight: Optional[tf.Tensor]
                ) -> tf.Tensor:
  """The loss of every entry by itself, `[N, P]`."""
  alone = [None if t is None else tf.reshape(t, [-1, 1])
           for t in (target, prediction, weight)]  # [N * P, 1]
  return tf.reshape(loss(*alone), tf.shape(target))


def _check_numbers(term: tf.Tensor, target: tf.Tensor, prediction: tf.Tensor,
                   order: int) -> None:
  """Names the first example whose term is NaN; for eager use."""
  bad = np.isnan(term)  # [*batch]
  if not bad.any():
    return
  example = tuple(map(int, np.argwhere(bad)[0]))
  what = f"derivative of order {order}" if order else "value"
  place = ", ".join(map(str, example))
  if np.isnan(target.numpy()[example]).any():
    raise errors.UserError(
        f"The target {what} of example {place} is NaN: give it the weight 0 "
        "if it is missing.")
  if np.isnan(prediction.numpy()[example]).any():
    raise errors.UserError(
        f"The model's {what} at example {place} is NaN: look for a norm, root, "
        "power or quotient of something that is 0 there (sobolev_tf.ops has a "
        "norm and a power whose derivatives at 0 are finite), or for weights "
        "that diverged.")
  raise errors.UserError(
      f"The loss of the {what} of example {place} is NaN: target and model are "
      "both infinite there.")


def check_sequence(name: str, given: Sequence) -> Sequence:
  """Returns an argument; a `UserError` unless it has entries to count."""
  try:
    len(given)
  except TypeError as error:
    raise errors.UserError(
        f"{name} must have one entry per order of derivative, got "
        f"{type(given).__name__}.") from error
  return given


def _check_target(target, prediction: tf.Tensor, order: int) -> tf.Tensor:
  what = "value" if order == 0 else f"derivative of order {order}"
  target = tf.stop_gradient(shapes.to_tensor(
      target, f"The target {what}", prediction.dtype))
  if target.dtype != prediction.dtype:
    raise errors.UserError(
        f"The target {what} is {target.dtype.name}, the model's "
        f"{prediction.dtype.name}: cast one of them.")
  if not (target.shape.rank == prediction.shape.rank and
          target.shape.is_compatible_with(prediction.shape)):
    raise errors.UserError(
        f"The target {what} has the shape {target.shape}, the model's has "
        f"{prediction.shape}: they must be equal.")
  if not prediction.shape.is_fully_defined():
    shape = tf.shape(prediction)
    tf.debugging.assert_equal(
        tf.shape(target), shape, f"The target {what} has another shape.")
    target = tf.reshape(target, shape)
  return target


def _check_weight(weight, prediction: tf.Tensor, name: str) -> tf.Tensor:
  weight = tf.cast(shapes.to_tensor(weight, name), prediction.dtype)
  static = tf.get_static_value(weight)
  if static is not None and not (
      (static >= 0) & (static < math.inf)).all():
    raise errors.UserError(f"{name} must be >= 0 and finite everywhere.")
  return weight


def _check_broadcast(given: tf.Tensor, like: tf.Tensor, name: str) -> None:
  if given.shape.rank not in (0, like.shape.rank) or any(
      g not in (None, 1) and n is not None and g != n
      for g, n in zip(given.shape, like.shape)):
    raise errors.UserError(
        f"{name} has the shape {given.shape}, which does not broadcast to "
        f"{like.shape}.")


def _hide_unused(
    weight: tf.Tensor, *tensors: tf.Tensor) -> Tuple[tf.Tensor, ...]:
  """Puts 0 wherever the weight is 0."""
  return tuple(
      tf.where(weight > 0, tensor, tf.zeros_like(tensor))
      for tensor in tensors)


def _per_example(weight: tf.Tensor, prediction: tf.Tensor,
                 batch_dims: int) -> tf.Tensor:
  """Adds axes to `[*batch]` so that it broadcasts over the entries."""
  if weight.shape.rank != batch_dims or not weight.shape.is_compatible_with(
      prediction.shape[:batch_dims]):
    raise errors.UserError(
        f"sample_weight has the shape {weight.shape}: it needs one number per "
        "example.")
  extra = prediction.shape.rank - batch_dims
  return tf.reshape(weight, tf.concat([tf.shape(weight), [1] * extra], 0))
