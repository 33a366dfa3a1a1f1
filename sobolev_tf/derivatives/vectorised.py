"""The rows of a Jacobian: one VJP after another, or all at once.

All at once is faster, but there are models of which TensorFlow cannot
vectorise the VJPs, or does it wrongly.
"""

from typing import List, Optional

import tensorflow as tf
from tensorflow.python.ops import control_flow_util

from sobolev_tf import errors
from sobolev_tf.derivatives import operations, tracing


class FailedError(Exception):
  """TensorFlow cannot compute several VJPs of a function at once."""
  ag_pass_through = True


def one_by_one(tape: tf.GradientTape, components: tf.Tensor,
               x: tf.Tensor) -> Optional[tf.Tensor]:
  """The Jacobian of a function's components, a VJP for each.

  Args:
    tape: persistent; it has seen how the components come from x.
    components: `[B, M]`.
    x: points `[B, *event]`.

  Returns:
    `[B, M, *event]`, or None if the components do not depend on x.
  """
  rows = [tape.gradient(components, x, tf.broadcast_to(
      seed, tf.shape(components))) for seed in tf.unstack(
          tf.eye(components.shape[1], dtype=x.dtype))]
  return None if rows[0] is None else tf.stack(rows, axis=1)


def at_once(tape: tf.GradientTape, components: tf.Tensor,
            x: tf.Tensor) -> Optional[tf.Tensor]:
  """As `one_by_one`, all VJPs at once.

  Args:
    tape: need not be persistent.
    components: `[B, M]`.
    x: points `[B, *event]`.

  Returns:
    `[B, M, *event]`, or None if the components do not depend on x.

  Raises:
    FailedError: if TensorFlow cannot do so, or would do it wrongly.
  """
  connected: List[bool] = []

  def row(seed: tf.Tensor) -> tf.Tensor:
    derivative = tape.gradient(
        components, x, tf.broadcast_to(seed, tf.shape(components)))
    connected.append(derivative is not None)
    if _is_vectorised_wrongly():
      raise FailedError
    return tf.zeros_like(x) if derivative is None else derivative

  if _resists():
    raise FailedError
  try:
    rows = tf.vectorized_map(
        row, tf.eye(components.shape[1], dtype=x.dtype),
        fallback_to_while_loop=False)  # [M, B, *event]
  except (errors.UserError, LookupError):  # one by one this fails, too
    raise
  except Exception as error:  # many types, from eager kernels and from traces
    raise FailedError from error
  if not any(connected):
    return None
  return tf.transpose(rows, [1, 0, *range(2, rows.shape.rank)])


def _resists() -> bool:
  """Whether the graph around holds what fails only when it runs vectorised.

  That are grouped convolutions, and loops that XLA is to compile. Eagerly the
  failure itself is met.
  """
  if tf.executing_eagerly():
    return False
  graph = tf.compat.v1.get_default_graph()
  xla = control_flow_util.GraphOrParentsInXlaContext(graph)
  return any(
      xla if operation.type in tracing.CONTROL_FLOW else _is_grouped(operation)
      for operation in tracing.all_operations(graph.get_operations()))


def _is_vectorised_wrongly() -> bool:
  """Whether this graph, of one VJP, holds what would get wrong numbers."""
  graph = tf.compat.v1.get_default_graph()
  rows = [operations.lookup(operation.type) for operation in
          tracing.all_operations(graph.get_operations())]
  return any(row is not None and row.vectorised == "wrong" for row in rows)


def _is_grouped(operation: tf.Operation) -> bool:
  if operation.type not in ("Conv2D", "Conv3D"):
    return False
  channels = operation.get_attr("data_format").index(b"C")
  image, kernel = operation.inputs[0].shape, operation.inputs[1].shape
  return image[channels] != kernel[-2]
