"""Values and gradients of an MLP whose training costs four products a layer.

Nested tapes (`sobolev_tf.derivatives`) spend six matrix products per hidden
layer on a Sobolev step of order 1; a regular step spends three. For a scalar
output two of the six are not needed. With z_l = h_{l-1} W_l + b_l, h_l =
s(z_l), y = z_L, the reverse pass for dy/dx,

  d_L = 1,   d_l = (d_{l+1} W_{l+1}^T) s'(z_l),   dy/dx = d_1 W_1^T,

holds the adjoints d_l = dy/dz_l of the value, too. Let r = dL/dy and
rho = dL/d(dy/dx) be what the loss sends back. The gradient of the weights is
then that of r y + <dy/dx, rho>, with r and rho constant, and <dy/dx, rho> is
the tangent of y along rho, which a forward pass gives:

  t_0 = rho,   t_l = (t_{l-1} W_l) s'(z_l),   <dy/dx, rho> = t_{L-1} W_L.

Where s'' = 0 (ReLU), the tangent is linear in each W_l between the same two
factors as y, so both terms share one product:

  dL/dW_l = (r h_{l-1} + t_{l-1})^T d_l,   dL/db_l = sum r d_l.

Four products: z, d, t, dL/dW. A smooth activation also passes curvature back,
e_L = r, e_l = (e_{l+1} W_{l+1}^T) s'(z_l) + (d_{l+1} W_{l+1}^T) s''(z_l)
(t_{l-1} W_l), and dL/dW_l = h_{l-1}^T e_l + t_{l-1}^T d_l: six products, as
with tapes.

For Eq. 1 of https://arxiv.org/abs/1706.04859 with K = 1 and a scalar output.
"""

from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple, Union

import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.derivatives import linearity, shapes
from sobolev_tf.networks import mlp

Model = Union[mlp.EnsembleMLP, snt.nets.MLP]
# ours: measured on 2 cores with 100 rows, of which 2 blocks gain nothing and
# with 20, of which no blocks gain anything
_BLOCKS = 4
_FEWEST_ROWS = 25  # of a block


class _Layers(NamedTuple):
  """An MLP's parameters, `[*E, in, out]` and their biases, and activation."""
  weights: Sequence[tf.Variable]
  biases: Sequence[tf.Variable]
  activation: mlp.Activation


class _Activated(NamedTuple):
  """A hidden layer: s(z); t -> t s'(z); s''(z), None if that is 0."""
  h: tf.Tensor  # [..., B, H]
  sloped: Callable[[tf.Tensor], tf.Tensor]
  curvature: Optional[tf.Tensor]


