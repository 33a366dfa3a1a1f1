"""Tests of the aggregates over cells, against rliable's numbers."""

import math

import numpy as np
import pytest

from reproduce import aggregates

# rliable 1.2.0 (pandas 2.3.3, arch 7.2.0) on these two matrices of scores, of
# which higher is better there: get_interval_estimates with 20,000 repetitions
# (4,000 for the probability), create_performance_profile at -1, -.5, ..., 1.
A = np.array([[.13, -.13, .64], [.10, -.54, .36], [1.30, .95, -.70],
              [-1.27, -.62, .04]])
B = np.array([[-1.83, .28, -.75], [-.23, -.04, .18], [.91, 1.54, .37],
              [1.87, -.17, .85], [1.40, .59, -.24]])
THRESHOLDS = np.linspace(-1, 1, 5)
NEAR = {"atol": .05}  # the ends' Monte Carlo error here


@pytest.mark.parametrize("scores, expected", [
    (A, (-.00666667, -.41833333, .47)),
    (B, (.30444444, -.10444444, .79)),
])
def test_interquartile_mean_is_rliables(scores, expected):
  found = aggregates.interquartile_mean(scores)
  assert found.estimate == pytest.approx(expected[0], abs=1e-8)
  np.testing.assert_allclose(found[1:3], expected[1:], **NEAR)


def test_probability_of_improvement_is_rliables():
  found = aggregates.improvement(-B, -A)  # lower is better
  assert found.estimate == pytest.approx(.61666667)
  np.testing.assert_allclose(found[1:3], (.38333333, .83333333), **NEAR)
  assert aggregates.improvement(-A, -B).estimate == pytest.approx(1 - .61666667)


def test_profiles_are_rliables():
  found = np.array(aggregates.profile(-A, -THRESHOLDS))[:, :3].T
  np.testing.assert_allclose(
      found[0], [.91666667, .66666667, .58333333, .25, .08333333])
  np.testing.assert_allclose(
      found[1], [.75, .41666667, .33333333, 0., 0.], **NEAR)
  np.testing.assert_allclose(
      found[2], [1., .91666667, .83333333, .5, .25], **NEAR)


def test_the_same_scores_give_the_same_interval():
  assert aggregates.interquartile_mean(A) == aggregates.interquartile_mean(A)


def test_scores_are_ratios_to_the_reference_of_shared_seeds():
  errors = {
      "regular": [{0: 1., 1: 4., 2: 9.}, {0: 100., 1: 100.}],
      "sobolev": [{0: 1., 1: math.nan}, {0: 50., 1: 200.}],
      "partial": [{0: 1., 1: 1.}, {}]}
  found = aggregates.scores(errors, "regular")
  assert list(found) == ["regular", "sobolev"]
  np.testing.assert_allclose(np.exp(found["regular"]), [[.5, 1.], [2., 1.]])
  np.testing.assert_allclose(
      np.exp(found["sobolev"]), [[.5, .5], [np.inf, 2.]])
  assert aggregates.scores({"sobolev": errors["sobolev"]}, "regular") == {}
  assert aggregates.scores(
      {"regular": [{0: 1.}], "sobolev": [{1: 1.}]}, "regular") == {}


def test_errors_without_a_logarithm():
  errors = {"regular": [{0: 1., 1: 1.}], "sobolev": [{0: 0., 1: 1.}]}
  found = aggregates.scores(errors, "regular")
  np.testing.assert_array_equal(found["sobolev"], [[-np.inf], [0.]])
  assert aggregates.improvement(
      found["sobolev"], found["regular"]).estimate == .75
  lost = {"regular": [{0: math.nan, 1: 0.}], "sobolev": errors["sobolev"]}
  assert aggregates.scores(lost, "regular") == {}


def test_a_diverged_run_is_worse_than_any():
  scores = np.array([[0.], [1.], [2.], [np.inf]])
  assert aggregates.interquartile_mean(scores).estimate == 1.5
  found = aggregates.improvement(np.zeros([2, 1]), np.array([[np.inf], [0.]]))
  assert found.estimate == .75


def test_section(tmp_path):
  errors = {
      "regular": [{s: 1. + .1 * s for s in range(4)}] * 2,
      "sobolev": [{s: .1 + .01 * s for s in range(4)}] * 2}
  arguments = ("regular", {"regular": "regular", "sobolev": "Sobolev"},
               {"regular": "blue", "sobolev": "red"}, "test KL",
               tmp_path / "profile.png")
  text = aggregates.write(errors, *arguments)
  assert "| Sobolev | 0.10" in text and "| 1.00 [1.00, 1.00] |" in text
  assert "2 cells of 4 seeds" in text
  assert arguments[-1].stat().st_size > 5_000
  assert aggregates.write({"regular": errors["regular"]}, *arguments) == ""
