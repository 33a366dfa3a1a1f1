"""Examples that do not count reach neither the loss nor its gradient.

Hiding a prediction behind `tf.where` is not enough: what flows back to it is
0, but on the way to the weights it meets the model's own derivatives, and
0 * NaN is NaN. So the model is differentiated at another point instead: one of
the batch's examples that count takes the place of those that do not.

This acts on examples. Entries of one derivative share the way back: where the
model's derivative is NaN in an entry that does not count while others of the
same example and order do, give the whole example the weight 0 at that order.
"""

from typing import Any, Callable, List, Optional, Sequence, Tuple

import tensorflow as tf

from sobolev_tf.derivatives import shapes
from sobolev_tf.losses import arguments

Predictions = Tuple[Any, ...]
At = Callable[[Any, int], Predictions]


def counting(x: tf.Tensor, order: int, batch_dims: int = 1,
             sample_weight: Optional[tf.Tensor] = None,
             entry_weights: Optional[Sequence[Optional[tf.Tensor]]] = None
             ) -> List[Optional[tf.Tensor]]:
  """Which examples count at each order.

  Args:
    x: points `[*batch, *event]`.
    order: K.
    batch_dims: number of leading batch axes.
    sample_weight: `[*batch]`, or None.
    entry_weights: K + 1 tensors that broadcast to the derivatives, or None.

  Returns:
    K + 1 masks that broadcast to `[*batch]`, None where all examples count.
    (A weight of a wrong shape masks nothing: `terms.compare` names it.)

  Raises:
    UserError: if a weight is not an array of numbers.
  """
  batch = x.shape[:batch_dims]
  whole = _positive(sample_weight, "sample_weight", batch)
  masks = []
  if entry_weights is None:
    entry_weights = [None] * (order + 1)
  for j, weight in enumerate(
      arguments.check_sequence("entry_weights", entry_weights)):
    mask = _positive(weight, f"entry_weights[{j}]", batch)
    if mask is None or whole is None:
      masks.append(whole if mask is None else mask)
    else:
      masks.append(mask & whole)
  return masks


def _positive(weight, name: str, batch: tf.TensorShape
              ) -> Optional[tf.Tensor]:
  if weight is None:
    return None
  weight = shapes.to_tensor(weight, name)
  mask = weight if weight.dtype == tf.bool else weight > 0
  mask = tf.reduce_any(mask, list(range(batch.rank, mask.shape.rank)))
  fits = mask.shape.rank in (0, batch.rank) and all(
      m in (None, 1) or b in (None, m) for m, b in zip(mask.shape, batch))
  return mask if fits else None


def predictions(at: At, x: Any, masks: Sequence[Optional[tf.Tensor]],
                batch_dims: int = 1) -> Predictions:
  """The model's value and derivatives where they count.

  An example that counts at order j but not at a higher one is evaluated once
  more for the orders up to j, in batches that have such an example.

  Args:
    at: the model's value and derivatives, given points and the highest order.
    x: points `[*batch, *event]`, or a structure of such tensors: the inputs of
      a model that has several.
    masks: K + 1 masks that broadcast to `[*batch]`, None where all examples
      count.
    batch_dims: number of leading batch axes.

  Returns:
    K + 1 predictions, or structures of them. Those of examples that do not
    count are the model's at an example that does; if there is none, near the
    mean of the batch.
  """
  batch = tf.shape(tf.nest.flatten(x)[0])[:batch_dims]
  given: Optional[tf.Tensor] = None  # what `above` was made of
  above: Optional[tf.Tensor] = None  # the examples that are evaluated
  found: List[Any] = []
  for j in reversed(range(len(masks))):
    mask = masks[j]
    if found and (above is None or mask is given):
      continue  # all that count at this order count above
    given = mask
    if mask is not None:
      mask = tf.broadcast_to(mask, batch)
      mask = mask | above if found else mask
    if not found:
      found = list(_replaced(at, x, mask, j, batch_dims))
    else:
      found[:j + 1] = _again(at, x, mask, above, found[:j + 1], batch_dims)
    above = mask
  return tuple(found)


def _again(at: At, x: Any, mask: Optional[tf.Tensor], above: tf.Tensor,
           found: List[Any], batch_dims: int) -> Sequence[Any]:
  """The orders below, anew if an example of `mask` is not in `above`."""
  missed = ~above if mask is None else mask & ~above
  def compute():
    return list(_replaced(at, x, mask, len(found) - 1, batch_dims))
  return unless(tf.reduce_any(missed), compute, lambda: found)


def unless(needed: tf.Tensor, compute: Callable[[], Any],
           shortcut: Callable[[], Any]) -> Any:
  """What is right for every batch, or a shortcut for batches that allow it.

  Several replicas never take the shortcut: in a branch they could not wait for
  each other, as for batch statistics.

  Args:
    needed: whether the shortcut will not do, a Boolean scalar.
    compute: returns tensors.
    shortcut: returns tensors like those.

  Returns:
    What one of them returns.
  """
  if tf.distribute.get_strategy().num_replicas_in_sync > 1:
    return compute()
  return tf.cond(needed, compute, shortcut)


def _replaced(at: At, x: Any, mask: Optional[tf.Tensor], order: int,
              batch_dims: int) -> Predictions:
  if mask is None:
    return at(x, order)
  return at(tf.nest.map_structure(
      lambda part: _with_safe_rows(part, mask, batch_dims), x), order)


def _with_safe_rows(x: tf.Tensor, mask: tf.Tensor,
                    batch_dims: int) -> tf.Tensor:
  """x with an example that counts in place of those that do not."""
  event = tf.shape(x)[batch_dims:]
  rows = tf.reshape(x, tf.concat([[-1], event], 0))  # [N, *event]
  flat = tf.reshape(mask, [-1])
  # One more that does not count, for batches without examples.
  first = tf.argmax(tf.pad(tf.cast(flat, tf.int32), [[0, 1]]))
  axes = tf.ones([x.shape.rank - batch_dims], tf.int32)
  mask = tf.reshape(mask, tf.concat([tf.shape(mask), axes], 0))
  if x.dtype.is_floating:
    mean = tf.reduce_mean(rows, 0)
    some = tf.concat([rows, mean[tf.newaxis]], 0)[first]
    safe = tf.where(tf.reduce_any(flat), some, mean + (mean + 1) / 128)
  else:  # kinds of things, say, of which there is no mean
    one = tf.zeros(tf.concat([[1], event], 0), x.dtype)
    safe = tf.concat([rows, one], 0)[first]
    mask |= ~tf.reduce_any(flat)
  return tf.ensure_shape(tf.where(mask, x, safe), x.shape)
