"""What a model is made of: its operations, as TensorFlow traces them."""

from typing import (
    Any,
    Callable,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Tuple,
)

import tensorflow as tf

# Attributes that name the functions an operation calls ...
_BODIES = ("f", "body", "then_branch", "else_branch", "branches")
# ... and the operations that call them as part of the same program.
CONTROL_FLOW = frozenset(
    "While StatelessWhile If StatelessIf Case StatelessCase".split())
_CALLS = frozenset("PartitionedCall StatefulPartitionedCall".split())


class Trace(NamedTuple):
  """A traced function.

  Attributes:
    operations: in topological order.
    inputs: the tensors it was given.
    outputs: the tensors it returned.
  """
  operations: Tuple[tf.Operation, ...]
  inputs: Tuple[tf.Tensor, ...]
  outputs: Tuple[tf.Tensor, ...]


def trace(function: Callable[[tf.Tensor], tf.Tensor],
          x: tf.Tensor) -> Optional[Trace]:
  """Traces a function in a graph of its own.

  Args:
    function: of one argument.
    x: points `[*batch, *event]`; only shape and type are used.

  Returns:
    The trace; None if the function can only run eagerly.
  """
  try:
    graph = tf.function(function).get_concrete_function(
        tf.TensorSpec(x.shape, x.dtype)).graph
  except Exception:  # whatever a model that only runs eagerly raises
    return None
  return Trace(
      tuple(graph.get_operations()), (graph.inputs[0],), tuple(graph.outputs))


def observe(function: Callable[[tf.Tensor], tf.Tensor],
            x: tf.Tensor) -> Tuple[Any, Trace]:
  """Calls a function inside a graph and notes what that adds to it.

  Args:
    function: of one argument.
    x: a tensor of a graph.

  Returns:
    What the function returned, and the trace.
  """
  graph = tf.compat.v1.get_default_graph()
  if getattr(x, "graph", None) is not graph:
    x = tf.identity(x)
  before = len(graph.get_operations())
  y = function(x)
  return y, Trace(tuple(graph.get_operations()[before:]), (x,),
                  tuple(t for t in tf.nest.flatten(y) if tf.is_tensor(t)))


def differentiated(traced: Trace) -> List[tf.Operation]:
  """The operations on the way of the derivative, from output to input.

  What a custom gradient stands in for, and the ways through integers and
  `tf.stop_gradient`, are left out.

  Args:
    traced: a trace.

  Returns:
    Those of `traced.operations` that are differentiated.
  """
  dependent = {tensor.ref() for tensor in traced.inputs}
  for operation in traced.operations:
    if any(tensor.ref() in dependent for tensor in operation.inputs):
      dependent.update(
          t.ref() for t in operation.outputs if _carries_derivatives(t))
  wanted = {tensor.ref() for tensor in traced.outputs}
  found = []
  for operation in reversed(traced.operations):
    if not any(tensor.ref() in wanted for tensor in operation.outputs):
      continue
    inputs = [t for t in _differentiable_inputs(operation, wanted)
              if t.ref() in dependent]
    if inputs:
      found.append(operation)
      wanted.update(tensor.ref() for tensor in inputs)
  return found[::-1]


def all_operations(operations: Iterable[tf.Operation]
                   ) -> Iterator[tf.Operation]:
  """Operations, and those of the functions that they call."""
  for operation in operations:
    yield operation
    for body in called(operation):
      yield from all_operations(body.operations)


def called(operation: tf.Operation) -> Iterator[Trace]:
  """The functions that an operation calls.

  Args:
    operation: any.

  Yields:
    The trace of each, all of its inputs of floating-point type counted as
    given.
  """
  if operation.type not in _CALLS and operation.type not in CONTROL_FLOW:
    return
  for name in _BODIES:
    try:
      bodies = operation.get_attr(name)
    except ValueError:
      continue
    for body in bodies if isinstance(bodies, list) else [bodies]:
      graph = _function_graph(operation.graph, body)
      if graph is not None:
        yield Trace(
            tuple(graph.get_operations()),
            tuple(filter(_carries_derivatives, graph.inputs)),
            tuple(graph.outputs))


def _function_graph(graph, function) -> Optional[tf.Graph]:
  """The graph of a function's name; graphs know those of the ones around."""
  while graph is not None and hasattr(function, "name"):
    found = graph._get_function(function.name)
    if found is not None:
      return getattr(found, "graph", None)
    graph = getattr(graph, "outer_graph", None)
  return None


def _carries_derivatives(tensor: tf.Tensor) -> bool:
  return (tensor.dtype.is_floating or tensor.dtype.is_complex or
          tensor.dtype == tf.variant)


def _differentiable_inputs(operation: tf.Operation, wanted) -> List[tf.Tensor]:
  if operation.type == "StopGradient":
    return []
  inputs = list(operation.inputs)
  if operation.type == "IdentityN":
    try:
      operation.get_attr("_gradient_op_type")
    except ValueError:
      return inputs
    # tf.custom_gradient: results, then the arguments that lead to them.
    results = 1 + max(
        i for i, t in enumerate(operation.outputs) if t.ref() in wanted)
    return inputs[results:]
  return inputs
