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

import functools
import itertools
from typing import List, Tuple

import numpy as np
import sonnet as snt
import tensorflow as tf

from configs import theory as config_lib
from reproduce import experiment, look, markdown, run, tables
from reproduce import rows as rows_lib
from reproduce.theory import piecewise_linear, ridge_network
from sobolev_tf import derivatives, errors

_BASES = 256  # tried; the best keeps slopes, and so rounding errors, small
_EXAMPLE = 15  # seed of a set of points that can be told apart in a drawing
_CURVE, _POINTS = "tables/proposition1_curve", "tables/proposition1_points"


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


def parts(config: config_lib.Proposition1) -> List[run.Part]:
  """All random sets."""
  return [run.Part("proposition1", functools.partial(_compute, config),
                   [_CURVE, _POINTS])]


def _compute(config: config_lib.Proposition1, unused_job: run.Job
             ) -> run.Outcome:
  """Errors of the constructed networks at the points they are built for."""
  rows = []
  for slope, dimension, n, seed in itertools.product(
      config.negative_slopes, config.dimensions, config.sizes, config.seeds):
    x, y, dy_dx = random_demands(n, dimension, seed)
    value, gradient = derivatives.value_and_derivatives(
        interpolating_network(x, y, dy_dx, slope), tf.constant(x), 1)
    rows += [
        rows_lib.Row("proposition1", "leaky" if slope else "relu", metric,
                     np.abs(error).max(), n=n, seed=seed,
                     settings={"dimension": dimension})
        for metric, error in (("value_error", value[:, 0] - y),
                              ("gradient_error", gradient - dy_dx))]
  x, y, dy_dx = random_demands(5, 1, seed=_EXAMPLE)
  grid = np.linspace(-1.1, 1.1, 500)[:, None]
  network = interpolating_network(x, y, dy_dx)
  return run.Outcome(rows, {
      _CURVE: tables.records(
          x=grid[:, 0], h=network(tf.constant(grid))[:, 0]),
      _POINTS: tables.records(x=x[:, 0], y=y, dy_dx=dy_dx[:, 0])})


def write(results: experiment.Results) -> str:
  """Draws Proposition 1."""
  curve = results.columns(_CURVE)
  points = results.columns(_POINTS)
  drawing, (left, right) = look.canvas(9., 3.3, 2)
  left.plot(curve["x"], curve["h"], color=look.BLUE)
  left.plot(points["x"], points["y"], "o", color=look.BLACK, zorder=3)
  for x, y, slope in zip(*points.values()):
    reach = .08 / np.hypot(1, slope / 3)
    left.plot([x - reach, x + reach], [y - reach * slope, y + reach * slope],
              color=look.RED, linewidth=5, alpha=.5)
  left.set_title("a network through 5 values and slopes", fontsize=9)
  dimensions = rows_lib.distinct(results.rows, "dimension")
  for i, dimension in enumerate(dimensions):
    n, errors = rows_lib.by_setting(
        results.rows, "n", method="relu", metric="gradient_error",
        dimension=dimension)
    right.loglog(n, np.maximum(errors.max(axis=1), 1e-17),
                 "osD^v"[i % 5] + "-", markersize=4,
                 color=(look.BLACK, look.BLUE, look.RED,
                        look.GREY)[i % 4],
                 label=f"d = {dimension}")
  right.set_title("largest error of the gradient (ReLU)", fontsize=9)
  right.set_xlabel("points", fontsize=8)
  right.set_ylim(1e-17, 1e-9)
  right.set_xticks(n, [f"{size}" for size in n])
  right.minorticks_off()
  right.legend(fontsize=7, frameon=False)
  look.save(drawing, results.folder / "proposition1.png")
  rows = results.rows
  sets = len({(row.settings["dimension"], row.n, row.seed)
              for row in rows})
  return (
      "### Proposition 1: any values and gradients on a finite set\n\n"
      "![Proposition 1](proposition1.png)\n\n"
      "Paper: for any f and g on a finite set there is a (leaky) ReLU network "
      "with h = f and ∂h/∂x = g on it. Ours is constructed, not trained: one "
      "hidden layer, d(2N + 1) units for N points in d dimensions, a sum of "
      "piecewise-linear profiles along an orthonormal basis in which no two "
      "points share a coordinate (`reproduce/theory/proposition1.py`). "
      f"Largest errors over {sets} random sets, in float64:\n\n"
      + markdown.table(
          ["activation", "value", "gradient"],
          [[label, *(
              f"{max(rows_lib.values(rows, method=method, metric=metric)):.1e}"
              for metric in ("value_error", "gradient_error"))]
           for method, label in (("relu", "ReLU"), ("leaky", "leaky ReLU"))])
      + "\nThe construction is exact, so these errors are rounding. They grow "
      "with the conditioning of the points: the closer two coordinates along "
      "the basis, the steeper the piece between them.\n")
