"""Sobolev losses as users write them, by TensorFlow's tapes alone."""

from typing import Callable, Dict, List, NamedTuple, Tuple

import numpy as np
import tensorflow as tf

NAMES = ("order 1", "order 2", "stochastic")


class Loss(NamedTuple):
  """A loss of a model.

  Attributes:
    order: its highest derivative.
    loss: what users call, a function without arguments.
    slow: the same number without vectorised Jacobians.
    targets: values and derivatives, for `SobolevModel`.
  """
  order: int
  loss: Callable[[], tf.Tensor]
  slow: Callable[[], tf.Tensor]
  targets: Tuple[tf.Tensor, ...] = ()


def projections(function, x: tf.Tensor, directions) -> List[tf.Tensor]:
  """f, D_x <f, v>, D_x <D_x <f, v>, u>, ..., a VJP each.

  Args:
    function: maps `[B, *event]` to `[B, 1]`.
    x: points `[B, *event]`.
    directions: v `[B, 1]`, then u, ... `[B, *event]`.

  Returns:
    One tensor more than there are directions.
  """
  if not directions:
    return [function(x)]
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(x)
    lower = projections(function, x, directions[:-1])
    s = lower[-1] * directions[-1]
  d = tape.gradient(s, x)
  return lower + [tf.zeros_like(x) if d is None else d]


def _hessian(function, x: tf.Tensor) -> List[tf.Tensor]:
  """f, D_x f and D_x^2 f, as users write it."""
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(x)
    y, dy_dx = projections(function, x, [tf.ones([x.shape[0], 1], x.dtype)])
  return [y, dy_dx, tape.batch_jacobian(dy_dx, x)]


def _hessian_by_rows(function, x: tf.Tensor) -> List[tf.Tensor]:
  """The same without a vectorised Jacobian: a copy of a point per row."""
  count, size = x.shape[0], int(np.prod(x.shape[1:]))
  shape = [count * size, *x.shape[1:]]
  copies = tf.reshape(tf.repeat(x, size, 0), shape)
  rows = tf.reshape(tf.tile(tf.eye(size, dtype=x.dtype), [count, 1]), shape)
  ones = tf.ones([count * size, 1], x.dtype)
  hessian = projections(function, copies, [ones, rows])[2]
  return projections(function, x, [ones[:count]]) + [
      tf.reshape(hessian, [*x.shape, *x.shape[1:]])]


def _hessian_by_columns(function, x: tf.Tensor) -> List[tf.Tensor]:
  """The same where examples are coupled: of the sum of the batch's."""
  size = int(np.prod(x.shape[1:]))
  with tf.GradientTape(
      persistent=True, watch_accessed_variables=False) as tape:
    tape.watch(x)
    y, dy_dx = projections(function, x, [tf.ones([x.shape[0], 1], x.dtype)])
    components = tf.unstack(tf.reshape(dy_dx, [-1, size]), axis=1)
  columns = [tape.gradient(c, x, unconnected_gradients="zero")
             for c in components]
  return [y, dy_dx, tf.reshape(
      tf.stack(columns, 1), [*x.shape, *x.shape[1:]])]


def make(function, x: tf.Tensor, rng, coupled: bool) -> Dict[str, Loss]:
  """The losses of a model of one output, against random targets.

  Args:
    function: maps `[B, *event]` to `[B, 1]`.
    x: points `[B, *event]`.
    rng: a NumPy generator of targets and projections.
    coupled: whether the output at a point depends on the others.

  Returns:
    A loss per entry of `NAMES`.
  """
  shapes = [[x.shape[0], 1], x.shape, [*x.shape, *x.shape[1:]]]
  targets = [tf.constant(rng.normal(size=shape)) for shape in shapes]
  ones = tf.ones([x.shape[0], 1], x.dtype)
  u = tf.constant(rng.normal(size=x.shape))
  by_one = _hessian_by_columns if coupled else _hessian_by_rows

  def loss(found, against=targets):
    """Mean over examples of squared errors, summed over entries (Eq. 1)."""
    return tf.add_n([tf.reduce_sum((d - t)**2)
                     for d, t in zip(found, against)]) / x.shape[0]

  def gradient():
    return loss(projections(function, x, [ones]))

  def stochastic():
    return loss(projections(function, x, [ones, u]),
                [*targets[:2], targets[1]])

  return dict(zip(NAMES, (
      Loss(1, gradient, gradient, tuple(targets[:2])),
      Loss(2, lambda: loss(_hessian(function, x)),
           lambda: loss(by_one(function, x)), tuple(targets)),
      Loss(2, stochastic, stochastic))))
