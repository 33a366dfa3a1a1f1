"""One-hidden-layer (leaky) ReLU networks built from ridge functions.

Theorem 1 and Proposition 1 of https://arxiv.org/abs/1706.04859 (Section 3)
speak of the existence of networks. Those built here are sums of profiles
along directions, h(x) = sum_r p_r(<u_r, x>) with p_r piecewise linear, which
is what one hidden layer computes: one unit per knot, and one more per profile
for its linear part.
"""

import functools
from typing import Sequence

import numpy as np
import sonnet as snt
import tensorflow as tf

from reproduce.theory import piecewise_linear
from sobolev_tf import errors


def ridge_network(
    directions: np.ndarray,
    profiles: Sequence[piecewise_linear.PiecewiseLinear],
    negative_slope: float = 0.) -> snt.nets.MLP:
  """Builds the network h(x) = sum_r p_r(<u_r, x>), in float64.

  Args:
    directions: `[R, D]`, the u_r.
    profiles: R functions p_r.
    negative_slope: of the activation: 0 for ReLU, below 1 for leaky ReLU.

  Returns:
    An ordinary Sonnet network `[B, D]` -> `[B, 1]` with one hidden layer of
    sum_r (K_r + 1) units for K_r knots.

  Raises:
    UserError: if there is not one direction per profile or the slope is not
      in [0, 1).
  """
  directions = np.asarray(directions, np.float64)
  if directions.ndim != 2 or len(directions) != len(profiles):
    raise errors.UserError(
        f"directions must be [R, D] with one row per profile, got the shape "
        f"{directions.shape} for {len(profiles)} profiles.")
  if not 0 <= negative_slope < 1:
    raise errors.UserError(
        f"negative_slope must be in [0, 1), got {negative_slope}.")
  weights, biases, outputs, constants = zip(*(
      _units(profile, negative_slope) for profile in profiles))
  activation = tf.nn.relu if negative_slope == 0 else functools.partial(
      _leaky_relu, negative_slope=negative_slope)
  network = snt.nets.MLP([sum(map(len, weights)), 1], activation=activation)
  network(tf.zeros([1, directions.shape[1]], tf.float64))
  hidden, output = (
      layer for layer in network.submodules if isinstance(layer, snt.Linear))
  hidden.w.assign(np.concatenate(
      [w[:, None] * u for w, u in zip(weights, directions)]).T)
  hidden.b.assign(np.concatenate(biases))
  output.w.assign(np.concatenate(outputs)[:, None])
  output.b.assign([sum(constants)])
  return network


def _leaky_relu(z: tf.Tensor, negative_slope: float) -> tf.Tensor:
  """`tf.nn.leaky_relu`, whose slope is rounded to float32."""
  return tf.maximum(z, negative_slope * z)


def _units(profile: piecewise_linear.PiecewiseLinear, a: float):
  """Weights, biases, output weights `[K + 1]` and a constant.

  From the middle knot m outwards, so that few terms add up anywhere:
  p(t) = p(k_m) + s_m (t - k_m) + sum_j c_j relu(z_j) with c_j the change of
  slope at knot j and z_j = k_j - t for j <= m, t - k_j for j > m. With
  l(z) = leaky_relu(z), relu(z) = (l(z) - a z) / (1 - a) and
  z = (l(z) - l(-z)) / (1 + a).
  """
  knots, values, slopes = profile
  middle = (len(knots) - 1) // 2
  signs = np.where(np.arange(len(knots)) <= middle, -1., 1.)
  changes = np.diff(slopes) / (1 - a)
  slope = slopes[middle + 1] - a * np.sum(changes * signs)
  constant = values[middle] + a * np.sum(
      changes * signs * (knots - knots[middle]))
  outputs = np.append(changes, slope / (1 + a))
  outputs[middle] -= slope / (1 + a)
  weights = np.append(signs, 1.)
  return weights, -weights * np.append(knots, knots[middle]), outputs, constant
