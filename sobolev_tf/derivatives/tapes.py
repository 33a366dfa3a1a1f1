"""Derivatives of functions and modules with respect to their input.

Section 2, Eq. 1 and Figure 1 of https://arxiv.org/abs/1706.04859. This is the
only file with nested gradient tapes, around which `functionals` puts one more:
`value_and_derivatives` builds D_x f, ..., D_x^K f exactly (Figure 1a) and
`projections` their projections on given directions by vector-Jacobian products
alone (Figure 1b). Both can be differentiated again with respect to the weights,
which is what Sobolev Training does.

Shapes. A function maps points `[*batch, *event]` to outputs `[*batch, *out]`
with `batch_dims` leading batch axes (1, unless an ensemble adds one), treating
points independently. An output with `out` of `()` or `(1,)` is a scalar: its
j-th derivative has the shape `[*batch] + event * j`. Any other has
`[*batch, *out] + event * j`.
"""

from typing import Callable, Sequence, Tuple, Union

import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.derivatives import chosen as chosen_lib
from sobolev_tf.derivatives import gradients, memory, shapes, vectorised

Function = Callable[[tf.Tensor], tf.Tensor]
Direction = Union[tf.Tensor, Function]

_UNROLLED = memory.Memory()  # 1 for functions whose VJPs cannot be vectorised


def gradient(function: Function, x: tf.Tensor,
             batch_dims: int = 1) -> tf.Tensor:
  """The gradient of a scalar output, one VJP.

  Args:
    function: maps `[*batch, *event]` to `[*batch]` or `[*batch, 1]`.
    x: points `[*batch, *event]`.
    batch_dims: number of leading batch axes.

  Returns:
    `[*batch, *event]`.

  Raises:
    UserError: if the output is not a scalar or does not depend on `x`.
  """
  y, dy_dx = value_and_derivatives(function, x, 1, batch_dims)
  shapes.check_scalar(y, batch_dims, "gradient", "jacobian")
  return dy_dx


def jacobian(function: Function, x: tf.Tensor,
             batch_dims: int = 1) -> tf.Tensor:
  """The Jacobian of a vector output.

  Args:
    function: maps `[*batch, *event]` to `[*batch, *out]`.
    x: points `[*batch, *event]`.
    batch_dims: number of leading batch axes.

  Returns:
    `[*batch, *out, *event]`; for a scalar output, its gradient
    `[*batch, *event]`.

  Raises:
    UserError: if the output does not depend on `x`.
  """
  return value_and_derivatives(function, x, 1, batch_dims)[1]


def hessian(function: Function, x: tf.Tensor,
            batch_dims: int = 1) -> tf.Tensor:
  """The Hessian of a scalar output.

  Args:
    function: maps `[*batch, *event]` to `[*batch]` or `[*batch, 1]`.
    x: points `[*batch, *event]`.
    batch_dims: number of leading batch axes.

  Returns:
    `[*batch, *event, *event]`.

  Raises:
    UserError: if the output is not a scalar or does not depend on `x`.
  """
  y, _, d2y_dx2 = value_and_derivatives(function, x, 2, batch_dims)
  shapes.check_scalar(y, batch_dims, "hessian", "value_and_derivatives")
  return d2y_dx2


@gradients.right_gradients()
def value_and_derivatives(function: Function, x: tf.Tensor, order: int,
                          batch_dims: int = 1, wrt: chosen_lib.Wrt = None
                          ) -> Tuple[tf.Tensor, ...]:
  """The value and all derivatives up to an order: f, D_x f, ..., D_x^K f.

  Each order costs one VJP per component of the order before (one in all for
  the gradient of a scalar); for large outputs see `projections`.

  Args:
    function: maps `[*batch, *event]` to `[*batch, *out]`.
    x: points `[*batch, *event]`, of a floating-point type.
    order: the highest order K, at least 0.
    batch_dims: number of leading batch axes.
    wrt: the n inputs by which is differentiated, as `chosen` says; None for
      all.

  Returns:
    K + 1 tensors; the j-th has the shape given in the module's docstring, with
    `[n] * j` in place of `event * j` if inputs are chosen.

  Raises:
    UserError: if `order` is negative, `x` has no batch axis or is not of a
      floating-point type, `wrt` chooses no inputs, or the output does not
      depend on `x`.
  """
  shapes.check_order(order)
  x = shapes.check_points(x, batch_dims)
  chosen = chosen_lib.choose(wrt, x.shape[batch_dims:])
  if chosen is not None:
    return value_and_derivatives(
        chosen.inside(function, x), chosen.take(x), order, batch_dims)
  batch, event = tf.shape(x)[:batch_dims], x.shape[batch_dims:]
  if batch_dims == 1:
    return _derivatives(function, x, order, function)

  # Several batch axes are folded into one around the function. TensorFlow
  # 2.21's oneDNN products corrupt memory where batch_jacobian() broadcasts over
  # an axis of size 1, such as an ensemble of one (tensorflow issue 117700).
  def folded(points):
    unfolded = tf.ensure_shape(
        tf.reshape(points, tf.concat([batch, event], 0)), x.shape)
    y = shapes.check_output(function(unfolded), unfolded, batch_dims)
    return tf.reshape(
        y, tf.concat([tf.shape(points)[:1], y.shape[batch_dims:]], 0))

  flat = tf.reshape(x, tf.concat([[-1], event], 0))
  static = x.shape[:batch_dims]
  return tuple(
      tf.ensure_shape(
          tf.reshape(d, tf.concat([batch, tf.shape(d)[1:]], 0)),
          static.concatenate(d.shape[1:]))
      for d in _derivatives(
          folded, flat, order, function, unrolled=1 in static))


