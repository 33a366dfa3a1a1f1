"""Target derivatives: from functions and teachers, arrays, or black boxes.

The (K+2)-tuples (x, f(x), D_x f(x), ..., D_x^K f(x)) of Section 2 of
https://arxiv.org/abs/1706.04859, without x. What is returned is cut off from
its source: training a model on it changes nothing else.
"""

from typing import Callable, Sequence, Tuple

import numpy as np
import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf.derivatives import chosen, shapes
from sobolev_tf.derivatives import finite_differences as fd
from sobolev_tf.derivatives import functionals as functionals_lib


def from_function(function: derivatives.Function, x: tf.Tensor, order: int = 1,
                  batch_dims: int = 1, wrt: chosen.Wrt = None,
                  functionals: Sequence[functionals_lib.Functional] = ()
                  ) -> Tuple[tf.Tensor, ...]:
  """Targets from a TensorFlow function or a teacher, by differentiation.

  Args:
    function: maps `[*batch, *event]` to `[*batch, *out]`.
    x: points `[*batch, *event]`.
    order: the highest order K of derivative.
    batch_dims: number of leading batch axes.
    wrt: the inputs by which is differentiated, as `derivatives.chosen` says;
      None for all.
    functionals: numbers made of derivatives (`derivatives.functionals`).

  Returns:
    f, D_x f, ..., D_x^K f with the shapes of `sobolev_tf.derivatives`, and one
    tensor per functional.

  Raises:
    UserError: as `derivatives.value_and_derivatives`.
  """
  return tuple(map(
      tf.stop_gradient,
      functionals_lib.value_and_functionals(
          function, x, order, functionals, batch_dims, wrt)))


def from_arrays(x: tf.Tensor, arrays: Sequence, batch_dims: int = 1,
                wrt: chosen.Wrt = None) -> Tuple[tf.Tensor, ...]:
  """Targets that were measured or computed elsewhere.

  Args:
    x: points `[*batch, *event]`.
    arrays: f, D_x f, ..., D_x^K f.
    batch_dims: number of leading batch axes.
    wrt: the inputs by which the derivatives are, as `derivatives.chosen` says;
      None for all.

  Returns:
    The arrays as tensors of the type of `x`.

  Raises:
    UserError: if a shape is not that of `sobolev_tf.derivatives`.
  """
  x = shapes.check_points(x, batch_dims)
  if arrays is None or not len(arrays):
    raise errors.UserError("arrays is empty: give f and its derivatives.")
  tensors = [tf.cast(shapes.to_tensor(array, f"arrays[{order}]"), x.dtype)
             for order, array in enumerate(arrays)]
  y = shapes.check_output(tensors[0], x, batch_dims)
  inputs = chosen.choose(wrt, x.shape[batch_dims:])
  if inputs is not None:
    x = inputs.take(x)
  return (y,) + tuple(
      check_derivative(array, y, x, order, batch_dims)
      for order, array in enumerate(tensors[1:], start=1))


def from_black_box(function: Callable[[np.ndarray], np.ndarray], x,
                   order: int = 1, wrt: chosen.Wrt = None, **options
                   ) -> Tuple[tf.Tensor, ...]:
  """Targets from any Python callable, by central finite differences.

  Args:
    function: maps NumPy points `[N, *event]` to values `[N, *out]`.
    x: points `[B, *event]`.
    order: the highest order K of derivative, 1 or 2.
    wrt: the inputs along which differences are taken, as `derivatives.chosen`
      says; None for all.
    **options: as `finite_differences.finite_differences` takes them.

  Returns:
    f, D_x f, ..., D_x^K f as tensors of the type of `x`.

  Raises:
    UserError: as `finite_differences.finite_differences`.
  """
  x = shapes.check_points(x, 1)
  return from_arrays(x, fd.finite_differences(
      function, x.numpy(), order, wrt=wrt, **options), wrt=wrt)


def check_derivative(array, y: tf.Tensor, x: tf.Tensor, order: int,
                     batch_dims: int = 1) -> tf.Tensor:
  """Checks the shape of a derivative supplied by the user.

  Args:
    array: D_x^j f.
    y: the values f, `[*batch, *out]`.
    x: the points, `[*batch, *event]`.
    order: j, at least 1.
    batch_dims: number of leading batch axes.

  Returns:
    The array as a tensor.

  Raises:
    UserError: naming the shape it should have.
  """
  array = tf.convert_to_tensor(array)
  batch, event = x.shape[:batch_dims], x.shape[batch_dims:]
  out = y.shape[batch_dims:]
  if out.num_elements() == 1:
    out = tf.TensorShape([])
  expected = batch.concatenate(out).concatenate(list(event) * order)
  if not (array.shape.rank == expected.rank and
          array.shape.is_compatible_with(expected)):
    raise errors.UserError(
        f"The target derivative of order {order} has the shape {array.shape}, "
        f"but values of shape {y.shape} at points of shape {x.shape} need "
        f"{expected}.")
  return array
