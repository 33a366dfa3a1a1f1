"""Derivatives of a black box, by central differences (Sections 1 and 5).

"Even though we may be dealing with a black box we can still approximate
derivatives using finite differences" (https://arxiv.org/abs/1706.04859,
Section 1). The function is any Python callable on NumPy arrays: a simulator, a
model of another framework, a lookup. With h_i a step along input i,

  ∂f/∂x_i       ≈ (f(x + h_i) - f(x - h_i)) / (2 h_i)
  ∂²f/∂x_i²     ≈ (f(x + h_i) - 2 f(x) + f(x - h_i)) / h_i²
  ∂²f/∂x_i∂x_j  ≈ (f(x + h_i + h_j) - f(x + h_i - h_j)
                   - f(x - h_i + h_j) + f(x - h_i - h_j)) / (4 h_i h_j)

all with a truncation error of order h². What is left of the rounding error ε
of f is ε/h in the first and ε/h² in the second derivatives; the sum of both is
least near h = ε^(1/3) and h = ε^(1/4), in units of the scale over which f
changes: Press et al., Numerical Recipes, Section 5.7; Dennis and Schnabel,
Numerical Methods for Unconstrained Optimization, Chapter 5, whose "typical x"
is `scale` here.

**Cost**, for D inputs per point: 1 + 2 D evaluations per point for order 1,
and 2 D + 2 D (D - 1) = 2 D² more for order 2 (its steps are longer, so nothing
is shared), in one call of the function per order. A call is given all its
points at once, D numbers each: about 2 N D² numbers for order 1, 2 N D³ for
order 2. Where that is too much, pass fewer points at a time.

**Bounds.** Where a step would leave the region in which the function is
defined, differences go to one side, with an error of order h² too
(`stencils`). Order 1 costs the same then; order 2 D evaluations per point more.
"""

from typing import Any, Callable, Optional, Sequence, Tuple

import numpy as np
import numpy.typing as npt

from sobolev_tf import errors
from sobolev_tf.derivatives import chosen, stencils

_STEP_EXPONENT = {1: 1 / 3, 2: 1 / 4}  # of the machine epsilon, by order


