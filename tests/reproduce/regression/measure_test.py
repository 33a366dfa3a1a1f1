"""Tests of errors on held-out points."""

import numpy as np
import pytest
import tensorflow as tf

from reproduce.regression import data as data_lib
from reproduce.regression import fit, measure
from reproduce.regression import units as units_lib
from sobolev_tf import functions
from sobolev_tf.training import loop

BOOTH, WALL = (functions.by_name(n) for n in ("booth", "styblinski_tang"))
TARGETS = [BOOTH, WALL]


def make_trained(units, diverged_at=(None, None)):
  """An ensemble whose members add their two inputs up."""
  return fit.Trained(
      lambda x: tf.reduce_sum(x, -1, keepdims=True), units,
      loop.History([{"step": 400}], list(diverged_at)))


def make_units(x_mean=0., x_scale=1., y_mean=0., y_scale=1.):
  return units_lib.stack([units_lib.Units(
      np.full([1, 2], x_mean), np.full([1, 2], x_scale),
      np.full([1, 1], y_mean), np.full([1, 1], y_scale))] * 2)


@pytest.mark.parametrize("units", [
    {}, {"x_mean": 1., "x_scale": 3., "y_mean": -2., "y_scale": 7.}])
def test_errors_worked_out_by_hand(units):
  count = 1500  # more than one slice of the prediction
  full = {"x_mean": 0., "x_scale": 1., "y_mean": 0., "y_scale": 1., **units}
  measured, _ = measure.held_out_errors(
      make_trained(make_units(**units)), TARGETS, count, "test")
  points = data_lib.sample(BOOTH, count, seed=0, stream="test").x
  x, y = points.T
  booth = (x + 2*y - 7)**2 + (2*x + y - 5)**2
  slope = full["y_scale"] / full["x_scale"]
  model = (x + y - 2 * full["x_mean"]) * slope + full["y_mean"]
  mse = np.mean((model - booth)**2)
  gradient_mse = np.mean(
      (slope - 10*x - 8*y + 34)**2 + (slope - 8*x - 10*y + 38)**2)
  # The domain [-10, 10]² has deviation 20 / sqrt(12) in both directions.
  assert measured == pytest.approx({
      "mse": mse, "mse_standardised": mse / booth.var(),
      "gradient_mse": gradient_mse,
      "gradient_mse_standardised": gradient_mse * 400 / 12 / booth.var(),
  }, rel=1e-5)


def test_hessian_error_worked_out_by_hand():
  measured, _ = measure.held_out_errors(
      make_trained(make_units()), TARGETS, 20, "test", order=2)
  # The model is linear; Booth's Hessian is ((10, 8), (8, 10)).
  booth = data_lib.sample(BOOTH, 20, seed=0, stream="test").y
  assert measured["hessian_mse"] == pytest.approx(2 * 100 + 2 * 64)
  assert measured["hessian_mse_standardised"] == pytest.approx(
      328 * (400 / 12)**2 / booth.var())


def test_streams_are_different_points():
  trained = make_trained(make_units())
  test, validation = (
      measure.held_out_errors(trained, TARGETS, 100, stream)[0]["mse"]
      for stream in ("test", "validation"))
  assert test != validation


def test_diverged_member_is_not_measured():
  first, second = measure.held_out_errors(
      make_trained(make_units(), (None, 300)), TARGETS, 10, "test")
  assert "diverged_at" not in first and np.isfinite(first["mse"])
  assert second.pop("diverged_at") == 300
  assert set(second) == set(first) and np.isnan(list(second.values())).all()


def test_member_whose_errors_are_not_finite_diverged_by_the_end():
  units = make_units()
  units.y_scale[1] = np.inf
  first, second = measure.held_out_errors(
      make_trained(units), TARGETS, 10, "test")
  assert np.isfinite(list(first.values())).all()
  assert second.pop("diverged_at") == 400
  assert np.isnan(list(second.values())).all()


def test_each_member_is_measured_on_its_own_set():
  sets = [data_lib.sample(function, 5, seed=seed, stream="validation")
          for seed, function in enumerate(TARGETS)]
  domains = [function.domain for function in TARGETS]
  both = measure.errors_on(make_trained(make_units()), sets, domains)
  for errors, points, domain in zip(both, sets, domains):
    model = points.x.sum(axis=1, keepdims=True)
    assert errors == pytest.approx(measure.mean_squared_errors(
        points, [model, np.ones([5, 2])], domain), rel=1e-5)
    assert errors["mse"] == pytest.approx(
        np.mean((model - points.y)**2), rel=1e-5)
