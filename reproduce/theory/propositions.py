"""Propositions 1 to 4: interpolation, identification, symmetry."""

import itertools
import math
from typing import Any, Dict, List

import numpy as np
import tensorflow as tf

from configs import theory as config_lib
from reproduce.theory import (
  gaussians,
  gradient_fields,
  identification,
  interpolation,
  outcome,
)
from sobolev_tf import derivatives

_EXAMPLE = 15  # seed of a set of points that can be told apart in a drawing


def proposition1(config: config_lib.Proposition1, **unused) -> outcome.Outcome:
  """Errors of the constructed networks at the points they are built for."""
  rows = []
  for slope, dimension, n, seed in itertools.product(
      config.negative_slopes, config.dimensions, config.sizes, config.seeds):
    x, y, dy_dx = interpolation.random_demands(n, dimension, seed)
    network = interpolation.interpolating_network(x, y, dy_dx, slope)
    value, gradient = derivatives.value_and_derivatives(
        network, tf.constant(x), 1)
    rows += [
        outcome.row("proposition1", "leaky" if slope else "relu", metric,
                    np.abs(error).max(), n=n, seed=seed,
                    setting=f"dimension={dimension}")
        for metric, error in (("value_error", value[:, 0] - y),
                              ("gradient_error", gradient - dy_dx))]
  x, y, dy_dx = interpolation.random_demands(5, 1, seed=_EXAMPLE)
  grid = np.linspace(-1.1, 1.1, 500)[:, None]
  network = interpolation.interpolating_network(x, y, dy_dx)
  return outcome.Outcome(rows, {
      "proposition1_curve": outcome.table(
          x=grid[:, 0], h=network(tf.constant(grid))[:, 0]),
      "proposition1_points": outcome.table(x=x[:, 0], y=y, dy_dx=dy_dx[:, 0])})


def identify(config: config_lib.Identification, **unused) -> outcome.Outcome:
  """K_reg and K_sob of linear families, and solutions among Gaussians."""
  rows = []
  families = [
      (name, n, make(n)) for name, make, sizes in (
          ("polynomials", identification.polynomials, config.degrees),
          ("hyperplanes", identification.hyperplanes, config.dimensions),
          ("element-wise linear", identification.elementwise_linear,
           config.dimensions)) for n in sizes]
  for name, n, family in families:
    generic = [identification.random_points(family.input_size, seed)
               for seed in range(config.sets)]
    collinear = [identification.collinear_points(family.input_size)]
    for sets, samplers in (("generic", generic), ("all", generic + collinear)):
      for metric in ("K_reg", "K_sob"):
        found = identification.fewest_points(
            family, samplers, metric == "K_sob", config.limit)
        rows.append(outcome.row(
            "identification", name, metric,
            math.inf if found is None else found, n=n, setting=sets))
  for dimension, side in config.grids:
    rows.append(outcome.row(
        "identification", "grid", "K_reg", 1 + identification.largest_open_set(
            identification.elementwise_linear(dimension), side), n=side,
        setting=f"dimension={dimension}"))
  random = np.random.default_rng(0)
  for seed in range(config.gaussians):
    rows += _gaussian(gaussians.draw(random), random.uniform(-3, 3, 3), seed)
  target, x = gaussians.Gaussian(0., 1.), np.linspace(-4, 6, 400)
  both = gaussians.from_two_values(.5, 2., *target.log([.5, 2.]))
  return outcome.Outcome(rows, {"gaussians_curves": outcome.table(
      x=x, **{f"solution_{i}": found(x) for i, found in enumerate(both)})})


def _gaussian(target: gaussians.Gaussian, x: np.ndarray, seed: int
              ) -> List[Dict[str, Any]]:
  """Solves for a density from what is known of it in three ways."""
  solutions = {
      "value+derivative": [gaussians.from_value_and_derivative(
          x[0], float(target(x[0])), float(target.derivative(x[0])))],
      "two values": gaussians.from_two_values(x[0], x[1], *target.log(x[:2])),
      "three values": [gaussians.from_three_values(x, target.log(x))]}
  rows = []
  for known, found in solutions.items():
    error = min(max(abs(a - b) for a, b in zip(s, target)) for s in found)
    rows += [
        outcome.row("identification", f"gaussian, {known}", metric, value,
                    seed=seed)
        for metric, value in (("solutions", len(found)),
                              ("parameter_error", error))]
  return rows


def proposition4(config: config_lib.Proposition4, **unused) -> outcome.Outcome:
  """Asymmetry of the Jacobians of random modules."""
  return outcome.Outcome([
      outcome.row("proposition4", module, "asymmetry", value, n=size, seed=draw)
      for size in config.sizes for module in gradient_fields.MODULES
      for draw, value in enumerate(gradient_fields.asymmetries(
          module, size, config.draws, config.seed))])
