"""Checks a model's derivatives and the weight gradients of a Sobolev loss.

Figure 1b and Eq. 1 of https://arxiv.org/abs/1706.04859, along random
directions: an error of any entry of a derivative shows with probability 1.
"""

from typing import Callable, List, Tuple

import numpy as np
import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf.checks import copies, differences, directional, parts
from sobolev_tf.checks.report import Entry, Report
from sobolev_tf.derivatives import shapes

_MOST_POINTS = 16  # ours: errors show at any point, and kinks are rare


def check_derivatives(model: Callable[[tf.Tensor], tf.Tensor], x: tf.Tensor,
                      order: int = 1, seed: int = 0) -> Report:
  """Compares derivatives and weight gradients with central differences.

  For random unit-variance v and u_j, with s_0 = <f, v>, s_j = <D_x s_(j-1),
  u_j>, order k is compared with the slope of s_(k-1) along u_k. Then, for each
  weight, the gradient of l_k = |D_x s_(k-1) - t|^2 with a random target t is
  compared with the slope of l_k. If something is wrong, each layer is checked
  by itself at the inputs it gets, its weights included.

  The work is done on a copy in float64 if the model can be cast; the model
  itself is not changed (the weights of one that cannot be copied are moved
  and put back). The cost is seven evaluations of the derivatives per variable.

  Args:
    model: a TensorFlow function, Sonnet module or Keras model of one argument
      that treats points independently and draws nothing at random.
    x: points `[B, *event]`, of float32 or float64; the first 16 are used.
    order: the highest order K, at least 1.
    seed: of the random directions.

  Returns:
    A report; print it, or use its `ok`.

  Raises:
    UserError: if `order`, the points or the model are not as described.
  """
  if isinstance(order, bool) or not isinstance(order, int) or order < 1:
    raise errors.UserError(f"order must be an integer >= 1, got {order!r}.")
  x = shapes.check_points(tf.convert_to_tensor(x)[:_MOST_POINTS], 1)
  if x.dtype not in differences.PRECISION or not x.shape[0]:
    raise errors.UserError(
        "Derivatives are checked at one or more points of float32 or float64, "
        f"got {x.shape[0]} of {x.dtype.name}.")
  _check_model(model, x)
  copy, x = copies.cast(model, x)
  draw = _Draw(seed, x.dtype)
  y = copy.function(x)
  directions = [draw(y)] + [draw(x) for _ in range(order)]
  entries, smooth = _derivatives(copy.function, x, directions)
  more, smooth_too = _weights(copy.function, x, directions[:len(entries)], draw)
  entries += more
  bad = {e.verdict for e in entries} & {differences.WRONG, differences.MISSING}
  found = parts.responsible(copy, x, order + 1) if bad else []
  precision = differences.PRECISION[x.dtype]
  return Report(
      shapes.name_of(model), tuple(entries),
      tuple((name, _how(verdict)) for name, verdict in found), x.dtype.name,
      precision.tolerance, len(x), int(np.sum(~(smooth & smooth_too))))


class _Draw:
  """Draws standard normal tensors of a shape."""

  def __init__(self, seed: int, dtype: tf.DType):
    self._generator = np.random.default_rng(seed)
    self._dtype = dtype

  def __call__(self, like: tf.Tensor) -> tf.Tensor:
    return tf.constant(self._generator.normal(size=like.shape), self._dtype)


def _check_model(model, x: tf.Tensor) -> None:
  y = shapes.check_output(model(x), x, 1)
  infinite = ~np.isfinite(np.reshape(y, [len(x), -1])).all(1)  # [B]
  if infinite.any():
    raise errors.UserError(
        f"The output of '{shapes.name_of(model)}' is not finite at point "
        f"{infinite.argmax()}: leave that point out.")
  near = 1e-3 * float(tf.reduce_max(tf.abs(y)))
  if not np.allclose(model(x), y, atol=near):
    raise errors.UserError(
        f"'{shapes.name_of(model)}' gives another output at every call: check "
        "it with dropout and other random layers off.")
  if not np.allclose(model(x[:1]), y[:1], atol=near):
    raise errors.UserError(
        f"The outputs of '{shapes.name_of(model)}' depend on the other points "
        "of a batch: check it with batch normalisation in inference mode.")


