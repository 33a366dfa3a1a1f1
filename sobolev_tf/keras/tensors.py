"""Checks of what a Keras model is given and of what it gives."""

import numbers
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from sobolev_tf import errors

# What a graph's assertion says, which `finite.Mistake` looks for.
ONE_EACH = ("There must be one target, and one sample weight if any, for every "
            "point of a batch.")


def check_input(x: tf.Tensor, dtype: str, expected: Any = None) -> tf.Tensor:
  """An input in the precision of the variables.

  Args:
    x: `[B, *event]`, of any type.
    dtype: the variables' type.
    expected: Keras's `input_shape`; checked if it is the shape of one input.

  Returns:
    The input, cast if it is of a floating-point type.

  Raises:
    UserError: if its rank is not known, or it has no batch axis.
  """
  if x.shape.rank is None:
    raise errors.UserError(
        "The inputs have no static shape: give the data set one, with "
        "output_signature or tf.ensure_shape.")
  if not x.shape.rank or (
      isinstance(expected, tuple) and len(expected) == x.shape.rank + 1):
    raise errors.UserError(
        f"The inputs have the shape {x.shape} and no batch axis: give "
        "[B, *event], from a data set by its batch(B).")
  return tf.cast(x, dtype) if x.dtype.is_floating else x


def check_data(y, weight) -> None:
  """Checks targets and sample weights before Keras cuts them into batches.

  Args:
    y: as for `fit`: arrays in a structure, or None.
    weight: an array, arrays in the same structure, or None.

  Raises:
    UserError: if something is no array of numbers, or the structures differ.
  """
  for what, given in (("targets", y), ("sample_weight", weight)):
    for leaf in tf.nest.flatten(given):
      if isinstance(leaf, (numbers.Number, str)) or (
          isinstance(leaf, np.ndarray) and leaf.dtype.kind in "OSU"):
        raise errors.UserError(
            f"{what} must be arrays or tensors of numbers, got {leaf!r}: "
            "make an array of each list, with np.array(..., dtype=float).")
  if all(isinstance(given, (list, tuple, dict)) for given in (y, weight)):
    try:
      keras.tree.assert_same_structure(y, weight)
    except ValueError as error:
      raise errors.UserError(
          "sample_weight must be one array, or one for each array of the "
          "targets, in the same lists and dictionaries.") from error


def check_batch(given: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
  """Checks that there is one for every point: one alone would be repeated.

  Args:
    given: targets or weights `[B, ...]`.
    like: points `[B, ...]`, or targets.

  Returns:
    What was given.

  Raises:
    UserError: if there are more or fewer; as an error of TensorFlow's in a
      graph that does not know the size of the batch.
  """
  given = tf.convert_to_tensor(given)
  sizes = [t.shape[:1].as_list() if t.shape.rank else [] for t in (given, like)]
  if sizes[0] == sizes[1] != [None]:
    return given
  if None not in sizes[0] + sizes[1]:
    raise errors.UserError(
        f"{ONE_EACH} Got the shapes {given.shape} and {like.shape}.")
  same = tf.debugging.assert_equal(
      tf.shape(given)[0], tf.shape(like)[0], ONE_EACH)
  with tf.control_dependencies([same]):  # XLA drops it, but not the shape
    return tf.reshape(given, tf.concat(
        [tf.shape(like)[:1], tf.shape(given)[1:]], 0))


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
