"""Numbers made of derivatives: Laplacians, divergences, and a user's own.

For targets of which only such a number is known, not the derivatives
themselves: the residual of a differential equation, a Laplacian, a divergence.

  laplacian    sum_i d^2 f / dx_i^2, for every output
  divergence   sum_i d f_i / dx_i, of a field with an output for every input

>>> functionals.laplacian(function, x)  # [B]
>>> losses.SobolevLoss(order=0, functionals=[functionals.laplacian])

Both are sums of D diagonal entries, each from one vector-Jacobian product,
one after another: for an output of a network, 2 + 2 D products per layer for
value, gradient and Laplacian. A Hessian costs as many, but keeps
`[*batch, D, D]`.
"""

import math
from typing import Callable, NamedTuple, Optional, Sequence, Tuple

import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.derivatives import chosen as chosen_lib
from sobolev_tf.derivatives import gradients, shapes, tapes

Found = Tuple[tf.Tensor, ...]


class Functional(NamedTuple):
  """A number made of a function's derivatives.

  Attributes:
    order: of the highest derivative in it.
    compute: takes function, points `[*batch, *event]`, `batch_dims` and `wrt`
      as `derivatives.value_and_derivatives` does, and returns the value, the
      derivatives that come with it, and last the number `[*batch, ...]`.
    name: by which Keras logs it.
  """
  order: int
  compute: Callable[..., Found]
  name: str = "functional"

  def __call__(self, function: tapes.Function, x: tf.Tensor,
               batch_dims: int = 1, wrt: chosen_lib.Wrt = None) -> tf.Tensor:
    """The number alone.

    Args:
      function: maps `[*batch, *event]` to `[*batch, *out]`.
      x: points `[*batch, *event]`.
      batch_dims: number of leading batch axes.
      wrt: the inputs by which is differentiated, as `chosen` says; None for
        all.

    Returns:
      `[*batch, ...]`.

    Raises:
      UserError: as `derivatives.value_and_derivatives`, or if a shape does not
        fit the functional.
    """
    return self.compute(function, x, batch_dims, wrt)[-1]


def of_derivatives(function: Callable[..., tf.Tensor], order: int,
                   name: Optional[str] = None) -> Functional:
  """A functional from a function of whole derivatives.

  Args:
    function: takes f, D_x f, ..., D_x^K f with the shapes of
      `sobolev_tf.derivatives` and returns `[*batch, ...]`.
    order: K.
    name: the functional's; None for the function's.

  Returns:
    The functional.

  Raises:
    UserError: if the order is not an integer >= 0.
  """
  shapes.check_order(order)
  def compute(model, x, batch_dims=1, wrt=None):
    found = tapes.value_and_derivatives(model, x, order, batch_dims, wrt)
    return (*found, function(*found))
  return Functional(order, compute, name or shapes.name_of(function))


def check(given) -> Tuple[Functional, ...]:
  """Functionals that a user gave in a sequence.

  Raises:
    UserError: if it is anything else.
  """
  if not isinstance(given, (list, tuple)) or not all(
      isinstance(one, Functional) for one in given):
    raise errors.UserError(
        "functionals must be a list of such as "
        f"derivatives.functionals.laplacian or of_derivatives(...), got "
        f"{given!r}.")
  for one in given:
    shapes.check_order(one.order)
  return tuple(given)


def value_and_functionals(function: tapes.Function, x: tf.Tensor, order: int,
                          functionals: Sequence[Functional],
                          batch_dims: int = 1, wrt: chosen_lib.Wrt = None
                          ) -> Found:
  """f, D_x f, ..., D_x^K f, and the functionals.

  Args:
    function: maps `[*batch, *event]` to `[*batch, *out]`.
    x: points `[*batch, *event]`.
    order: K, at least 0.
    functionals: numbers to compute beside the derivatives.
    batch_dims: number of leading batch axes.
    wrt: the inputs by which is differentiated, as `chosen` says; None for all.

  Returns:
    K + 1 tensors and one per functional.

  Raises:
    UserError: as `derivatives.value_and_derivatives`, or if a functional is
      none or does not keep the batch axes.
  """
  shapes.check_order(order)
  x = shapes.check_points(x, batch_dims)
  found: Found = ()
  numbers = []
  for functional in check(functionals):
    *lower, number = functional.compute(function, x, batch_dims, wrt)
    numbers.append(shapes.check_output(number, x, batch_dims))
    found = max(found, tuple(lower), key=len)
  if len(found) <= order:
    found = tapes.value_and_derivatives(function, x, order, batch_dims, wrt)
  return (*found[:order + 1], *numbers)