def _how(verdict: differences.Verdict) -> str:
  if verdict.verdict == differences.MISSING:
    return f"no gradient for {verdict.note}"
  note = f" ({verdict.note})" if verdict.note else ""
  return f"relative error {verdict.error:.1e}{note}"


def _per_example(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
  return tf.reduce_sum(tf.reshape(a * b, [len(a), -1]), 1)  # [B]


def _derivatives(function, x: tf.Tensor, directions: List[tf.Tensor]
                 ) -> Tuple[List[Entry], np.ndarray]:
  """One entry per order, and which points are smooth in all, `[B]`."""
  entries: List[Entry] = []
  smooth = np.ones(len(x), bool)
  for k, u in enumerate(directions[1:], 1):
    def below(t, k=k, u=u):
      p = derivatives.projections(function, x + t * u, directions[:k - 1])
      return _per_example(p[-1], directions[k - 1])
    try:
      p = derivatives.projections(function, x, directions[:k])
    except directional.NO_GRADIENT as error:
      entries.append(_missing(k, "derivative", error))
      break
    expected = differences.difference(below, x.dtype)
    smooth &= expected.smooth
    entries.append(Entry(k, "derivative", *differences.agreement(
        _per_example(p[-1], u), expected)))
  return entries, smooth


def _missing(order: int, what: str, error: Exception) -> Entry:
  return Entry(order, what, differences.MISSING, float("nan"),
               directional.missing(error))


def _weights(function, x: tf.Tensor, directions: List[tf.Tensor], draw: _Draw
             ) -> Tuple[List[Entry], np.ndarray]:
  """Entries per order and variable, and which points are smooth, `[B]`."""
  smooth = np.ones(len(x), bool)
  with tf.GradientTape() as tape:
    function(x)
  variables = tape.watched_variables()
  try:
    exact = derivatives.projections(function, x, directions)[1:]
  except directional.NO_GRADIENT:
    directions = directions[:-1]
    exact = derivatives.projections(function, x, directions)[1:]
  targets = [p + draw(p) * tf.math.reduce_std(p) for p in exact]

  @_graph_if_possible
  def terms() -> tf.Tensor:
    p = derivatives.projections(function, x, directions)[1:]
    return tf.stack([_per_example(a - t, a - t) for a, t in zip(p, targets)])

  entries: List[Entry] = []
  gradients = _Gradients(terms, variables)
  for i, variable in enumerate(variables if exact else ()):
    u = draw(variable)
    expected = differences.difference(
        _along(variable, u, terms), x.dtype)
    smooth &= expected.smooth.all(0)
    name = getattr(variable, "path", variable.name).removesuffix(":0")
    for k in range(len(exact)):
      try:
        gradient = gradients(k, expected.smooth[k])[i]
        entries.append(Entry(k + 1, name, *differences.agreement(
            tf.reduce_sum(gradient * u), _total(expected, k))))
      except directional.NO_GRADIENT as error:
        entries.append(_missing(k + 1, name, error))
  return sorted(entries, key=lambda entry: entry.order), smooth


def _graph_if_possible(function):
  graph = tf.function(function)
  try:
    graph()
    return graph
  except Exception:  # whatever a model that only runs eagerly raises
    return function


class _Gradients:
  """Gradients of the loss of an order by all variables, computed once."""

  def __init__(self, terms, variables):
    self._terms, self._variables = terms, variables
    self._known: dict = {}

  def __call__(self, k: int, keep: np.ndarray) -> List[tf.Tensor]:
    """Of order k + 1, over the points to keep, `[B]`."""
    key = (k, keep.tobytes())
    if key not in self._known:
      with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.boolean_mask(self._terms()[k], keep))
      self._known[key] = [tf.convert_to_tensor(g) for g in tape.gradient(
          loss, self._variables, unconnected_gradients="zero")]
    return self._known[key]


def _total(expected: differences.Difference, k: int
           ) -> differences.Difference:
  """Of the sum over the points that are smooth."""
  smooth = expected.smooth[k]
  return differences.Difference(
      np.sum(expected.slope[k][smooth]), np.array(smooth.any()),
      np.sum(expected.noise[k][smooth]), expected.tolerance)


def _along(variable, u: tf.Tensor, function):
  """What a function gives with a variable moved along u and put back."""
  before = variable.read_value()

  def moved(t: float) -> tf.Tensor:
    variable.assign(before + t * u)
    try:
      return function()
    finally:
      variable.assign(before)

  return moved


