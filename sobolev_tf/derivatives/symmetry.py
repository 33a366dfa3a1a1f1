"""How far a vector field is from being a gradient (Proposition 4).

Section 4.3 of https://arxiv.org/abs/1706.04859: if a synthetic-gradient module
SG(h, y) is the gradient of a scalar function of h, its Jacobian in h is
symmetric; on a simply connected domain the converse holds too. So
||J - J^T|| / ||J|| measures how far it is from that: 0 for a gradient field,
sqrt(2) on average for a large matrix of independent entries, 2 at most.
"""

import math

import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf.derivatives import shapes


def jacobian_asymmetry(function: derivatives.Function,
                       x: tf.Tensor) -> tf.Tensor:
  """||J - J^T|| / ||J|| in Frobenius norms, per point, from whole Jacobians.

  Points must not influence each other: no batch statistics.

  Args:
    function: a field, maps `[B, *event]` to `[B, *event]`, such as
      `lambda h: module(h, labels)`.
    x: points `[B, *event]`.

  Returns:
    `[B]`; 0 where the Jacobian vanishes.

  Raises:
    UserError: if the field has another shape than its points or does not
      depend on them.
  """
  field, jacobian = derivatives.value_and_derivatives(function, x, 1)
  size = _check(field, x)
  square = tf.reshape(jacobian, [-1, size, size])  # [B, M, M]
  difference = square - tf.linalg.matrix_transpose(square)
  return tf.math.divide_no_nan(
      tf.norm(difference, axis=[1, 2]), tf.norm(square, axis=[1, 2]))


def estimated_jacobian_asymmetry(function: derivatives.Function, x: tf.Tensor,
                                 seed: tf.Tensor, probes: int) -> tf.Tensor:
  """The same without Jacobians, for large fields such as feature maps.

  For v of independent standard normal entries, E|Av|^2 = ||A||^2; with
  A = J - J^T this takes one forward and one backward product per probe.

  Args:
    function: a field, maps `[B, *event]` to `[B, *event]`.
    x: points `[B, *event]`.
    seed: `[2]` integers.
    probes: draws of v. The relative error falls like 1 / sqrt(probes) and
      with the rank of the Jacobian; exactly symmetric stays 0 to rounding.

  Returns:
    `[B]`; 0 where the Jacobian vanishes.

  Raises:
    UserError: as `jacobian_asymmetry`, or if `probes` is not positive.
  """
  if probes < 1:
    raise errors.UserError(f"probes must be at least 1, got {probes}.")
  x = tf.convert_to_tensor(x)
  differences, sizes = [], []
  for probe in range(probes):
    v = tf.random.stateless_normal(
        tf.shape(x), tf.random.fold_in(seed, probe), dtype=x.dtype)
    with tf.autodiff.ForwardAccumulator(x, v) as accumulator:
      field = shapes.check_output(function(x), x, 1)
    size = _check(field, x)
    forward = accumulator.jvp(field)  # J v, [B, *event]
    if forward is None:
      raise shapes.independent_error(function)
    backward = derivatives.projections(function, x, [v])[1]  # J^T v
    differences.append(_squared(forward - backward, size))  # [B]
    sizes.append(_squared(backward, size))
  return tf.sqrt(tf.math.divide_no_nan(tf.add_n(differences), tf.add_n(sizes)))


def _check(field: tf.Tensor, x: tf.Tensor) -> int:
  if not field.shape[1:].is_compatible_with(x.shape[1:]):
    raise errors.UserError(
        f"A field has one number per component of its points: got "
        f"{field.shape} for points of shape {x.shape}.")
  return math.prod(x.shape[1:])


def _squared(tensor: tf.Tensor, size: int) -> tf.Tensor:
  return tf.reduce_sum(tf.reshape(tensor, [-1, size])**2, axis=-1)
