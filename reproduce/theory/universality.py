"""Theorem 1: ReLU networks approximate values and derivatives together.

Section 3 of https://arxiv.org/abs/1706.04859: a function that is C^1 on a
compact set is approximated arbitrarily well in the Sobolev space S^1 by
networks with one hidden layer of (leaky) ReLUs. Two constructions show it
here, for targets that are C^1 and no smoother:

* in one dimension, the network that joins the target's values at equally
  spaced knots. By the mean value theorem a piece's slope is the target's
  derivative somewhere in it, so with w the modulus of continuity of f' and d
  the distance of the knots, sup|f' - h'| <= w(d), and, since the error is 0
  at both ends of a piece, sup|f - h| <= d w(d) / 2;
* in two dimensions, hinges at equally spaced angles and offsets, and the
  output weights that least squares on values and gradients give.
"""

from typing import Dict, NamedTuple, Sequence, Tuple

import numpy as np
from scipy import linalg
import sonnet as snt
import tensorflow as tf

from reproduce.theory import piecewise_linear, ridge_network, shallow
from sobolev_tf import derivatives, losses
from sobolev_tf.networks import mlp
from sobolev_tf.training import ensemble

LOW, HIGH = -1., 1.  # every domain here is [-1, 1]^D


def target_1d(x: tf.Tensor) -> tf.Tensor:
  """sin(pi x) + |x|^(3/2), `[..., 1]` -> `[..., 1]`; not C^2 at 0."""
  return tf.sin(np.pi * x) + tf.abs(x)**1.5


def target_2d(x: tf.Tensor) -> tf.Tensor:
  """sin(pi x1) x2 + |x1 + x2^2 - 1/2|^(3/2), `[..., 2]` -> `[..., 1]`."""
  x1, x2 = x[..., :1], x[..., 1:]
  return tf.sin(np.pi * x1) * x2 + tf.abs(x1 + x2**2 - .5)**1.5


TARGETS = {1: target_1d, 2: target_2d}  # by dimension


def grid(dimension: int, side: int) -> np.ndarray:
  """The centres of `side` equal cells per axis, `[side^D, D]`.

  With a power of two they are odd multiples of 1 / side, so none is a knot of
  `construct_1d` with less than 2 side units: there a derivative has no value.
  """
  ticks = LOW + (HIGH - LOW) * (np.arange(side) + .5) / side
  axes = np.meshgrid(*[ticks] * dimension, indexing="ij")
  return np.stack(axes, axis=-1).reshape(-1, dimension)


class Errors(NamedTuple):
  """Distances between a network and a target, over the points of a grid.

  Attributes:
    value_sup: largest |f - h|.
    derivative_sup: largest Euclidean norm of Df - Dh.
    value_rms: root of the mean of |f - h|^2: the L2 norm, per unit of volume.
    derivative_rms: the same of |Df - Dh|.
  """
  value_sup: float
  derivative_sup: float
  value_rms: float
  derivative_rms: float


def errors(network, dimension: int, side: int) -> Errors:
  """Measures a float64 network `[B, D]` -> `[B, 1]` on a grid."""
  x = tf.constant(grid(dimension, side))
  predicted, true = (
      derivatives.value_and_derivatives(function, x, 1)
      for function in (network, TARGETS[dimension]))
  value, derivative = (
      np.linalg.norm(p - t, axis=-1) for p, t in zip(predicted, true))  # [B]
  return Errors(*(float(reduced) for reduced in (
      value.max(), derivative.max(), np.mean(value**2)**.5,
      np.mean(derivative**2)**.5)))


def construct_1d(width: int, negative_slope: float = 0.) -> snt.nets.MLP:
  """The network that interpolates `target_1d` at `width` - 1 knots.

  Args:
    width: hidden units, at least 3.
    negative_slope: 0 for ReLU, below 1 for leaky ReLU.

  Returns:
    A float64 network `[B, 1]` -> `[B, 1]`.
  """
  profile = piecewise_linear.interpolate(
      lambda x: target_1d(x).numpy(), np.linspace(LOW, HIGH, width - 1))
  return ridge_network.ridge_network(
      np.ones([1, 1]), [profile], negative_slope)


