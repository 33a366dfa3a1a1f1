"""Counts the multiply-adds of a traced graph."""

import math

import tensorflow as tf


def multiply_adds(graph: tf.Graph) -> int:
  """Counts the multiply-adds of convolutions and products that are needed.

  Args:
    graph: of a concrete function whose shapes are all known.

  Returns:
    The count; element-wise operations are left out.
  """
  seen, waiting = set(), [t.op for t in graph.outputs] + [
      op for op in graph.get_operations() if op.op_def.is_stateful
      and "Assign" in op.type]
  total = 0
  while waiting:
    operation = waiting.pop()
    if operation.name in seen:
      continue
    seen.add(operation.name)
    waiting += [t.op for t in operation.inputs] + operation.control_inputs
    total += _of_operation(operation)
  return total


def _of_operation(operation: tf.Operation) -> int:
  def size(tensor) -> int:
    return math.prod(tensor.shape.as_list())
  if operation.type == "MatMul":
    first = operation.inputs[0].shape.as_list()
    inner = first[0 if operation.get_attr("transpose_a") else 1]
    return size(operation.outputs[0]) * inner
  # A convolution of images x to y with weights w costs |y| |w| / channels of
  # y, and so do both of its gradients.
  if operation.type == "Conv2D":
    w, y = operation.inputs[1], operation.outputs[0]
  elif operation.type == "Conv2DBackpropInput":
    w, y = operation.inputs[1], operation.inputs[2]
  elif operation.type == "Conv2DBackpropFilter":
    w, y = operation.outputs[0], operation.inputs[2]
  else:
    return 0
  return size(y) * size(w) // y.shape[-1]
