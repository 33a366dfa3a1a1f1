"""Checks of the tensors that a Sobolev loss is given."""

import math
import numbers
from typing import Sequence

import numpy as np
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.derivatives import shapes


def check_sequence(name: str, given: Sequence) -> Sequence:
  """Checks that there are entries to count.

  Args:
    name: the argument's.
    given: one entry per order of derivative.

  Returns:
    The argument.

  Raises:
    UserError: if it is no sequence.
  """
  try:
    len(given)
  except TypeError as error:
    raise errors.UserError(
        f"{name} must have one entry per order of derivative, got "
        f"{type(given).__name__}.") from error
  return given


def check_positive(name: str, value: float) -> None:
  """Raises `UserError` unless a value is a positive finite number.

  Args:
    name: the argument's.
    value: the argument.
  """
  if (isinstance(value, bool) or not isinstance(value, numbers.Real) or
      not 0 < value < math.inf):
    raise errors.UserError(
        f"{name} must be a positive finite number, got {value!r}.")


def check_target(target, prediction: tf.Tensor, order: int) -> tf.Tensor:
  """A target that passes back no gradient.

  Args:
    target: `[*batch, ...]`, or what makes a tensor.
    prediction: `[*batch, ...]`, of the shape and type that it must have.
    order: of the derivative.

  Returns:
    `[*batch, ...]`.

  Raises:
    UserError: if shape or type are others.
  """
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


def check_weight(weight, prediction: tf.Tensor, name: str) -> tf.Tensor:
  """A weight of the prediction's type.

  Args:
    weight: a tensor, or what makes one.
    prediction: what it weighs.
    name: the argument's.

  Returns:
    The weight.

  Raises:
    UserError: if it is negative or infinite, as far as is known when a graph
      is made.
  """
  weight = tf.cast(shapes.to_tensor(weight, name), prediction.dtype)
  static = tf.get_static_value(weight)
  if static is not None and not (
      (static >= 0) & (static < math.inf)).all():
    raise errors.UserError(f"{name} must be >= 0 and finite everywhere.")
  return weight


def check_broadcast(given: tf.Tensor, like: tf.Tensor, name: str) -> None:
  """Raises `UserError` unless a tensor broadcasts to another's shape.

  Args:
    given: a scalar, or of as many axes as the other.
    like: the other.
    name: what the user calls the first.
  """
  if given.shape.rank not in (0, like.shape.rank) or any(
      g not in (None, 1) and n is not None and g != n
      for g, n in zip(given.shape, like.shape)):
    raise errors.UserError(
        f"{name} has the shape {given.shape}, which does not broadcast to "
        f"{like.shape}.")


def per_example(weight: tf.Tensor, prediction: tf.Tensor,
                batch_dims: int) -> tf.Tensor:
  """Adds axes to a weight so that it broadcasts over the entries.

  Args:
    weight: `[*batch]`.
    prediction: `[*batch, ...]`.
    batch_dims: number of leading batch axes.

  Returns:
    `[*batch, 1, ...]`.

  Raises:
    UserError: if its shape is another.
  """
  if weight.shape.rank != batch_dims or not weight.shape.is_compatible_with(
      prediction.shape[:batch_dims]):
    raise errors.UserError(
        f"sample_weight has the shape {weight.shape}: it needs one number per "
        "example.")
  extra = prediction.shape.rank - batch_dims
  return tf.reshape(weight, tf.concat([tf.shape(weight), [1] * extra], 0))


def check_numbers(term: tf.Tensor, target: tf.Tensor, prediction: tf.Tensor,
                  order: int) -> None:
  """Raises `UserError` that names the first example whose term is NaN.

  For eager use: in a graph it would cost time.

  Args:
    term: `[*batch]`.
    target: `[*batch, ...]`.
    prediction: `[*batch, ...]`.
    order: of the derivative.
  """
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
