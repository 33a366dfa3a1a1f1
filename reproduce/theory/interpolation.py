"""Proposition 1: a ReLU network through any values and gradients.

Section 3 of https://arxiv.org/abs/1706.04859: for any f and g on a finite set
of points there is a network h with h = f and dh/dx = g there. The proof is in
the paper's supplement; this construction is ours and needs one hidden layer.

Take an orthonormal basis u_1, ..., u_D in which no two points share a
coordinate; all but a null set of bases will do. Along u_k put a
piecewise-linear profile p_k whose slope at <u_k, x_i> is <u_k, g_i> and whose
value there is f_i for k = 1 and 0 for the others. Then h = sum_k p_k(<u_k, x>)
has the value f_i and the gradient sum_k <u_k, g_i> u_k = g_i at x_i. With N
points, 2 N knots per profile: D (2 N + 1) units in all.
"""

from typing import Tuple

import numpy as np
import sonnet as snt

from reproduce.theory import piecewise_linear, ridge_network
from sobolev_tf import errors

_BASES = 256  # tried; the best keeps slopes, and so rounding errors, small


def interpolating_network(x: np.ndarray, y: np.ndarray, dy_dx: np.ndarray,
                          negative_slope: float = 0.,
                          seed: int = 0) -> snt.nets.MLP:
  """Constructs a network with given values and gradients at given points.

  Args:
    x: points `[N, D]`, distinct.
    y: values `[N]`, arbitrary.
    dy_dx: gradients `[N, D]`, arbitrary.
    negative_slope: 0 for ReLU, below 1 for leaky ReLU.
    seed: of the bases that are tried.

  Returns:
    A float64 network `[B, D]` -> `[B, 1]` with D (2 N + 1) hidden units. It
    is differentiable around each point.

  Raises:
    UserError: if the shapes do not fit or two points coincide.
  """
  x, y, dy_dx = (np.asarray(array, np.float64) for array in (x, y, dy_dx))
  if x.ndim != 2 or y.shape != x.shape[:1] or dy_dx.shape != x.shape:
    raise errors.UserError(
        "Points [N, D] need values [N] and gradients [N, D], got the shapes "
        f"{x.shape}, {y.shape} and {dy_dx.shape}.")
  basis = separating_basis(x, seed)  # [D, D]
  along, slopes = x @ basis.T, dy_dx @ basis.T  # [N, D]
  values = np.zeros_like(along)
  values[:, 0] = y
  return ridge_network.ridge_network(
      basis,
      [piecewise_linear.through_tangents(*columns)
       for columns in zip(along.T, values.T, slopes.T)], negative_slope)


def separating_basis(x: np.ndarray, seed: int = 0) -> np.ndarray:
  """An orthonormal basis in which no two points share a coordinate.

  Args:
    x: points `[N, D]`, distinct.
    seed: of the random bases, of which the one is taken whose smallest gap
      between coordinates is largest.

  Returns:
    `[D, D]`, one vector per row; the points are farthest apart along the
    first.

  Raises:
    UserError: if two points coincide.
  """
  draws = np.random.default_rng(seed).normal(size=(_BASES, *x.shape[1:] * 2))
  bases = np.linalg.qr(draws)[0].swapaxes(1, 2)  # [M, D, D], rows orthonormal
  along = np.sort(np.einsum("mkd,nd->mkn", bases, x), axis=-1)
  gaps = np.diff(along, axis=-1).min(axis=-1, initial=np.inf)  # [M, D]
  best = gaps.min(axis=-1).argmax()
  if not gaps[best].min() > 0:
    raise errors.UserError(
        "Two points coincide: a network can have one value and gradient at "
        "each point.")
  return bases[best][np.argsort(-gaps[best])]


def random_demands(count: int, dimension: int, seed: int
                   ) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Random points in [-1, 1]^D with unrelated values and gradients.

  Args:
    count: N.
    dimension: D.
    seed: of everything.

  Returns:
    x `[N, D]`, y `[N]` and dy_dx `[N, D]`, the last two standard normal.
  """
  random = np.random.default_rng(seed)
  return (random.uniform(-1, 1, size=(count, dimension)),
          random.normal(size=count), random.normal(size=(count, dimension)))
