"""Which examples of a batch are trained on, per order of derivative.

At the others the model is not differentiated: see `losses.masking`.
"""

from typing import Callable, Dict, List, Optional, Sequence

import numpy as np
import tensorflow as tf


def may_be_missing(data, mixed: bool = False) -> bool:
  """Whether examples may be missing, as far as one can see without a pass.

  Args:
    data: (x, targets, sample weights), as `fit` takes them.
    mixed: whether one NaN may make the whole derivative of an example missing,
      as in projections.

  Returns:
    False if there are arrays only, which have a number for each example, and
    no weight is 0; True if there is one, or a data set that is not looked into.
  """
  x, targets, weights = data
  if targets is None:  # a target function's, or those of a data set
    return not _are_arrays(x)
  if not _are_arrays(x, targets, weights):
    return True
  count = np.any if mixed else np.all
  return (any(count(np.isnan(t), axis=tuple(range(1, t.ndim))).any()
              for t in _arrays(targets)) or
          any(not np.all(w) for w in _arrays(weights)))


def _arrays(given) -> List:
  return [np.asarray(a) for a in tf.nest.flatten(given) if a is not None]


def _are_arrays(*given) -> bool:
  return all(a is None or isinstance(a, (np.ndarray, tf.Tensor))
             for a in tf.nest.flatten(given))


def examples(targets: Sequence, weights: Sequence
             ) -> List[Optional[tf.Tensor]]:
  """Which examples of a batch have a target that counts, per order.

  Args:
    targets: tensors `[B, ...]`, or None.
    weights: tensors `[B]` or `[B, 1]`, None for ones; none of them for ones.

  Returns:
    A Boolean `[B]` per order, None where there are no targets.
  """
  found: List[Optional[tf.Tensor]] = []
  for target, weight in zip(targets, weights or [None] * len(targets)):
    if target is None:
      found.append(None)
      continue
    present = tf.reduce_any(
        ~tf.math.is_nan(target), axis=list(range(1, target.shape.rank)))
    if weight is not None:
      present &= tf.reshape(weight, [-1]) != 0
    found.append(present)
  return found


def complete(predictions: Dict[str, tf.Tensor], weights,
             evaluate: Callable[[], Dict[str, tf.Tensor]]
             ) -> Dict[str, tf.Tensor]:
  """Predictions at the examples of weight 0, too, for unweighted metrics.

  Args:
    predictions: `[B, P]` by name, as trained on.
    weights: `[B]` or `[B, 1]` by name, or None.
    evaluate: predictions at all examples.

  Returns:
    Predictions `[B, P]` by name.
  """
  left_out = {
      name: tf.zeros(tf.shape(p)[:1], tf.bool) if weights[name] is None else
      tf.reshape(weights[name], [-1]) == 0 for name, p in predictions.items()}

  def filled():
    found = evaluate()
    return {name: _where(left_out[name], found[name], p)
            if found[name].shape[1] == p.shape[1] else p
            for name, p in predictions.items()}

  return tf.cond(tf.reduce_any(tf.stack(list(left_out.values()))), filled,
                 lambda: predictions)


def _where(rows: tf.Tensor, a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
  """Chooses between examples, rows `[B]`."""
  return tf.where(tf.reshape(rows, [-1] + [1] * (a.shape.rank - 1)), a, b)
