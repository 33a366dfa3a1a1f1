"""The basket option: their market, paths and closed form."""

import numpy as np
import pytest

from reproduce.pricing import basket


def test_a_seed_gives_the_notebooks_market_and_paths():
  """Numbers that the notebook's own code gives for the seed it prints."""
  option = basket.Basket(7, 281)
  paths = option.paths(16_384)
  np.testing.assert_allclose(
      paths.x[0], [-.5434604, 2.81006076, .51937498, 1.03556172, .57791385,
                   1.80929067, 1.28744568], atol=1e-8)
  np.testing.assert_allclose(paths.y[0], [.12118919], atol=1e-8)
  np.testing.assert_allclose(
      paths.dy_dx[0], [.08951622, .04947244, .06668744, .1058777, .01265964,
                       .10028521, .07550135], atol=1e-8)
  assert option.weights.sum() == pytest.approx(1.)


def test_payoffs_and_derivatives_average_to_price_and_delta():
  """Over paths that are near the money at T1."""
  option = basket.Basket(3, 5)
  paths = option.paths(200_000)
  # Bachelier's price depends on the spots through the basket alone.
  near = np.abs(paths.x @ option.weights - 1.) < .02
  true = option.prices(paths.x[near])
  for found, exact in zip(paths[1:], true[1:]):
    error = found[near] - exact
    spread = error.std(0) / np.sqrt(near.sum())
    assert (np.abs(error.mean(0)) < 4 * spread).all()


def test_deltas_are_slopes_of_prices():
  option = basket.Basket(4, 0)
  test = option.test(5, seed=1)
  step = np.array([0., 1e-5, 0., 0.])
  slope = (option.prices(test.x + step).y - option.prices(test.x - step).y)
  np.testing.assert_allclose(test.dy_dx[:, 1:2], slope / 2e-5, rtol=1e-6)
