"""Products of which every derivative is right, at zeros too.

The gradient that TensorFlow registers for `tf.reduce_prod` and
`tf.math.cumprod` has the right value, but not the right derivative: it treats
some factors as constants or divides by them. Here products are trees of plain
multiplications.
"""

from typing import Sequence, Union

import tensorflow as tf

from sobolev_tf import errors


def reduce_prod(x: tf.Tensor, axis: Union[None, int, Sequence[int]] = None,
                keepdims: bool = False) -> tf.Tensor:
  """The product over axes, as `tf.reduce_prod`.

  Args:
    x: a tensor whose reduced axes have static sizes.
    axis: one axis or several; None for all.
    keepdims: whether they are kept with size 1.

  Returns:
    The product, 1 over an axis of size 0.

  Raises:
    UserError: if `x` has no such axis, or its size is not known.
  """
  x = _ranked(x)
  axes = tf.nest.flatten(range(x.shape.rank) if axis is None else axis)
  axes = sorted({_axis(x, one) for one in axes})
  for one in axes:
    x = _product(x, one)
  return x if keepdims or not axes else tf.squeeze(x, axes)


def cumprod(x: tf.Tensor, axis: int = 0, exclusive: bool = False,
            reverse: bool = False) -> tf.Tensor:
  """The cumulative product along an axis, as `tf.math.cumprod`.

  Args:
    x: a tensor whose axis has a static size n; the cost is n log n.
    axis: the axis.
    exclusive: whether an entry leaves out its own factor.
    reverse: whether products begin at the axis's end.

  Returns:
    A tensor of the shape of `x`.

  Raises:
    UserError: if `x` has no such axis, or its size is not known.
  """
  x = _ranked(x)
  axis = _axis(x, axis)
  size = _size(x, axis)
  shift = 1
  if exclusive and size:
    x = _shifted(x, 1, axis, reverse)
  while shift < size:
    x = x * _shifted(x, shift, axis, reverse)
    shift *= 2
  return x


def _ranked(x) -> tf.Tensor:
  x = tf.convert_to_tensor(x)
  if x.shape.rank is None:
    raise errors.UserError(
        "A product needs to know how many axes its tensor has: use "
        "tf.ensure_shape.")
  return x


def _axis(x: tf.Tensor, axis: int) -> int:
  """The axis, counted from the front."""
  if not -x.shape.rank <= axis < x.shape.rank:
    raise errors.UserError(
        f"There is no axis {axis} in the shape {x.shape}.")
  return axis % x.shape.rank


def _size(x: tf.Tensor, axis: int) -> int:
  if x.shape[axis] is None:
    raise errors.UserError(
        f"The product over axis {axis} of the shape {x.shape} needs a static "
        "size: use tf.ensure_shape.")
  return x.shape[axis]


def _product(x: tf.Tensor, axis: int) -> tf.Tensor:
  """Multiplies halves until one entry is left."""
  size = _size(x, axis)
  if size == 0:
    shape = tf.concat([tf.shape(x)[:axis], [1], tf.shape(x)[axis + 1:]], 0)
    return tf.ones(shape, x.dtype)
  while size > 1:
    half = size // 2
    first, second, rest = tf.split(x, [half, half, size - 2 * half], axis)
    x = tf.concat([first * second, rest], axis)
    size -= half
  return x


def _shifted(x: tf.Tensor, shift: int, axis: int, reverse: bool) -> tf.Tensor:
  """Moves the entries along an axis and fills up with ones."""
  kept = x.shape[axis] - shift
  parts = tf.split(x, [shift, kept] if reverse else [kept, shift], axis)
  if reverse:
    return tf.concat([parts[1], tf.ones_like(parts[0])], axis)
  return tf.concat([tf.ones_like(parts[1]), parts[0]], axis)
