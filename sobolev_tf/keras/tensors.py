"""Checks of what a Keras model is given and of what it gives."""

import tensorflow as tf

from sobolev_tf import errors


def check_input(x: tf.Tensor, dtype: str) -> tf.Tensor:
  """An input in the precision of the variables.

  Args:
    x: `[B, *event]`, of any type.
    dtype: the variables' type.

  Returns:
    The input, cast if it is of a floating-point type.

  Raises:
    UserError: if its rank is not known.
  """
  if x.shape.rank is None:
    raise errors.UserError(
        "The inputs have no static shape: give the data set one, with "
        "output_signature or tf.ensure_shape.")
  return tf.cast(x, dtype) if x.dtype.is_floating else x


def check_output(value: tf.Tensor) -> tf.Tensor:
  """Checks that an output has no mask of Keras's.

  Args:
    value: `[B, *out]`.

  Returns:
    The output.

  Raises:
    UserError: if it has one.
  """
  if getattr(value, "_keras_mask", None) is not None:
    raise errors.UserError(
        "The output of the model inside carries a mask, which would not fit "
        "its derivatives: mark what is missing by NaN targets.")
  return value


def one_output(value) -> tf.Tensor:
  """The only output of a model, checked.

  Args:
    value: what the model gave.

  Returns:
    `[B, *out]`.

  Raises:
    UserError: if there are several.
  """
  if len(tf.nest.flatten(value)) != 1 or isinstance(value, (list, tuple, dict)):
    raise errors.UserError(
        "The model inside must have one output, got "
        f"{len(tf.nest.flatten(value))}: join them in one tensor, or use "
        "NamedSobolevModel.")
  return check_output(value)
