"""Recognises piecewise-linear models, whose second derivatives vanish.

Section 4.1 of https://arxiv.org/abs/1706.04859: "second order derivatives of
ReLU networks with a linear output layer are constant, zero", so training such
a model at order 2 or more changes nothing but its cost.
"""

import warnings

import tensorflow as tf

from sobolev_tf.derivatives import tracing

# Operations that are piecewise linear in all their inputs together ...
_LINEAR = frozenset("""
    Abs Add AddN AddV2 AvgPool AvgPool3D BiasAdd BroadcastTo Cast ConcatV2
    ExpandDims GatherV2 Greater GreaterEqual Identity IdentityN LeakyRelu Less
    LessEqual LogicalAnd LogicalNot LogicalOr Max MaxPool Maximum Mean Min
    Minimum Neg NoOp OnesLike Pack Pad PadV2 Rank Relu Relu6 Reshape Select
    SelectV2 Shape Size Slice Split SplitV Squeeze StridedSlice Sub Sum Tile
    Transpose Unpack ZerosLike
    """.split())
# ... and those that are linear in each while the others are constant.
_BILINEAR = frozenset("""
    BatchMatMulV2 Conv2D Conv3D DepthwiseConv2dNative Einsum MatMul Mul
    """.split())


class PiecewiseLinearWarning(UserWarning):
  """A derivative of order 2 or more is asked of a piecewise-linear model."""


MESSAGE = (
    "The model is piecewise linear (ReLU-like), so its derivatives of order 2 "
    "and above are zero almost everywhere and matching them trains nothing "
    "(order {order} was asked for): use a smooth activation such as "
    "tf.nn.softplus or tf.tanh, or order 1.")


def is_piecewise_linear(model, x: tf.Tensor) -> bool:
  """Whether a model is made of piecewise-linear operations only.

  Decided on the traced operations between input and output, not on numbers,
  so a saturated but curved model is not mistaken for a piecewise-linear one.
  An operation that is not known, such as a call of another `tf.function`,
  counts as curved, and so does a model that cannot be traced.

  Args:
    model: a TensorFlow function of one argument.
    x: points `[*batch, *event]`; only shape and type are used.

  Returns:
    True if all operations on the way are known to be piecewise linear.
  """
  traced = tracing.trace(model, x)
  return traced is not None and is_linear(traced)


def is_linear(traced: tracing.Trace) -> bool:
  """As `is_piecewise_linear`, of a trace."""
  dependent = {tensor.ref() for tensor in traced.inputs}
  for operation in traced.operations:
    inputs = sum(tensor.ref() in dependent for tensor in operation.inputs)
    if not inputs:
      continue
    if not (operation.type in _LINEAR or
            operation.type in _BILINEAR and inputs == 1 or
            operation.type == "RealDiv" and
            operation.inputs[1].ref() not in dependent):
      return False
    dependent.update(tensor.ref() for tensor in operation.outputs)
  return True


def warn_if_piecewise_linear(model, x: tf.Tensor, order: int) -> None:
  """Warns that a model has no such derivative to train.

  Args:
    model: a TensorFlow function of one argument.
    x: points `[*batch, *event]`.
    order: the order asked for, 2 or more.
  """
  if is_piecewise_linear(model, tf.convert_to_tensor(x)):
    warnings.warn(MESSAGE.format(order=order), PiecewiseLinearWarning,
                  stacklevel=3)
