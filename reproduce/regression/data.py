"""Data of Section 4.1: points drawn uniformly from a function's domain."""

import dataclasses
from typing import Dict, List, Optional, Sequence
import zlib

import numpy as np
import tensorflow as tf

from sobolev_tf import derivatives, errors, functions


@dataclasses.dataclass(frozen=True)
class RegressionData:
  """Points with values and derivatives, for one model or an ensemble.

  Attributes:
    x: `[..., N, D]`.
    y: `[..., N, 1]`.
    dy_dx: `[..., N, D]`.
    d2y_dx2: `[..., N, D, D]`, or None if only order 1 was asked for.
  """
  x: np.ndarray
  y: np.ndarray
  dy_dx: np.ndarray
  d2y_dx2: Optional[np.ndarray] = None


def sample(function: functions.BenchmarkFunction, count: int, *,
           seed: int, stream: str, order: int = 1) -> RegressionData:
  """Draws points uniformly from the domain (Section 4.1).

  Args:
    function: the benchmark function.
    count: number of points N, at least 1.
    seed: the same arguments give the same points.
    stream: names the use ("train", "validation", "test"): different streams
      are independent of each other, whatever their seeds.
    order: 1, or 2 for Hessians also; the points do not depend on it.

  Returns:
    Points, values and derivatives in float64.

  Raises:
    UserError: if `count` is below 1 or `seed` below 0.
  """
  if count < 1:
    raise errors.UserError(f"A data set needs at least 1 point, got {count}.")
  if seed < 0:
    raise errors.UserError(f"Seeds of data must be >= 0, got {seed}.")
  key = [seed, count, *(zlib.crc32(text.encode())
                        for text in (function.name, stream))]
  low, high = np.array(function.domain).T
  x = np.random.default_rng(key).uniform(low, high, (count, len(low)))
  y, *higher = derivatives.value_and_derivatives(
      function, tf.constant(x), order)
  return RegressionData(
      x, y.numpy()[:, None], *(derivative.numpy() for derivative in higher))


def held_out(targets: Sequence[functions.BenchmarkFunction], count: int,
             stream: str, order: int = 1) -> List[RegressionData]:
  """The held-out points of each of several functions.

  Args:
    targets: the functions; those that come more than once share their points,
      which are drawn once.
    count: number of points N of each, at least 1.
    stream: as `sample` takes it.
    order: as `sample` takes it.

  Returns:
    A data set per entry of `targets`, of seed 0.

  Raises:
    UserError: as `sample`.
  """
  drawn = {
      function: sample(function, count, seed=0, stream=stream, order=order)
      for function in set(targets)}
  return [drawn[function] for function in targets]


def stack(members: Sequence[RegressionData]) -> RegressionData:
  """Puts the data of E members side by side, `[E, N, ...]`."""
  fields = [[getattr(member, field.name) for member in members]
            for field in dataclasses.fields(RegressionData)]
  return RegressionData(*(
      np.stack(arrays) for arrays in fields if arrays[0] is not None))


def mean_squared_errors(
    truth: RegressionData, predictions: Sequence[np.ndarray],
    domain: Sequence[Sequence[float]]) -> Dict[str, float]:
  """Errors of the value and of each derivative.

  Args:
    truth: N points with derivatives up to the order of the predictions.
    predictions: y `[N, 1]`, dy/dx `[N, D]` and, for order 2, d2y/dx2
      `[N, D, D]` at these points.
    domain: per input, its lowest and highest value.

  Returns:
    `mse`, the mean squared error of the value, `gradient_mse`, the mean
    squared Euclidean distance of the gradient, and for order 2 `hessian_mse`,
    the mean squared Frobenius distance of the Hessian; the same
    `_standardised`: divided by the variance of the true value, with inputs in
    units of their standard deviation over the domain.
  """
  low, high = np.array(domain).T
  variance = truth.y.var()
  result = {}
  names = ("mse", "gradient_mse", "hessian_mse")
  targets = (truth.y, truth.dy_dx, truth.d2y_dx2)
  for name, target, prediction in zip(names, targets, predictions):
    error = prediction - target  # [N, 1], [N, D] or [N, D, D]
    entries = tuple(range(1, error.ndim))
    result[name] = np.mean(np.sum(error**2, entries))
    if name != "mse":
      error = error * (high - low) / 12**.5
    if name == "hessian_mse":
      error = error * (high - low)[:, None] / 12**.5
    result[f"{name}_standardised"] = (
        np.mean(np.sum(error**2, entries)) / variance)
  return result
