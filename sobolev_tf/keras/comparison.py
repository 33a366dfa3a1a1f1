"""Targets and predictions in the form in which Keras compares them.

Keras's losses are means over the last axis and weigh what is left by example,
so every loss and metric gets one vector per example and order, `[B, P]`.
"""

import math
from typing import Dict, Sequence, Tuple

import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.keras import tensors

Named = Dict[str, tf.Tensor]


def by_name(names: Sequence[str], targets: Sequence, predictions: Sequence,
            x) -> Tuple[Named, Named]:
  """Pairs of vectors per example, 0 beside 0 where the target is missing.

  Args:
    names: of the orders.
    targets: tensors, NaN where missing, or None.
    predictions: as `derivatives.value_and_derivatives`, or None.
    x: points `[B, *event]`, or several inputs in a structure.

  Returns:
    Targets and predictions `[B, P]` by name; both are NaN where one is None.

  Raises:
    UserError: naming a target whose shape is not that of the prediction.
  """
  pairs = {}
  for name, target, prediction in zip(names, targets, predictions):
    if target is None or prediction is None:
      like = a_float(x)
      nothing = tf.fill(
          [tf.shape(like)[0], 1], tf.constant(math.nan, like.dtype))
      pairs[name] = nothing, nothing
      continue
    target = _alike(name, target, prediction)
    size = math.prod(prediction.shape[1:])
    target, prediction = (
        tf.reshape(t, [-1, size]) for t in (target, prediction))
    pairs[name] = hide(tf.math.is_nan(target), target, prediction)
  return _unzipped(pairs)


def _alike(name: str, target: tf.Tensor, prediction: tf.Tensor) -> tf.Tensor:
  """A target of the prediction's shape; `[B]` and `[B, 1]` are alike."""
  given, its = target.shape[1:], prediction.shape[1:]
  if all(shape.rank in (0, 1) and shape.num_elements() == 1
         for shape in (given, its)):
    return target
  if not its.is_fully_defined() or not given.is_compatible_with(its):
    raise errors.UserError(
        f"The target '{name}' has the shape {target.shape}, the model's "
        f"{prediction.shape}.")
  if given.is_fully_defined():
    return target
  return tf.ensure_shape(target, target.shape[:1].concatenate(its))


def a_float(x) -> tf.Tensor:
  """The first input `[B, *event]` of a floating-point type."""
  return next(part for part in tf.nest.flatten(x) if part.dtype.is_floating)


def without_weightless(targets: Named, predictions: Named, weights
                       ) -> Tuple[Named, Named]:
  """0 beside 0 for the examples whose weight is 0.

  Args:
    targets: `[B, P]` by name.
    predictions: `[B, P]` by name.
    weights: `[B]` or `[B, 1]` by name, or None.

  Returns:
    Targets and predictions.
  """
  pairs = {}
  for name, target in targets.items():
    weight = (weights or {}).get(name)
    pairs[name] = target, predictions[name]
    if weight is not None:
      weight = tensors.check_batch(weight, target)
      pairs[name] = hide(
          tf.reshape(weight, [-1, 1]) == 0, target, predictions[name])
  return _unzipped(pairs)


def _unzipped(pairs: Dict[str, Tuple]) -> Tuple[Named, Named]:
  return ({name: target for name, (target, _) in pairs.items()},
          {name: prediction for name, (_, prediction) in pairs.items()})


def hide(where: tf.Tensor, target: tf.Tensor, prediction: tf.Tensor):
  """Puts 0 for both; no gradient flows into the target.

  Args:
    where: Booleans that broadcast to the others.
    target: `[B, P]`.
    prediction: `[B, P]`.

  Returns:
    Target and prediction.
  """
  zero = tf.zeros([], target.dtype)
  return (tf.stop_gradient(tf.where(where, zero, target)),
          tf.where(where, zero, prediction))
