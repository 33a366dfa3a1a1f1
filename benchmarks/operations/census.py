"""All operations between floating-point tensors, and why some are not run."""

import re
from typing import Iterable

import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.python.framework import op_def_registry, ops

from sobolev_tf.derivatives import operations

_FLOATS = {types_pb2.DT_HALF, types_pb2.DT_BFLOAT16, types_pb2.DT_FLOAT,
           types_pb2.DT_DOUBLE}

# Of operations that have a gradient and no case, by the first pattern that
# matches.
_REASONS = {
    "TPU|Collective|CrossReplica|AllToAll|Nccl": "needs several devices",
    "Cudnn": "needs a GPU",
    "^(Ref)?(Enter|Exit|Merge|Switch|NextIteration|LoopCond)$|While|If|Case":
        "control flow: as its body",
    "TensorArray": "needs a resource handle; see the TensorList operations",
    "Resource|Variable|^Ref|Assign|^Scatter(Add|Div|Mul|Sub|Nd(Add|Sub|Update))"
    "$|Stack|Lookup|Optional|Composite|ReduceDataset|SdcaOptimizer":
        "a state or a handle, not a function",
    "PyFunc|Print|Debug": "runs code of the user's or for debugging",
    "Random|ParameterizedTruncatedNormal|SampleDistorted":
        "a draw: differences are no reference",
    "CTCBeam|CTCGreedy|EditDistance|GenerateBoundingBox|LoadAndRemap|ArgM":
        "discrete results",
    "Eig$": "complex results of arbitrary phase",
    "": "not covered",
}


# They have no registered gradient; TensorFlow differentiates their bodies.
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


def all_operations() -> Iterable[str]:
  """Operations with floating-point inputs and outputs, or with a gradient."""
  registered = set(ops.gradient_registry.list())
  for name in sorted(n for n in dir(tf.raw_ops) if not n.startswith("_")):
    definition = op_def_registry.get(name)
    if definition is not None and (name in registered or all(
        any(_may_be_float(arg, definition) for arg in args)
        for args in (definition.input_arg, definition.output_arg))):
      yield name


def not_run(op: str) -> operations.Verdict:
  """The row of an operation that there is no case for."""
  gradients = ops.gradient_registry
  if op in _CALLS:
    return operations.Verdict(op, note="not run: a call, as its body")
  if op not in gradients.list():
    return operations.Verdict(
        op, "missing", note="no gradient is registered; not run")
  if gradients.lookup(op) is None:
    return operations.Verdict(
        op, "none", note="declared not differentiable; not run")
  reason = next(text for pattern, text in _REASONS.items()
                if re.search(pattern, op))
  return operations.Verdict(op, note=f"not run: {reason}")


def _may_be_float(arg, definition) -> bool:
  if arg.type in _FLOATS:
    return True
  names = {arg.type_attr, arg.type_list_attr} - {""}
  return any(
      not attr.allowed_values.list.type or
      _FLOATS & set(attr.allowed_values.list.type)
      for attr in definition.attr if attr.name in names)
