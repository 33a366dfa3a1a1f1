"""Refuses or warns of models whose derivatives TensorFlow gets wrong.

Sobolev Training differentiates every operation of a model at least twice.
Where TensorFlow has no second gradient the model is refused, where it has a
wrong one a warning says so, naming the layer, the operation and what to use
instead. `sobolev_tf.derivatives.operations` is the table of these operations;
`sobolev_tf.derivatives.gradients` mends some of them, which are then left in
peace.
"""

import os
import re
import sys
import types
from typing import FrozenSet, Iterator, List, NamedTuple, Optional, Tuple
import warnings

import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.derivatives import (
    gradients,
    linearity,
    memory,
    operations,
    shapes,
    tracing,
)

_DROP_INS = {
    "Cumprod": "sobolev_tf.ops.cumprod",
    "FusedBatchNorm": "sobolev_tf.ops.moments",
    "FusedBatchNormV2": "sobolev_tf.ops.moments",
    "FusedBatchNormV3": "sobolev_tf.ops.moments",
    "LRN": "sobolev_tf.ops.local_response_normalization",
    "Pow": "sobolev_tf.ops.power",
    "Prod": "sobolev_tf.ops.reduce_prod",
    "ResizeBicubic": "sobolev_tf.ops.resize",
    "ResizeBilinear": "sobolev_tf.ops.resize",
    "Softsign": "sobolev_tf.ops.softsign",
    "tf.nn.moments": "sobolev_tf.ops.moments",
}
_FAULTS = {
    "missing": "which has no second derivative in TensorFlow {version}",
    "wrong": "which has a wrong second derivative in TensorFlow {version}",
    "third wrong": "which has a wrong third derivative in TensorFlow {version}",
    "wrong at zero": "whose second derivative is wrong in TensorFlow {version} "
                     "where an input is 0",
    "unsure": "inside a tf.function, where its second derivative is wrong if "
              "that function has been differentiated twice before",
}
_AT_ZERO = ("first wrong", "second wrong", "third wrong")  # in the table
_CHECKED = memory.Memory()  # 1 + the highest order checked
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class WrongDerivativeWarning(UserWarning):
  """A model holds an operation that TensorFlow differentiates wrongly."""


class HalfPrecisionWarning(UserWarning):
  """A model computes in float16, in which derivatives overflow.

  A scaled seed would not help: numbers around 1e-5, whose derivatives
  overflow, have lost up to 0.3 % of themselves as inputs already, which are
  rounded to multiples of 6e-8, and no scale fits all orders.
  """


class Finding(NamedTuple):
  """An operation that cannot be trusted.

  Attributes:
    operation: its type, or the function it belongs to.
    scope: the name of the layer or module it is in; "" if there is none.
    verdict: "missing", "wrong", "third wrong" or "wrong at zero"; "unsure"
      where a right gradient takes the place of TensorFlow's unless that has
      been traced
      before.
  """
  operation: str
  scope: str
  verdict: str

  def __str__(self) -> str:
    where = f"Layer '{self.scope}'" if self.scope else "The model"
    fault = _FAULTS[self.verdict].format(version=tf.__version__)
    cure = _DROP_INS.get(self.operation, "another operation")
    return f"{where} computes {self.operation}, {fault}: use {cure} instead."


def check(function, x: tf.Tensor, order: int = 1) -> None:
  """Looks through a function that is to be trained on its derivatives.

  Args:
    function: a TensorFlow function, Sonnet module or Keras model of one
      argument.
    x: points `[*batch, *event]`; only shape and type are used.
    order: the highest order that is trained. The derivative by the weights is
      one more; for targets, which have no weights, pass one less.

  Raises:
    UserError: naming the first operation without a second gradient.

  Warns:
    WrongDerivativeWarning: naming each operation with a wrong one.
    HalfPrecisionWarning: if float16 is computed with.
    PiecewiseLinearWarning: if derivatives of this order are 0.
  """
  traced = tracing.trace(function, tf.convert_to_tensor(x))
  if traced is not None:
    _report(traced, order, function)


