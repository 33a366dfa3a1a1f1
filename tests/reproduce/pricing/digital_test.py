"""Labels of a digital option: which are biased, and by how much."""

import numpy as np
import pytest
from scipy import stats

from reproduce.pricing import basket, digital

PATHS = digital.draw(200_000, seed=2)
NEAR = np.abs(PATHS.x[:, 0] - 1.05) < .01
TRUE = digital.prices(PATHS.x[NEAR])


def deviations(label, width, order):
  """How far the mean of labels is off, in standard errors."""
  samples = digital.LABELS[label](PATHS, width)
  error = samples[order][NEAR] - TRUE[order]
  return abs(error.mean()) / (error.std() / np.sqrt(NEAR.sum()))


def test_closed_form():
  x = np.array([[basket.STRIKE], [2.]])
  price = digital.prices(x)
  assert price.y[0, 0] == .5 and price.y[1, 0] > .999
  slope = (digital.prices(x + 1e-6).y - digital.prices(x - 1e-6).y) / 2e-6
  np.testing.assert_allclose(price.dy_dx, slope, rtol=1e-6)


@pytest.mark.parametrize("label", digital.LABELS)
def test_values_are_unbiased_but_for_a_wide_spread(label):
  assert deviations(label, .05, 1) < 4


@pytest.mark.parametrize("label, width, unbiased", [
    ("pathwise", 0., False), ("likelihood ratio", 0., True),
    ("call spread", .05, True), ("call spread", .8, False)])
def test_bias_of_derivatives(label, width, unbiased):
  assert (deviations(label, width, 2) < 4) == unbiased


def test_a_call_spread_has_the_slope_of_its_own_values():
  move = 1e-6
  moved = [digital.call_spread(digital.Paths(
      PATHS.x + step, PATHS.ends + step), .3) for step in (move, -move)]
  slope = (moved[0].y - moved[1].y) / (2 * move)
  found = digital.call_spread(PATHS, .3).dy_dx
  assert np.mean(np.abs(slope - found) > 1e-3) < 1e-4  # kinks only


def test_samples_are_means_over_two_antithetic_paths():
  np.testing.assert_allclose(PATHS.ends.mean(0), PATHS.x[:, 0])
  assert set(np.unique(PATHS.payoff)) == {0., .5, 1.}


@pytest.mark.parametrize("label, width, deviation", [
    ("likelihood ratio", 0., 1.51), ("call spread", .05, 5.99),
    ("call spread", .2, 2.43)])
def test_noise_of_labels_at_the_strike(label, width, deviation):
  """Those that docs/pricing.md names, in closed form."""
  change = PATHS.ends[0] - PATHS.x[:, 0]
  x = np.full_like(PATHS.x, basket.STRIKE)
  samples = digital.LABELS[label](digital.Paths(
      x, np.stack([basket.STRIKE + change, basket.STRIKE - change])), width)
  assert samples.dy_dx.std() == pytest.approx(deviation, rel=.01)
  within = stats.norm.cdf(width / 2 / digital.DEVIATION) * 2 - 1  # both paths
  exact = (np.sqrt(1 - 2 / np.pi) / (2 * digital.DEVIATION) if not width else
           np.sqrt(within * (1 - within)) / width)
  assert exact == pytest.approx(deviation, abs=.005)
