"""Errors of trained ensembles on points they were not trained on."""

from typing import Callable, Dict, List, Sequence

import numpy as np

from reproduce import diverged
from reproduce.regression import data as data_lib
from reproduce.regression import fit
from sobolev_tf import functions


def mean_squared_errors(
    truth: data_lib.RegressionData, predictions: Sequence[np.ndarray],
    domain: data_lib.Domain) -> Dict[str, float]:
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
    result[name] = float(np.mean(np.sum(error**2, entries)))
    if name != "mse":
      error = error * (high - low) / 12**.5
    if name == "hessian_mse":
      error = error * (high - low)[:, None] / 12**.5
    result[f"{name}_standardised"] = float(
        np.mean(np.sum(error**2, entries)) / variance)
  return result


def errors_on(trained: fit.Trained, sets: Sequence[data_lib.RegressionData],
              domains: Sequence[data_lib.Domain], order: int = 1
              ) -> List[Dict[str, float]]:
  """Errors of each member on a set of its own.

  Args:
    trained: E members.
    sets: E sets of equally many points.
    domains: of each member's inputs.
    order: of the highest derivative, 1 or 2.

  Returns:
    Per member, its `mean_squared_errors`.
  """
  predictions = trained.predict(np.stack([points.x for points in sets]), order)
  return [
      mean_squared_errors(points, [part[e] for part in predictions], domain)
      for e, (points, domain) in enumerate(zip(sets, domains, strict=True))]


def value_errors(
    targets: Sequence[functions.BenchmarkFunction], points: int, stream: str
) -> Callable[[fit.Trained], List[float]]:
  """What measures the errors of values alone, as a learning curve needs them.

  Args:
    targets: the function of each member.
    points: number of points, the same for every member of a function.
    stream: which points: "test" or "validation".

  Returns:
    A function that takes the trained ensemble and returns the mean squared
    error of each member.
  """
  data = data_lib.stack(data_lib.held_out(targets, points, stream))

  def measure(trained):
    y, = trained.predict(data.x, order=0)
    return np.mean((y - data.y)**2, axis=(1, 2)).tolist()

  return measure


def held_out_errors(
    trained: fit.Trained, targets: Sequence[functions.BenchmarkFunction],
    points: int, stream: str, order: int = 1) -> List[Dict[str, float]]:
  """Errors of each member on held-out points of its function's domain.

  Args:
    trained: E members.
    targets: the function of each.
    points: number of points, the same for every member of a function.
    stream: which points: "test" or "validation".
    order: of the highest derivative to measure, 1 or 2.

  Returns:
    Per member its `mean_squared_errors`, marked (`diverged.marked`) with the
    step by which the loss or an error was not finite, if one was.
  """
  sets = data_lib.held_out(targets, points, stream, order)
  found = errors_on(
      trained, sets, [function.domain for function in targets], order)
  marked = []
  for errors, step in zip(found, trained.history.diverged_at, strict=True):
    if step is None and not np.isfinite(list(errors.values())).all():
      step = trained.history.records[-1]["step"]
    marked.append(diverged.marked(errors, step))
  return marked
