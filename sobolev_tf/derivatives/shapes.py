"""Checks of points, outputs and labels.

The shapes are those of `sobolev_tf.derivatives`; every check raises
`UserError` with the shape that it found and the one that it needs.
"""

import math
from typing import Any, Optional

import numpy as np
import tensorflow as tf

from sobolev_tf import errors


def to_tensor(value: Any, name: str,
              dtype_hint: Optional[tf.DType] = None) -> tf.Tensor:
  """Turns what a user gave into a tensor.

  Args:
    value: a tensor, an array or nested lists of numbers.
    name: what it is, for the message.
    dtype_hint: its type, where the value does not decide that.

  Returns:
    The tensor.

  Raises:
    UserError: if it is `None`, ragged or not made of numbers.
  """
  try:
    tensor = tf.convert_to_tensor(value, dtype_hint=dtype_hint)
  except (TypeError, ValueError) as error:
    raise errors.UserError(
        f"{name} is not an array of numbers but of the type "
        f"{type(value).__name__}: give a tensor, an array or lists of equal "
        "lengths.") from error
  if tensor.dtype == tf.string:
    raise errors.UserError(f"{name} is text: give numbers.")
  return tensor


def name_of(function) -> str:
  """What a user calls a function or module, for messages."""
  return str(getattr(function, "name", None) or getattr(
      function, "__name__", type(function).__name__))


def independent_error(function) -> errors.UserError:
  """The error for a model whose output does not depend on its input."""
  return errors.UserError(
      f"The output of '{name_of(function)}' does not depend on its input in a "
      "differentiable way, so it has no derivative to train: check that the "
      "model uses its argument and does not stop gradients.")


def check_output(y, x: tf.Tensor, batch_dims: int) -> tf.Tensor:
  """Checks that a function kept the batch axes of its input.

  Args:
    y: what the function returned.
    x: what it was given, `[*batch, *event]`.
    batch_dims: number of leading batch axes.

  Returns:
    `y` as a tensor `[*batch, *out]`.

  Raises:
    UserError: if it did not.
  """
  y = to_tensor(y, "What the function returned")
  if (y.shape.rank is None or y.shape.rank < batch_dims or
      not y.shape[:batch_dims].is_compatible_with(x.shape[:batch_dims])):
    raise errors.UserError(
        f"The function returned the shape {y.shape} for points of shape "
        f"{x.shape}: the first {batch_dims} axes must be the same.")
  if y.dtype != x.dtype:
    raise errors.UserError(
        f"The function returned {y.dtype.name} for points of "
        f"{x.dtype.name}: use one floating-point type for both.")
  return y


def check_points(x, batch_dims: int) -> tf.Tensor:
  """Checks points `[*batch, *event]` and returns them as a tensor."""
  if type(batch_dims) is not int or batch_dims < 1:
    raise errors.UserError(
        f"batch_dims must be an integer >= 1, got {batch_dims!r}.")
  x = to_tensor(x, "x")
  if not x.dtype.is_floating:
    raise errors.UserError(
        f"x is of type {x.dtype.name}: derivatives need floating-point "
        "points, so cast it first.")
  if x.shape.rank is None or x.shape.rank < batch_dims:
    raise errors.UserError(
        f"x has the shape {x.shape}: it needs {batch_dims} leading batch "
        f"{'axis' if batch_dims == 1 else 'axes'}.")
  return x


def check_order(order: int) -> None:
  """Raises `UserError` unless an order of derivative is an integer >= 0."""
  if isinstance(order, bool) or not isinstance(order, int) or order < 0:
    raise errors.UserError(f"order must be an integer >= 0, got {order!r}.")


def flat(tensor: tf.Tensor, batch_dims: int) -> tf.Tensor:
  """`[*batch, P]` from `[*batch, ...]`."""
  return tf.reshape(tensor, tf.concat(
      [tf.shape(tensor)[:batch_dims],
       [math.prod(tensor.shape[batch_dims:])]], 0))


def check_scalar(y: tf.Tensor, batch_dims: int, name: str,
                 instead: str) -> None:
  """Checks that outputs `[*batch, *out]` are scalars, for `name`."""
  if y.shape[batch_dims:].num_elements() != 1:
    raise errors.UserError(
        f"{name}() needs a scalar output, got {y.shape[batch_dims:]} per "
        f"point: use {instead}() for vector outputs.")


def check_labels(labels: tf.Tensor, num_classes: int, name: str) -> None:
  """Checks that labels are classes.

  Args:
    labels: integers of any shape, eager or NumPy's.
    num_classes: labels are 0 ... num_classes - 1.
    name: what holds them, for the message.

  Raises:
    UserError: if one is out of range.
  """
  labels = np.asarray(labels)
  wrong = labels[(labels < 0) | (labels >= num_classes)]
  if wrong.size:
    raise errors.UserError(
        f"{name} holds the label {wrong[0]}, but its labels must be 0 to "
        f"{num_classes - 1}.")
