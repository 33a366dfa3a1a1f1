"""Right gradients in place of those that TensorFlow differentiates wrongly.

A registered gradient may have the right value and a wrong derivative, or none.
Inside `right_gradients`, which `sobolev_tf.derivatives` opens around its tapes'
work, the operations listed here are differentiated as their drop-ins in
`sobolev_tf.ops` are, to every order. Anywhere else TensorFlow's own gradients
serve, so that no other code is touched. What was traced and differentiated
before, such as the inside of a `tf.function` that has been trained, keeps what
it has: `sobolev_tf.derivatives.guard` looks for that.
"""

import contextlib
import re
import threading
from typing import Any, Callable, Dict, Iterator, List, Optional

import tensorflow as tf
from tensorflow.python.eager import record
from tensorflow.python.framework import ops as framework_ops
from tensorflow.python.ops import array_ops

from sobolev_tf import ops
from sobolev_tf.ops.resize import multiply, weights

_LOCAL = threading.local()
_SCOPE = re.compile(r"(^|/)moments(_\d+)?/")
_MEAN = "_sobolev_tf_mean"  # attribute of an eager tensor


@contextlib.contextmanager
def right_gradients() -> Iterator[None]:
  """Inside, on this thread, the operations of `REPLACED` have right ones."""
  before = getattr(_LOCAL, "active", False)
  _LOCAL.active = True
  try:
    yield
  finally:
    _LOCAL.active = before


def _static(tensor) -> Optional[Any]:
  return None if tensor is None else tf.get_static_value(tensor)


def _is_followed(op, index: int) -> bool:
  """Whether a tape differentiates by this input of an eager operation.

  Eagerly every tensor has a static value, so that does not make it a constant.
  """
  if isinstance(op, tf.Operation):  # of a graph
    return False
  return (index not in (op.skip_input_indices or ()) or
          record.should_record_backprop([op.inputs[index]]))


def _prod(op, y):
  axes = _static(op.inputs[1])
  if axes is None or None in [op.inputs[0].shape[a] for a in axes.flatten()]:
    return None
  keep = op.get_attr("keep_dims")
  return lambda x: ops.reduce_prod(x, list(axes.flatten()), keep)


def _cumprod(op, y):
  axis = _static(op.inputs[1])
  if axis is None or op.inputs[0].shape[axis] is None:
    return None
  return lambda x: ops.cumprod(
      x, int(axis), op.get_attr("exclusive"), op.get_attr("reverse"))


def _pow(op, y):
  exponent, rank = _static(op.inputs[1]), op.inputs[0].shape.rank
  if (exponent is None or rank is None or exponent.ndim > rank or
      exponent.size != 1 or exponent.item() not in range(17) or
      _is_followed(op, 1)):
    return None
  return lambda x: ops.power(x, exponent.item())


def _resize(method: str) -> Callable:
  def drop_in(op, y):
    old, new = op.inputs[0].shape[1:3].as_list(), y.shape[1:3].as_list()
    if None in old + new or op.get_attr("align_corners"):
      return None
    half = op.get_attr("half_pixel_centers")
    if method == "bicubic" and not half:
      return None
    rows, columns = (
        tf.constant(weights(o, n, method, half), y.dtype)
        for o, n in zip(old, new))
    return lambda x: multiply(tf.cast(x, y.dtype), rows, columns)
  return drop_in


def _lrn(op, y):
  if op.inputs[0].shape[-1] is None:
    return None
  return lambda x: ops.local_response_normalization(
      x, *map(op.get_attr, ("depth_radius", "bias", "alpha", "beta")))


# By type of operation: from an operation and its output's gradient to the
# drop-in, a function of the first input; None where the drop-in does not serve.
REPLACED: Dict[str, Callable] = {
    "Cumprod": _cumprod,
    "LRN": _lrn,
    "Pow": _pow,
    "Prod": _prod,
    "ResizeBicubic": _resize("bicubic"),
    "ResizeBilinear": _resize("bilinear"),
    "Softsign": lambda op, y: ops.softsign,
}


def replaces(operation: tf.Operation) -> bool:
  """Whether an operation of a graph is differentiated as its drop-in."""
  drop_in = REPLACED.get(operation.type)
  return drop_in is not None and drop_in(
      operation, operation.outputs[0]) is not None


def _as_drop_in(drop_in: Callable, usual: Callable) -> Callable:
  """The gradient of an operation as that of its drop-in."""
  def gradient(op, y) -> List[Optional[tf.Tensor]]:
    function = drop_in(op, y) if getattr(_LOCAL, "active", False) else None
    if function is None:
      return usual(op, y)
    x = op.inputs[0]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(x)
      result = function(x)
    others = [None] * (len(op.inputs) - 1)
    return [tape.gradient(result, x, y), *others]
  return gradient


def _squared_difference(usual: Callable) -> Callable:
  """That of (x - m)^2 in `tf.nn.moments`, with the mean m that depends on x.

  There m is a constant to the tapes. The value of the gradient is the same.
  """
  def gradient(op, y):
    active = getattr(_LOCAL, "active", False) and not _is_followed(op, 1)
    mean = _live_mean(*op.inputs) if active else None
    if mean is None:
      return usual(op, y)
    return 2 * y * (op.inputs[0] - mean), None
  return gradient


def _live_mean(x, m) -> Optional[tf.Tensor]:
  """The mean of x that m is a constant copy of; None if m is none."""
  if x is None or m is None:
    return None
  if tf.is_symbolic_tensor(m):
    return m.op.inputs[0] if is_moments(m, x) else None
  return getattr(m, _MEAN, None)


def is_moments(m: tf.Tensor, x: tf.Tensor) -> bool:
  """Whether `m`, of a graph, is what `tf.nn.moments` makes of a mean of `x`.

  The name of its scope tells it from a mean that a user holds constant.
  """
  if m.op.type != "StopGradient" or not _SCOPE.search(m.op.name):
    return False
  mean = m.op.inputs[0].op
  return mean.type == "Mean" and mean.inputs[0] is x


def _noting(stop_gradient: Callable) -> Callable:
  """Notes on the mean's constant copy in eager `tf.nn.moments` what it is of.

  `tf.nn.moments` calls this by its module; `tf.stop_gradient` is left as it is.
  """
  def noting(input, name=None):
    result = stop_gradient(input, name)
    if getattr(_LOCAL, "active", False) and not tf.is_symbolic_tensor(result):
      setattr(result, _MEAN, input)
    return result
  return noting


def _install() -> None:
  array_ops.stop_gradient = _noting(array_ops.stop_gradient)
  registry = framework_ops.gradient_registry._registry
  for name, drop_in in REPLACED.items():
    registry[name]["type"] = _as_drop_in(drop_in, registry[name]["type"])
  name = "SquaredDifference"
  registry[name]["type"] = _squared_difference(registry[name]["type"])


_install()