def _laplacian(function: tapes.Function, x: tf.Tensor, batch_dims: int = 1,
               wrt: chosen_lib.Wrt = None) -> Found:
  """f, D_x f and the Laplacian, `[*batch]`, of several outputs its sums."""
  x = shapes.check_points(x, batch_dims)
  function, x = _of_chosen(function, x, batch_dims, wrt)
  with tf.GradientTape(
      persistent=True, watch_accessed_variables=False) as tape:
    tape.watch(x)
    y, dy_dx = tapes.value_and_derivatives(function, x, 1, batch_dims)
    flat = shapes.flat(dy_dx, batch_dims)
  out = dy_dx.shape[batch_dims:dy_dx.shape.rank - x.shape.rank + batch_dims]
  traces = _traces(tape, flat, x, batch_dims, out)
  if traces is None:  # the gradient is constant, as a linear model's
    traces = tf.zeros(tf.concat([tf.shape(x)[:batch_dims], out], 0), x.dtype)
  return y, dy_dx, traces


def _divergence(field: tapes.Function, x: tf.Tensor, batch_dims: int = 1,
                wrt: chosen_lib.Wrt = None) -> Found:
  """f and its divergence `[*batch]`."""
  x = shapes.check_points(x, batch_dims)
  field, x = _of_chosen(field, x, batch_dims, wrt)
  with tf.GradientTape(
      persistent=True, watch_accessed_variables=False) as tape:
    tape.watch(x)
    y = shapes.check_output(field(x), x, batch_dims)
    flat = shapes.flat(y, batch_dims)
  inputs = math.prod(x.shape[batch_dims:])
  if flat.shape[-1] != inputs:
    raise errors.UserError(
        f"A divergence needs one output for each of the {inputs} inputs by "
        f"which is differentiated, got outputs of the shape "
        f"{y.shape[batch_dims:]}.")
  trace = _traces(tape, flat, x, batch_dims, tf.TensorShape([]))
  if trace is None:
    raise shapes.independent_error(field)
  return y, trace


laplacian = Functional(
    2, gradients.right_gradients()(_laplacian), "laplacian")
divergence = Functional(
    1, gradients.right_gradients()(_divergence), "divergence")


def _of_chosen(function, x: tf.Tensor, batch_dims: int, wrt):
  chosen = chosen_lib.choose(wrt, x.shape[batch_dims:])
  if chosen is None:
    return function, x
  return chosen.inside(function, x), chosen.take(x)


def _traces(tape: tf.GradientTape, fields: tf.Tensor, x: tf.Tensor,
            batch_dims: int, out: tf.TensorShape) -> Optional[tf.Tensor]:
  """sum_i d f_mi / dx_i of fields `[*batch, M * D]`: `[*batch, *out]`.

  None if the fields do not depend on x.
  """
  inputs = math.prod(x.shape[batch_dims:])
  traces = []
  for m in range(math.prod(out)):
    entries = []
    for i in range(inputs):
      seed = tf.one_hot(m * inputs + i, fields.shape[-1], dtype=x.dtype)
      row = tape.gradient(fields, x, tf.broadcast_to(seed, tf.shape(fields)))
      if row is None:
        return None
      entries.append(shapes.flat(row, batch_dims)[..., i])  # [*batch]
    traces.append(tf.add_n(entries))
  batch = tf.shape(x)[:batch_dims]
  return tf.ensure_shape(
      tf.reshape(tf.stack(traces, -1), tf.concat([batch, out], 0)),
      x.shape[:batch_dims].concatenate(out))