def finite_differences(
    function: Callable[[np.ndarray], Any],
    x: npt.ArrayLike,
    order: int = 1,
    step: Optional[npt.ArrayLike] = None,
    scale: npt.ArrayLike = 1.0,
    dtype: npt.DTypeLike = np.float64,
    bounds: Optional[Sequence[npt.ArrayLike]] = None,
    wrt: chosen.Wrt = None,
) -> Tuple[np.ndarray, ...]:
  """Approximates the derivatives of a black box at a batch of points.

  An output of shape [N] or [N, 1] is a scalar per point, and its axis (if any)
  is left out of the derivatives, as in the derivatives of a TensorFlow model.

  Args:
    function: maps points `[M, *event]`, an array of `dtype`, to values `[M]`,
      `[M, 1]` or `[M, *out]`. It must treat every row on its own, be
      deterministic, and be defined a step beyond each point.
    x: the points `[N, *event]`; integers will do.
    order: 1, or 2 for the second derivatives also.
    step: the step along each input, broadcastable to `event`, for both orders.
      By default ε^(1/3) (order 1) and ε^(1/4) (order 2) times
      max(|x_i|, scale), ε being the machine epsilon of `dtype`.
    scale: the typical size of each input, broadcastable to `event`. Needed
      where inputs are much smaller than 1, or change f over a distance that is
      far from 1.
    dtype: what the points are passed as, and the precision the default step
      expects of the values: `np.float64`, or `np.float32` for a float32 model,
      whose first derivatives are then good to about 4 digits and second
      derivatives to about 3.
    bounds: the least and the largest value of each input, both broadcastable
      to `event`: `function` is called inside only. None for no bounds.
    wrt: the n inputs along which differences are taken, as `chosen` says; None
      for all. D is n in the cost then, and `event` is `[n]` in the
      derivatives.

  Returns:
    The values as `function` returned them, then, in float64, the first
    derivatives `[N, *event]` (`[N, *out, *event]` for a vector output), then,
    for order 2, the second derivatives `[N, *event, *event]` or
    `[N, *out, *event, *event]`, symmetric to the last bit.

  Raises:
    UserError: if an argument cannot be used as described above; if `function`
      returns another number of rows than it was given, values that are not
      finite, or, with the default step, values less exact than `dtype`.
  """
  if order not in (1, 2):
    raise errors.UserError(
        f"order must be 1 or 2, not {order!r}: higher differences lose too "
        "many digits, and order 0 is the function itself.")
  dtype = np.dtype(dtype)
  if dtype not in (np.float32, np.float64):
    raise errors.UserError(
        f"dtype must be np.float32 or np.float64, not {dtype}.")
  x = np.asarray(x)
  if x.ndim < 2:
    raise errors.UserError(
        f"x has shape {x.shape} and no batch axis: pass points [N, ...], for "
        "one point x[np.newaxis], for N numbers x[:, np.newaxis].")
  batch, event = x.shape[0], x.shape[1:]
  whole = x.astype(dtype).reshape(batch, int(np.prod(event)))
  if not np.isfinite(whole).all():
    raise errors.UserError(
        f"x holds NaN or infinity in {_bad_points(whole[None])} of {batch} "
        f"points (as {dtype}): remove them.")
  inputs = chosen.choose(wrt, event)
  along = np.arange(whole.shape[1]) if inputs is None else inputs.indices
  by = event if inputs is None else along.shape
  points, size = whole[:, along], len(along)  # [N, D], D: of those

  def evaluate(moves: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Values [K, N, ...] at the points moved by `moves` [K, N, D] steps."""
    moved = np.repeat(whole[None], len(moves), axis=0)
    moved[..., along] = points + moves.astype(dtype) * steps  # [K, N, D]
    rows = len(moves) * batch
    values = np.asarray(function(moved.reshape(rows, *event)))  # [K * N, ...]
    if values.shape[:1] != (rows,):
      raise errors.UserError(
          f"function returned an array of shape {values.shape} for {rows} "
          f"points: it must return one row per point, [{rows}, ...].")
    values = values.reshape(len(moves), batch, *values.shape[1:])
    if step is None and _coarser(values.dtype, dtype):
      raise errors.UserError(
          f"function returned {values.dtype} for {dtype} points, too coarse "
          f"for the default step: pass dtype=np.{values.dtype} or a step.")
    bad = _bad_points(values)
    if bad:
      raise errors.UserError(
          f"function returned NaN or infinity at or beside {bad} of {batch} "
          "points: keep x a step inside the region where it is defined, give "
          "that region as bounds=(lower, upper), or pass a smaller step.")
    return values

  lower, upper = (
      bound[along] for bound in _bounds(bounds, whole, event))  # [D]
  steps = _steps(whole, event, 1, step, scale, along)  # [N, D]
  sides = stencils.choose_sides(points, steps, lower, upper, 2)  # [N, D]
  a, b, _ = _moves(sides)  # [D, N, D]
  values = evaluate(np.concatenate([0 * a[:1], a, b]), steps)
  value = values[0].copy()  # [N, ...]
  out = () if value.shape[1:] == (1,) else value.shape[1:]
  first = _first(_flat(values), steps, sides).reshape(batch, *out, *by)
  if order == 1:
    return value, first

  steps = _steps(whole, event, 2, step, scale, along)
  sides = stencils.choose_sides(points, steps, lower, upper, 3)
  a, b, c = _moves(sides)
  i, j = np.triu_indices(size, 1)  # the pairs i < j
  moves = [a, b, a[i] + a[j], a[i] + b[j], b[i] + a[j], b[i] + b[j]]
  if sides.any():
    moves.append(c)
  values = evaluate(np.concatenate(moves), steps)
  second = _second(_flat(value[None]), _flat(values), steps, sides)
  return value, first, second.reshape(batch, *out, *by, *by)


def _bounds(bounds, points: np.ndarray, event: Tuple[int, ...]
            ) -> Tuple[np.ndarray, np.ndarray]:
  """The least and the largest inputs, [D] each; infinite if not given."""
  if bounds is None:
    bounds = (-np.inf, np.inf)
  try:
    lower, upper = (
        np.broadcast_to(np.asarray(bound, np.float64), event).reshape(-1)
        for bound in bounds)
  except (TypeError, ValueError) as error:
    raise errors.UserError(
        "bounds must be (lower, upper), each one number or one per input, of "
        f"the shape {event}, got {bounds!r}.") from error
  outside = ~((points >= lower) & (points <= upper)).all(axis=1)
  if outside.any():
    raise errors.UserError(
        f"{int(outside.sum())} of {len(points)} points are outside the bounds, "
        f"the first is point {int(np.argmax(outside))}.")
  return lower, upper


def _moves(sides: np.ndarray) -> Tuple[np.ndarray, ...]:
  """The offsets along every input, as moves [D, N, D]."""
  axes = np.eye(sides.shape[1])[:, None]  # [D, 1, D]
  return tuple(axes * offset for offset in stencils.offsets(sides))


def _first(values: np.ndarray, steps: np.ndarray,
           sides: np.ndarray) -> np.ndarray:
  """First derivatives [N, O, D] from values [1 + 2 D, N, O]: x, a, b."""
  a, b = np.split(values[1:], 2)  # [D, N, O]
  difference = stencils.first(
      values[:1], a, b, sides.T[..., None])  # [D, N, O]
  return np.moveaxis(difference, 0, -1) / steps.astype(np.float64)[:, None]


def _second(centre: np.ndarray, values: np.ndarray, steps: np.ndarray,
            sides: np.ndarray) -> np.ndarray:
  """Second derivatives [N, O, D, D] from values [2 D + 4 P (+ D), N, O].

  P = D (D - 1) / 2 counts the pairs; the values are those at a, b, for the
  pairs at aa, ab, ba, bb, and at c if there are one-sided differences.
  `centre` [1, N, O] holds the values at x.
  """
  _, batch, outputs = values.shape
  size = steps.shape[1]
  h = steps.astype(np.float64)[:, None]  # [N, 1, D]
  i, j = np.triu_indices(size, 1)
  a, b, corners, c = np.split(
      values, np.cumsum([size, size, 4 * len(i)]))  # [D, N, O], [4 P, N, O]
  c = c if len(c) else a
  sides = sides.T[..., None]  # [D, N, 1]

  second = np.empty((batch, outputs, size, size))
  diagonal = stencils.second(centre, a, b, c, sides)  # [D, N, O]
  second[..., range(size), range(size)] = np.moveaxis(diagonal, 0, -1) / h**2
  mixed = stencils.mixed(
      centre, (a[i], b[i]), (a[j], b[j]), tuple(np.split(corners, 4)),
      sides[i], sides[j])  # [P, N, O]
  mixed = np.moveaxis(mixed, 0, -1) / (h[..., i] * h[..., j])
  second[..., i, j] = mixed
  second[..., j, i] = mixed
  return second


def _flat(values: np.ndarray) -> np.ndarray:
  """Values [K, N, *out] as [K, N, O], in float64."""
  outputs = int(np.prod(values.shape[2:]))  # O
  return values.reshape(*values.shape[:2], outputs).astype(np.float64)


def _steps(points: np.ndarray, event: Tuple[int, ...], order: int,
           step: Optional[npt.ArrayLike], scale: npt.ArrayLike,
           along: np.ndarray) -> np.ndarray:
  """The steps [N, n] along inputs [n] of `points` [N, D], in their dtype.

  h is replaced by (|x| + h) - |x|, which makes x + h and x - h numbers of the
  dtype: the difference between them is then 2 h, not 2 h give or take the
  rounding of x. (Only |x| does this for both; where h > |x| the rounding left
  is that of h, which is harmless.)
  """
  magnitude = np.abs(points[:, along])
  if step is None:
    typical = _per_input("scale", scale, event)[along]
    epsilon = float(np.finfo(points.dtype).eps)
    wanted = epsilon**_STEP_EXPONENT[order] * np.maximum(magnitude, typical)
  else:
    wanted = np.broadcast_to(
        _per_input("step", step, event)[along], magnitude.shape)
  steps = (magnitude + wanted.astype(points.dtype)) - magnitude
  if not (steps > 0).all():
    raise errors.UserError(
        f"step is too small: added to x in {points.dtype} it changes nothing; "
        "pass a larger step.")
  return steps


def _per_input(name: str, given: npt.ArrayLike,
               event: Tuple[int, ...]) -> np.ndarray:
  """Checks `step` or `scale` and spreads it over the inputs: [D]."""
  array = np.asarray(given, np.float64)
  if not (np.isfinite(array) & (array > 0)).all():
    raise errors.UserError(
        f"{name} must be positive and finite, not {given!r}.")
  try:
    return np.broadcast_to(array, event).reshape(-1)
  except ValueError as error:
    raise errors.UserError(
        f"{name} has shape {array.shape}, which does not broadcast to the "
        f"shape {event} of one point: give one number or one per input."
    ) from error


def _coarser(returned: np.dtype, passed: np.dtype) -> bool:
  return returned.kind == "f" and (
      np.finfo(returned).eps > np.finfo(passed).eps)


def _bad_points(values: np.ndarray) -> int:
  """How many of the N points of [K, N, ...] have a value that is not finite."""
  bad = ~np.isfinite(values)
  return int(np.sum(bad.any(axis=(0, *range(2, values.ndim)))))