def value_and_derivatives(model: Model, x: tf.Tensor, order: int = 1,
                          batch_dims: int = 1) -> Tuple[tf.Tensor, tf.Tensor]:
  """The value and the gradient, as `derivatives.value_and_derivatives`.

  For `SobolevLoss(differentiate=four_products.value_and_derivatives)`. Both
  may be differentiated once, with respect to the weights or `x`; a further
  derivative raises `LookupError`.

  Args:
    model: an `EnsembleMLP` (`batch_dims` 2) or an `snt.nets.MLP` without
      dropout, of one output.
    x: points `[*batch, D]`.
    order: 1.
    batch_dims: number of leading batch axes: 2 for an ensemble, else 1.

  Returns:
    The value `[*batch, 1]` and the gradient `[*batch, D]`.

  Raises:
    UserError: for another order, model or number of outputs.
  """
  layers = _layers(model)
  x = shapes.check_points(x, batch_dims)
  if order != 1 or layers.weights[-1].shape[-1] != 1:
    raise errors.UserError(
        "The four-product path is for order 1 and one output, got order "
        f"{order} and {layers.weights[-1].shape[-1]} outputs: use "
        "sobolev_tf.derivatives.")
  if x.shape.rank != batch_dims + 1 or x.shape.rank != len(
      layers.weights[0].shape):
    raise errors.UserError(
        f"x has the shape {x.shape}, but weights of shape "
        f"{layers.weights[0].shape} need {len(layers.weights[0].shape)} axes.")

  @tf.custom_gradient
  def compute(x, *parameters):
    weights, biases = (parameters[:len(parameters) // 2],
                       parameters[len(parameters) // 2:])
    hidden: List[_Activated] = []
    inputs = [x]
    for w, b in zip(weights[:-1], biases[:-1]):
      hidden.append(_activate(layers.activation, tf.matmul(inputs[-1], w) + b))
      inputs.append(hidden[-1].h)
    y = tf.matmul(inputs[-1], weights[-1]) + biases[-1]  # [..., B, 1]
    adjoints = [tf.ones_like(y)]  # d_L, d_{L-1}, ...; then d_1 first
    back = [_back(adjoints[0], weights[-1])]  # d_{l+1} W_{l+1}^T
    for layer, w in zip(reversed(hidden), reversed(weights[:-1])):
      adjoints.insert(0, layer.sloped(back[0]))
      back.insert(0, _back(adjoints[0], w))

    def gradients(r, rho):
      tangents, moved = [rho], []  # t_l and t_{l-1} W_l
      for layer, w in zip(hidden, weights):
        moved.append(tf.matmul(tangents[-1], w))
        tangents.append(layer.sloped(moved[-1]))
      if all(layer.curvature is None for layer in hidden):
        to_weights = [
            tf.matmul(r * h + t, d, transpose_a=True)
            for h, t, d in zip(inputs, tangents, adjoints)]
        # sum_b r_b d_b, the biases' axis of 1 included
        to_biases = [tf.matmul(r, d, transpose_a=True) for d in adjoints]
        to_x = r * back[0]
      else:
        curved = [r * adjoints[-1]]
        for index in reversed(range(len(hidden))):
          e = hidden[index].sloped(_back(curved[0], weights[index + 1]))
          if hidden[index].curvature is not None:
            e += back[index + 1] * hidden[index].curvature * moved[index]
          curved.insert(0, e)
        to_weights = [
            tf.matmul(h, e, transpose_a=True) +
            tf.matmul(t, d, transpose_a=True)
            for h, e, t, d in zip(inputs, curved, tangents, adjoints)]
        to_x = _back(curved[0], weights[0])
        to_biases = [tf.reduce_sum(e, axis=-2) for e in curved]
      to_biases = [tf.reshape(g, b.shape) for g, b in zip(to_biases, biases)]
      return [tf.raw_ops.PreventGradient(input=g, message=(
          "the four-product path can be differentiated once only; use "
          "sobolev_tf.derivatives")) for g in (to_x, *to_weights, *to_biases)]

    return (y, back[0]), gradients

  parameters = [
      tf.convert_to_tensor(p) for p in (*layers.weights, *layers.biases)]
  alone = batch_dims == 2 and x.shape[0] == layers.weights[0].shape[0] == 1
  if batch_dims == 2 and not alone:
    return compute(x, *parameters)
  if alone:  # products of matrices are faster than those of batches of one
    x, *parameters = (tf.squeeze(t, 0) for t in (x, *parameters))
  blocks = [compute(rows, *parameters) for rows in _blocks(x)]
  value, gradient = (tf.concat(parts, 0) for parts in zip(*blocks))
  return (value[tf.newaxis], gradient[tf.newaxis]) if alone else (
      value, gradient)


def _blocks(x: tf.Tensor) -> List[tf.Tensor]:
  """Cuts `[B, D]` into blocks, whose products XLA runs side by side.

  XLA shares out a single product of a small network among cores badly.
  """
  count = x.shape[0]
  if not count or count % _BLOCKS or count < _BLOCKS * _FEWEST_ROWS:
    return [x]
  return tf.split(x, _BLOCKS)


def _back(d: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
  """d W^T; for one output, an outer product without a matrix product."""
  if d.shape[-1] == 1:
    return d * tf.linalg.matrix_transpose(w)
  return tf.matmul(d, w, transpose_b=True)


def _activate(activation: mlp.Activation, z: tf.Tensor) -> _Activated:
  """Applies an activation that acts on every entry alone."""
  if linearity.is_piecewise_linear(activation, z):
    with tf.GradientTape(
        persistent=True, watch_accessed_variables=False) as tape:
      tape.watch(z)
      h = activation(z)
    # One operation, ReluGrad for ReLU; s'(z) itself would be two more.
    return _Activated(
        h, lambda t: tape.gradient(h, z, output_gradients=t), None)
  with tf.GradientTape(watch_accessed_variables=False) as outer:
    outer.watch(z)
    with tf.GradientTape(watch_accessed_variables=False) as inner:
      inner.watch(z)
      h = activation(z)
    slope = inner.gradient(h, z)
  return _Activated(h, lambda t: t * slope, outer.gradient(slope, z))


def _layers(model: Model) -> _Layers:
  """The model's parameters in the order of its layers."""
  if isinstance(model, mlp.EnsembleMLP):
    return _Layers(model.weights, model.biases, model.activation)
  if (isinstance(model, snt.nets.MLP) and not model._dropout_rate and
      not model._activate_final and
      all(layer.with_bias for layer in model._layers)):
    return _Layers([layer.w for layer in model._layers],
                   [layer.b for layer in model._layers], model._activation)
  raise errors.UserError(
      "The four-product path is for EnsembleMLP, and for snt.nets.MLP with "
      f"biases, without dropout or a final activation; got {model!r}: use "
      "sobolev_tf.derivatives.")
