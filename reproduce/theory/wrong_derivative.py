"""Theorem 2: no function fits f while its derivative fits some other g.

Section 3 of https://arxiv.org/abs/1706.04859: if g is continuous and not f',
there is an eta > 0 such that ||f - h|| >= eta or ||g - h'|| >= eta (sup norms)
for every C^1 function h. The proof is in the paper's supplement; for an
interval the best eta can be computed, which is done here.

With u = g - f' and G an integral of u, for any h and s < t
  G(t) - G(s) = int_s^t (g - h') + (h - f)(t) - (h - f)(s),
so that max(||f - h||, ||g - h'||) >= |G(t) - G(s)| / (t - s + 2). The largest
of these bounds over s and t is attained: write h = f + G + w; then
||g - h'|| <= eta says that w has the Lipschitz constant eta, ||f - h|| <= eta
that w lies between -eta - G and eta - G, and such a w exists exactly if
|G(t) - G(s)| <= eta (t - s + 2) for all s and t (McShane, 1934). That h is
Lipschitz; C^1 functions come arbitrarily close to it.
"""

from typing import Callable, NamedTuple, Sequence, Tuple

import numpy as np
from scipy import integrate, optimize, sparse
import tensorflow as tf

from reproduce.theory import piecewise_linear, shallow
from sobolev_tf import derivatives
from sobolev_tf.networks import mlp
from sobolev_tf.training import ensemble

LOW, HIGH = -1., 1.
_SCALE = 5.  # of hidden weights: bends as sharp as the target's
_SHARPNESS = 1500.  # of the smooth maximum, 1 / units of the error
Curve = Callable[[np.ndarray], np.ndarray]


def value(x):
  """f(x) = sin(pi x)."""
  return np.sin(np.pi * x)


def derivative(x):
  """f'(x) = pi cos(pi x)."""
  return np.pi * np.cos(np.pi * x)


def other(x):
  """g(x) = |x|, an arbitrary continuous function that is not f'."""
  return np.abs(x)


class Bound(NamedTuple):
  """The largest eta of Theorem 2 and where it comes from.

  Attributes:
    eta: no h is closer than this.
    low: s, the left end of the interval that gives it.
    high: t, its right end.
  """
  eta: float
  low: float
  high: float


def lower_bound(difference: Curve, points: int) -> Bound:
  """Computes eta on [-1, 1] from u = g - f'.

  Args:
    difference: u, `[N]` -> `[N]`.
    points: intervals between this many equally spaced points are compared, so
      eta is a bound whatever their number, up to quadrature, and the best one
      for many.

  Returns:
    The bound.
  """
  x, area = _integral(difference, points)
  slopes = np.abs(area[:, None] - area) / (np.abs(x[:, None] - x) + 2)
  s, t = sorted(np.unravel_index(slopes.argmax(), slopes.shape))
  return Bound(float(slopes.max()), float(x[s]), float(x[t]))


def best_function(difference: Curve, eta: float, points: int
                  ) -> Tuple[np.ndarray, np.ndarray]:
  """Constructs the h that attains eta, as h - f on a grid.

  Args:
    difference: u = g - f', `[N]` -> `[N]`.
    eta: from `lower_bound` with as many points.
    points: of the grid.

  Returns:
    x and (h - f)(x), `[N]` each.
  """
  x, area = _integral(difference, points)
  lowest = -eta - area  # of w, which is the smallest such function above it
  w = np.max(lowest - eta * np.abs(x[:, None] - x), axis=-1)
  return x, area + w


def _integral(difference: Curve, points: int):
  x = np.linspace(LOW, HIGH, points)
  fine = np.linspace(LOW, HIGH, 8 * (points - 1) + 1)
  area = integrate.cumulative_simpson(
      difference(fine), x=fine, initial=0.)
  return x, area[::8]


def best_piecewise_linear(pieces: int, points: int
                          ) -> piecewise_linear.PiecewiseLinear:
  """The best piecewise-linear h with equally spaced knots: a linear program.

  Args:
    pieces: number of linear pieces.
    points: of each piece at which the two errors are bounded.

  Returns:
    The h with the smallest max(||f - h||, ||g - h'||) over those points.
  """
  knots = np.linspace(LOW, HIGH, pieces + 1)
  x = np.linspace(knots[:-1], knots[1:], points)  # [P, pieces]
  share = np.linspace(0, 1, points)[:, None] * np.ones(pieces)  # [P, pieces]
  left = np.arange(pieces) * np.ones([points, 1], int)
  width = (HIGH - LOW) / pieces

  def matrix(at_left, at_right):
    rows = np.tile(np.arange(x.size), 2)
    columns = np.concatenate([left.ravel(), left.ravel() + 1]).astype(int)
    entries = np.concatenate([at_left.ravel(), at_right.ravel()])
    return sparse.csr_array(
        (entries, (rows, columns)), shape=(x.size, pieces + 1))

  one = np.ones_like(x) / width
  both = sparse.vstack([matrix(1 - share, share), matrix(-one, one)])
  target = np.concatenate([value(x).ravel(), other(x).ravel()])
  slack = sparse.csr_array(-np.ones([len(target), 1]))
  # Unknowns: h at the knots, then the error. Both signs of each difference.
  result = optimize.linprog(
      np.append(np.zeros(pieces + 1), 1.),
      A_ub=sparse.vstack([
          sparse.hstack([both, slack]), sparse.hstack([-both, slack])]),
      b_ub=np.concatenate([target, -target]), bounds=(None, None))
  return piecewise_linear.interpolate(lambda _: result.x[:-1], knots)


def train(width: int, seeds: Sequence[int], points: int,
          settings: ensemble.Settings, **options) -> mlp.EnsembleMLP:
  """Trains one-hidden-layer tanh networks, which are C^1, on the maximum.

  Args:
    width: hidden units.
    seeds: one per network.
    points: training points, equally spaced.
    settings: how to train.
    **options: `folder`, `log_folder` and `title` of `ensemble.train`.

  Returns:
    The trained ensemble.
  """
  network = shallow.spread_network(width, seeds, 1, tf.tanh, _SCALE)
  x = np.linspace(LOW, HIGH, points)
  points_of = tf.constant(np.stack([x[:, None]] * len(seeds)))  # [E, N, 1]

  def loss(unused_index):
    h, dh_dx = derivatives.value_and_derivatives(
        network, points_of, 1, batch_dims=2)
    errors = tf.abs(tf.concat(
        [h[..., 0] - value(x), dh_dx[..., 0] - other(x)], axis=-1))
    return tf.reduce_logsumexp(_SHARPNESS * errors, axis=-1) / _SHARPNESS

  ensemble.train(
      network, loss, settings,
      identity={"target": "wrong_derivative", "points": points,
                "seeds": list(seeds)}, **options)
  return network


def error(h: np.ndarray, dh_dx: np.ndarray, x: np.ndarray) -> float:
  """max(||f - h||, ||g - h'||) over `[N]` points."""
  return float(max(np.abs(h - value(x)).max(),
                   np.abs(dh_dx - other(x)).max()))
