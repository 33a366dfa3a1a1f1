"""How far a synthetic gradient is from being a gradient (Proposition 4).

Section 4.3 of https://arxiv.org/abs/1706.04859: a field SG(h, y) is the
gradient of some function of h only if its Jacobian J = dSG/dh is symmetric.
The measure here is ||J - J^T|| / ||J||, Frobenius norms, per example: 0 for a
gradient field, sqrt(2) for a matrix of independent random entries, 2 for an
antisymmetric one.
"""

from typing import Callable

import tensorflow as tf

from sobolev_tf import derivatives

Field = Callable[[tf.Tensor], tf.Tensor]


def exact(field: Field, h: tf.Tensor) -> tf.Tensor:
  """The asymmetry from whole Jacobians; for activations of up to ~1000 entries.

  Args:
    field: maps `[B, *event]` to the same shape, treating examples
      independently: batch normalisation must be in evaluation mode.
    h: where, `[B, *event]`.

  Returns:
    `[B]`; NaN where the Jacobian is 0.

  Raises:
    UserError: if the field does not depend on h.
  """
  size = h.shape[1:].num_elements()
  jacobian = tf.reshape(
      derivatives.jacobian(field, h), [-1, size, size])  # [B, n, n]
  difference = jacobian - tf.linalg.matrix_transpose(jacobian)
  return tf.norm(difference, axis=[1, 2]) / tf.norm(jacobian, axis=[1, 2])


def projected(field: Field, h: tf.Tensor, probes: int,
              seed: tf.Tensor) -> tf.Tensor:
  """An estimate by random projections, for activations of any size.

  With v standard normal, E||(J - J^T) v||^2 = ||J - J^T||^2 and
  E||J v||^2 = ||J||^2; each probe takes three passes through the field.

  Args:
    field: as for `exact`.
    h: where, `[B, *event]`.
    probes: how many directions v per example; 8 give about one digit, and a
      symmetric Jacobian gives 0 with any number.
    seed: of the directions, int32 `[2]`.

  Returns:
    `[B]`, the root of the ratio of the mean squares over probes.
  """
  top = bottom = tf.zeros(tf.shape(h)[:1], h.dtype)
  for probe in range(probes):
    v = tf.random.stateless_normal(
        tf.shape(h), tf.random.fold_in(seed, probe), dtype=h.dtype)
    forward, backward = _products(field, h, v)
    top += _squared_norm(forward - backward)
    bottom += _squared_norm(forward)
  return tf.sqrt(top / bottom)


def _products(field: Field, h: tf.Tensor, v: tf.Tensor):
  """J v and J^T v; J v as the derivative of w -> J^T w, which is linear."""
  w = tf.identity(v)
  with tf.GradientTape(watch_accessed_variables=False) as outer:
    outer.watch(w)
    with tf.GradientTape(watch_accessed_variables=False) as inner:
      inner.watch(h)
      output = field(h)
    backward = inner.gradient(
        output, h, w, unconnected_gradients=tf.UnconnectedGradients.ZERO)
  forward = outer.gradient(
      backward, w, v, unconnected_gradients=tf.UnconnectedGradients.ZERO)
  return forward, backward


def _squared_norm(vectors: tf.Tensor) -> tf.Tensor:
  """`[B, *event]` -> `[B]`."""
  return tf.reduce_sum(vectors**2, axis=range(1, vectors.shape.rank))