class Guard:
  """Checks every function when it is first called.

  Inside a `tf.function` it looks at what is traced anyway and costs no trace
  of its own; eagerly it traces each function once.
  """

  def __init__(self, order: int):
    """Sets the order up to which functions are checked.

    Args:
      order: as for `check`.
    """
    self._order = order

  def __call__(self, function):
    """The same function, checked when it is called."""
    def checked(x: tf.Tensor):
      if not tf.executing_eagerly():
        y, traced = tracing.observe(function, x)
        _report(traced, self._order, function)
        return y
      y = function(x)
      if _CHECKED[function] <= self._order:
        check(function, x, self._order)  # after the variables are made
        _CHECKED[function] = self._order + 1
      return y
    checked.__name__ = shapes.name_of(function)
    vars(checked)["__wrapped__"] = function  # for memory.Memory
    return checked


def findings(traced: tracing.Trace, order: int) -> List[Finding]:
  """What is missing or wrong in a trace, each layer and operation once."""
  return list(dict.fromkeys(_search(traced, order, False, "")))


def _search(traced: tracing.Trace, order: int, called: bool,
            outside: str) -> Iterator[Finding]:
  for operation in tracing.differentiated(traced):
    kind, verdict = _judge(operation, order, called)
    scope = _scope(operation.name, kind)
    if verdict:
      yield Finding(kind, outside or scope, verdict)
    for body in tracing.called(operation):
      yield from _search(
          body, order, called or operation.type not in tracing.CONTROL_FLOW,
          outside or scope)


def _judge(operation: tf.Operation, order: int,
           called: bool) -> Tuple[str, str]:
  """What to call an operation, and the verdict on it, "" if it is right."""
  kind = operation.type
  replaced = "unsure" if called else ""
  if kind == "SquaredDifference" and gradients.is_moments(
      operation.inputs[1], operation.inputs[0]):
    return "tf.nn.moments", replaced
  row = operations.lookup(kind)
  wrong = row and next(
      ("third wrong" if (number, verdict) == (3, "wrong") else verdict
       for number, verdict in zip(
           range(1, order + 2), (row.first, row.second, row.third))
       if verdict in ("missing", "wrong")), "")
  if row and not wrong and row.at_zero in _AT_ZERO[:order + 1] and (
      "float64" in row.dtypes):  # else it may be rounding
    wrong = "wrong at zero"
  if wrong and gradients.replaces(operation):
    return kind, replaced
  return kind, wrong or ""


def _scope(name: str, kind: str) -> str:
  """The layer's part of an operation's name, "model/layer/moments/Mean"."""
  *scopes, _ = name.split("/")
  if kind == "tf.nn.moments" and scopes and scopes[-1].startswith("moments"):
    scopes.pop()
  return "/".join(scopes)


def _layer_names(function) -> FrozenSet[str]:
  """What the layers and modules that a function uses are called."""
  return frozenset(
      module.name for part in memory.parts(function)
      for module in (
          part._flatten_layers() if hasattr(part, "_flatten_layers") else
          (part, *part.submodules) if isinstance(part, tf.Module) else ()))


def _without_suffixes(scope: str, names: FrozenSet[str]) -> str:
  """The scope without the numbers that a graph gives the second of a name."""
  parts = []
  for part in scope.split("/"):
    short = re.sub(r"_\d+$", "", part)
    parts.append(short if part not in names and short in names else part)
  return "/".join(parts)


def _report(traced: tracing.Trace, order: int, function) -> None:
  names = _layer_names(function)
  found = [one._replace(scope=_without_suffixes(one.scope, names))
           for one in findings(traced, order)]
  for finding in found:
    if finding.verdict == "missing":
      raise errors.UserError(str(finding))
  for finding in found:
    _warn(str(finding), WrongDerivativeWarning)
  if any(t.dtype == tf.float16
         for operation in tracing.all_operations(traced.operations)
         for t in operation.outputs):
    _warn("The model computes in float16, whose largest number, 65504, "
          "derivatives exceed where inputs change over less than about 1e-4: "
          "use bfloat16 or float32, or inputs scaled to about 1.",
          HalfPrecisionWarning)
  if order > 1 and linearity.is_linear(traced):
    _warn(linearity.MESSAGE.format(order=order),
          linearity.PiecewiseLinearWarning)


def _warn(message: str, category) -> None:
  """Warns at the line that called this package, whatever lies between."""
  level = depth = 1
  frame: Optional[types.FrameType] = sys._getframe()
  while frame is not None:
    depth += 1
    if frame.f_code.co_filename.startswith(_PACKAGE):
      level = depth
    frame = frame.f_back
  warnings.warn(message, category, stacklevel=level)
