"""From predicted and target derivatives to per-example terms to one number.

The part of Eq. 1 (Section 2, https://arxiv.org/abs/1706.04859) that the exact
and the stochastic loss share: they differ only in which derivatives they
compare.
"""

import math
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.losses import arguments, pointwise
from sobolev_tf.losses import balancing as balancing_lib


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
    weights: balancing_lib.Weights) -> Orders:
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
    given = arguments.check_sequence(name, given)
    if len(given) != count:
      raise errors.UserError(
          f"{name} needs {count} entries (the value's and one per "
          f"derivative), got {len(given)}.")
  balancing = orders.balancing
  terms: List[tf.Tensor] = []
  by_channel: List[tf.Tensor] = []
  for j, (target, prediction, weight) in enumerate(
      zip(targets, predictions, entry_weights)):
    target = arguments.check_target(target, prediction, j)
    batch = tf.shape(prediction)[:batch_dims]
    flat = [-1, math.prod(prediction.shape[batch_dims:])]
    if weight is not None:
      weight = arguments.check_weight(weight, prediction, f"entry_weights[{j}]")
      arguments.check_broadcast(weight, prediction, f"entry_weights[{j}]")
      weight = tf.broadcast_to(weight, tf.shape(prediction))
      target, prediction = _hide_unused(weight, target, prediction)
      weight = tf.reshape(weight, flat)
    if sample_weight is not None:
      sample_weight = arguments.check_weight(
          sample_weight, prediction, "sample_weight")
      target, prediction = _hide_unused(
          arguments.per_example(sample_weight, prediction, batch_dims), target,
          prediction)
    scale = balancing.scale(j, prediction.dtype) if balancing else None
    if scale is not None:
      arguments.check_broadcast(scale, prediction, f"scales[{j}]")
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
      arguments.check_numbers(term, target, prediction, j)
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


def _hide_unused(
    weight: tf.Tensor, *tensors: tf.Tensor) -> Tuple[tf.Tensor, ...]:
  """Puts 0 wherever the weight is 0."""
  return tuple(
      tf.where(weight > 0, tensor, tf.zeros_like(tensor))
      for tensor in tensors)