def _derivatives(function: Function, x: tf.Tensor, order: int, named: Function,
                 unrolled: bool = False) -> Tuple[tf.Tensor, ...]:
  """As `_nested`, unrolled also where vectorising has failed once."""
  if not (unrolled or _UNROLLED[named]):
    try:
      return _nested(function, x, order, named)
    except vectorised.FailedError:
      _UNROLLED[named] = 1
  return _nested(function, x, order, named, unrolled=True)


def _nested(function: Function, x: tf.Tensor, order: int, named: Function,
            unrolled: bool = False) -> Tuple[tf.Tensor, ...]:
  """One batch axis only.

  Args:
    function: the function.
    x: points `[B, *event]`.
    order: K.
    named: the function that errors name.
    unrolled: takes one VJP after another instead of vectorising them.

  Returns:
    As `value_and_derivatives`.
  """
  if order == 0:
    return (shapes.check_output(function(x), x, 1),)
  with tf.GradientTape(
      persistent=unrolled, watch_accessed_variables=False) as tape:
    tape.watch(x)
    lower = _nested(function, x, order - 1, named, unrolled)
    components = tf.reshape(
        lower[-1], [tf.shape(x)[0], lower[-1].shape[1:].num_elements()])
  event = x.shape[1:]
  out = lower[0].shape[1:]
  if out.num_elements() == 1:
    out = tf.TensorShape([])
  shape = out.concatenate(tf.TensorShape(list(event) * order))
  if components.shape[1] == 1:
    derivative = tape.gradient(components, x)
  elif unrolled:
    derivative = vectorised.one_by_one(tape, components, x)
  else:
    derivative = vectorised.at_once(tape, components, x)
  if derivative is None:
    if order == 1:
      raise shapes.independent_error(named)
    # The derivative before is constant in x, as a linear model's gradient is.
    derivative = tf.zeros(tf.concat([tf.shape(x)[:1], shape], 0), x.dtype)
  derivative = tf.reshape(derivative, tf.concat([tf.shape(x)[:1], shape], 0))
  return lower + (derivative,)


@gradients.right_gradients()
def projections(function: Function, x: tf.Tensor,
                directions: Sequence[Direction], batch_dims: int = 1,
                wrt: chosen_lib.Wrt = None) -> Tuple[tf.Tensor, ...]:
  """Projected derivatives (Figure 1b), one VJP per order.

  With s_1 = <f, v_1> and s_{j+1} = <D_x s_j, v_{j+1}>, returns
  f, D_x s_1, ..., D_x s_K. No Jacobian is formed, so the cost of an order
  does not depend on the sizes of the output or the input.

  Args:
    function: maps `[*batch, *event]` to `[*batch, *out]`.
    x: points `[*batch, *event]`, of a floating-point type.
    directions: v_1 `[*batch, *out]` in output space, then v_2, v_3, ...
      `[*batch, *event]` in input space; each a tensor, or a function that
      draws it, given the tensor that it projects.
    batch_dims: number of leading batch axes.
    wrt: the n inputs by which is differentiated, as `chosen` says; None for
      all.

  Returns:
    K + 1 tensors for K directions: `[*batch, *out]`, then `[*batch, *event]`
    each; `[*batch, n]`, like v_2, v_3, ..., if inputs are chosen.

  Raises:
    UserError: if a direction has the wrong shape or type, `x` has no batch
      axis or is not of a floating-point type, or the output does not depend on
      `x`.
  """
  x = shapes.check_points(x, batch_dims)
  chosen = chosen_lib.choose(wrt, x.shape[batch_dims:])
  if chosen is not None:
    return projections(
        chosen.inside(function, x), chosen.take(x), directions, batch_dims)
  if not isinstance(directions, (list, tuple)):
    raise errors.UserError(
        "directions must be a list with one direction per order, got "
        f"{type(directions).__name__}.")
  if not directions:
    return (shapes.check_output(function(x), x, batch_dims),)
  *before, v = directions
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(x)
    lower = projections(function, x, before, batch_dims)
  v = shapes.to_tensor(v(lower[-1]) if callable(v) else v,
                       f"Direction v{len(directions)}", x.dtype)
  if not lower[-1].shape.is_compatible_with(v.shape):
    raise errors.UserError(
        f"Direction v{len(directions)} has the shape {v.shape}, but what it "
        f"projects has {lower[-1].shape}.")
  if v.dtype != x.dtype:
    raise errors.UserError(
        f"Direction v{len(directions)} is {v.dtype.name}, but what it projects "
        f"is {x.dtype.name}: cast one of them.")
  projected = tape.gradient(lower[-1], x, output_gradients=v)
  if projected is None:
    if not before:
      raise shapes.independent_error(function)
    projected = tf.zeros_like(x)
  return lower + (projected,)
