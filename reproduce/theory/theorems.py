"""Theorems 1 and 2: what networks reach, and what nothing can."""

import functools
from typing import Any, Dict, List

import numpy as np
import tensorflow as tf

from configs import theory as config_lib
from reproduce.theory import outcome, universality, wrong_derivative
from sobolev_tf import derivatives


def theorem1_constructed(config: config_lib.Theorem1, **unused
                         ) -> outcome.Outcome:
  """Errors of the networks that are written down or solved for."""
  rows = []
  for width in config.widths:
    for slope in config.negative_slopes:
      network = universality.construct_1d(width, slope)
      rows += _errors("leaky" if slope else "constructed", 1, width,
                      universality.errors(network, 1, config.error_side[0]))
    bounds = universality.bounds_1d(width)
    rows += _errors("bound", 1, width, dict(
        zip(("value_sup", "derivative_sup"), bounds)))
  for angles in config.angles:
    network = universality.construct_2d(angles, config.fit_side)
    rows += _errors("constructed", 2, angles**2 + 2,
                    universality.errors(network, 2, config.error_side[1]))
  x = tf.constant(universality.grid(1, 512))
  curves = {"x": x[:, 0]}
  for name, function in (("f", universality.target_1d),
                         ("h", universality.construct_1d(config.drawn))):
    y, dy_dx = derivatives.value_and_derivatives(function, x, 1)
    curves |= {name: y[:, 0], f"d{name}": dy_dx[:, 0]}
  return outcome.Outcome(rows, {"theorem1_curves": outcome.table(**curves)})


def _errors(method: str, dimension: int, width: int, errors, seed: int = 0,
            step: int = 0) -> List[Dict[str, Any]]:
  measured = errors if isinstance(errors, dict) else errors._asdict()
  return [
      outcome.row("theorem1", method, metric, value, n=width, seed=seed,
                  step=step, setting=f"dimension={dimension}")
      for metric, value in measured.items()]


def theorem1_trained(config: config_lib.Theorem1, dimension: int, width: int,
                     **options) -> outcome.Outcome:
  """Errors of networks that are trained on values and gradients."""
  network = universality.train(
      width, dimension, config.seeds, config.training_side[dimension - 1],
      config.settings, **options)
  rows = []
  for member, seed in enumerate(config.seeds):
    rows += _errors(
        "trained", dimension, width, universality.errors(
            network.member(member), dimension,
            config.error_side[dimension - 1]), seed, config.settings.steps)
  return outcome.Outcome(rows)


def _difference(x):
  return wrong_derivative.other(x) - wrong_derivative.derivative(x)


def theorem2_bound(config: config_lib.Theorem2, **unused) -> outcome.Outcome:
  """eta, the function that attains it, and the best networks' distances."""
  bound = wrong_derivative.lower_bound(_difference, config.points)
  x, gap = wrong_derivative.best_function(
      _difference, bound.eta, config.points)
  slope = np.diff(gap) / np.diff(x)
  middle = (x[1:] + x[:-1]) / 2
  rows = [outcome.row("theorem2", "bound", metric, value)
          for metric, value in bound._asdict().items()]
  rows.append(outcome.row("theorem2", "best function", "error", max(
      np.abs(gap).max(), np.abs(slope - _difference(middle)).max())))
  rows.append(outcome.row("theorem2", "bound", "difference_sup",
                          np.abs(_difference(x)).max()))
  fine = np.linspace(
      wrong_derivative.LOW, wrong_derivative.HIGH, config.error_points)
  for pieces in config.pieces:
    h = wrong_derivative.best_piecewise_linear(pieces, config.piece_points)
    rows.append(outcome.row(
        "theorem2", "piecewise linear", "error", wrong_derivative.error(
            h(fine), h.derivative(fine), fine), n=pieces))
  for k in config.frequencies:
    rows.append(outcome.row(
        "theorem2", "sin(k pi x)", "eta", wrong_derivative.lower_bound(
            functools.partial(_wave, k), config.points).eta, n=k))
  return outcome.Outcome(rows, {"theorem2_curves": outcome.table(
      x=middle, f=wrong_derivative.value(middle),
      df=wrong_derivative.derivative(middle), g=wrong_derivative.other(middle),
      h=wrong_derivative.value(middle) + (gap[1:] + gap[:-1]) / 2,
      dh=wrong_derivative.derivative(middle) + slope)})


def _wave(k: int, x: np.ndarray) -> np.ndarray:
  return np.sin(k * np.pi * x)


def theorem2_trained(config: config_lib.Theorem2, width: int, **options
                     ) -> outcome.Outcome:
  """How close trained smooth networks come to eta."""
  network = wrong_derivative.train(
      width, config.seeds, config.training_points, config.settings, **options)
  x = np.linspace(
      wrong_derivative.LOW, wrong_derivative.HIGH, config.error_points)
  h, dh_dx = derivatives.value_and_derivatives(
      network, np.stack([x[:, None]] * len(config.seeds)), 1, batch_dims=2)
  return outcome.Outcome([
      outcome.row("theorem2", "trained", "error", wrong_derivative.error(
          h[e, :, 0].numpy(), dh_dx[e, :, 0].numpy(), x), n=width, seed=seed,
                  step=config.settings.steps)
      for e, seed in enumerate(config.seeds)])