def bounds_1d(width: int) -> Tuple[float, float]:
  """What `construct_1d` guarantees: sup|f - h| and sup|f' - h'|.

  The modulus of continuity is that of the derivative's values on a fine grid.
  """
  distance = (HIGH - LOW) / (width - 2)
  steps = 64  # per distance
  x = np.arange(LOW, HIGH + distance / 2, distance / steps)[:, None]
  slope = derivatives.gradient(target_1d, x).numpy()[:, 0]
  windows = np.lib.stride_tricks.sliding_window_view(slope, steps + 1)
  modulus = float(np.ptp(windows, axis=-1).max())
  return distance * modulus / 2, modulus


def construct_2d(angles: int, side: int) -> snt.nets.MLP:
  """Hinges in a fixed pattern; output weights by least squares.

  Args:
    angles: directions, equally spaced over half a turn; along each there are
      as many hinges, equally spaced.
    side: points per axis at which values and gradients are fitted, with the
      loss of Section 4.1.

  Returns:
    A float64 network `[B, 2]` -> `[B, 1]` with `angles`^2 + 2 hidden units.
  """
  theta = np.pi * np.arange(angles) / angles
  u = np.stack([np.cos(theta), np.sin(theta)], axis=-1)  # [A, 2]
  reach = np.abs(u).sum(axis=-1, keepdims=True)  # of the square along u
  offsets = reach * np.linspace(-1, 1, angles + 2)[None, 1:-1]
  # Two units that are never off make the linear part.
  weights = np.concatenate([np.repeat(u, angles, axis=0), np.eye(2)])  # [W, 2]
  biases = np.concatenate([-offsets.reshape(-1), [2., 2.]])
  x = grid(2, side)
  z = x @ weights.T + biases  # [N, W]
  jacobian = (z > 0)[:, None, :] * weights.T  # [N, 2, W]
  design = np.concatenate([
      np.column_stack([np.maximum(z, 0), np.ones(len(x))]),
      np.column_stack([jacobian.reshape(-1, len(biases)),
                       np.zeros(2 * len(x))])])
  y, dy_dx = derivatives.value_and_derivatives(target_2d, x, 1)
  solution = linalg.lstsq(
      design, np.concatenate([y[:, 0], np.reshape(dy_dx, -1)]), cond=1e-12,
      lapack_driver="gelsy")[0]
  network = snt.nets.MLP([len(biases), 1])
  network(tf.zeros([1, 2], tf.float64))
  parameters: Dict[str, np.ndarray] = {
      "linear_0/w": weights.T, "linear_0/b": biases,
      "linear_1/w": solution[:-1, None], "linear_1/b": solution[-1:]}
  for variable in network.variables:
    variable.assign(parameters[variable.name.partition("/")[2][:-2]])
  return network


def train(width: int, dimension: int, seeds: Sequence[int], side: int,
          settings: ensemble.Settings, **options) -> mlp.EnsembleMLP:
  """Sobolev Training (Section 4.1's loss) of one-hidden-layer ReLU networks.

  Args:
    width: hidden units.
    dimension: 1 or 2, of the target.
    seeds: one per network.
    side: training points per axis.
    settings: how to train.
    **options: `folder`, `log_folder` and `title` of `ensemble.train`.

  Returns:
    The trained ensemble.
  """
  network = shallow.spread_network(
      width, seeds, dimension, tf.nn.relu, scale=1.)
  x = tf.constant(grid(dimension, side))
  x, *targets = (
      tf.stack([tensor] * len(seeds)) for tensor in (
          x, *derivatives.value_and_derivatives(TARGETS[dimension], x, 1)))
  compare = losses.SobolevLoss(order=1)
  ensemble.train(
      network,
      lambda _: compare(network, x, targets, batch_dims=2).reduce(), settings,
      identity={"target": f"universality.target_{dimension}d", "side": side,
                "seeds": list(seeds)}, **options)
  return network
