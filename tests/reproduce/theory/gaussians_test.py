"""Proposition 3 for Gaussians: K_sob = 1, K_reg = 3."""

import math

import numpy as np
import pytest
from scipy import stats

from reproduce.theory import gaussians


def cases(count=50):
  random = np.random.default_rng(0)
  for _ in range(count):
    yield gaussians.draw(random), np.sort(random.uniform(-4, 4, 3))


def test_density_and_derivative():
  g, x = gaussians.Gaussian(.5, 1.5), np.linspace(-3, 3, 7)
  np.testing.assert_allclose(g(x), stats.norm(.5, 1.5).pdf(x))
  np.testing.assert_allclose(
      g.derivative(x), (g(x + 1e-6) - g(x - 1e-6)) / 2e-6, rtol=1e-6)


def test_one_value_and_derivative_determine_it():
  for g, x in cases():
    found = gaussians.from_value_and_derivative(
        x[0], float(g(x[0])), float(g.derivative(x[0])))
    np.testing.assert_allclose(found, g, rtol=1e-9, atol=1e-12)
    # No other sigma will do: the value left for it falls without a break.
    r = float(g.derivative(x[0]) / g(x[0]))
    sigma = np.geomspace(1e-3, 1e3, 5001)
    value = -np.log(sigma) - .5 * (r * sigma)**2
    assert (np.diff(value) < 0).all()


def test_derivative_zero_is_no_exception():
  found = gaussians.from_value_and_derivative(2., 1., 0.)
  np.testing.assert_allclose(found, (2., 1 / math.sqrt(2 * math.pi)))


def test_two_values_leave_two():
  for g, x in cases():
    both = gaussians.from_two_values(x[0], x[1], *g.log(x[:2]))
    assert len(both) == 2 and both[0].sigma < both[1].sigma
    for found in both:
      np.testing.assert_allclose(found.log(x[:2]), g.log(x[:2]), atol=1e-9)
    nearest = min(abs(found.sigma - g.sigma) for found in both)
    assert nearest < 1e-6
    # Counted independently: sign changes over a fine grid of sigma.
    sigma = np.geomspace(1e-3 * (x[1] - x[0]), 1e4, 200_001)
    mu = x[:2].mean() - (g.log(x[0]) - g.log(x[1])) * sigma**2 / (x[1] - x[0])
    left = stats.norm.logpdf(x[0], mu, sigma) - g.log(x[0])
    assert np.count_nonzero(np.diff(np.sign(left))) == 2


def test_borderline_and_impossible_pairs_of_values():
  # At x = -1, 1 the same value: the most a density can have is with sigma 1.
  most = float(gaussians.Gaussian(0., 1.).log(1.))
  assert gaussians.from_two_values(-1., 1., most + .1, most + .1) == []
  only = gaussians.from_two_values(-1., 1., most, most)
  assert len({round(found.sigma, 6) for found in only}) <= 1
  assert len(gaussians.from_two_values(-1., 1., most - .1, most - .1)) == 2


def test_three_values_determine_it():
  for g, x in cases():
    found = gaussians.from_three_values(x, g.log(x))
    np.testing.assert_allclose(found, g, rtol=1e-8, atol=1e-8)


def test_two_solutions_differ_at_every_third_point():
  for g, x in cases():
    one, other = gaussians.from_two_values(x[0], x[1], *g.log(x[:2]))
    assert abs(one.log(x[2]) - other.log(x[2])) > 1e-6


@pytest.mark.parametrize("points", [3, 100])
def test_in_the_plane_values_on_a_line_leave_two(points):
  line = np.stack([np.linspace(-3, 3, points), np.zeros(points)], axis=-1)
  density, mirrored = (
      stats.multivariate_normal([.3, y]).logpdf(line) for y in (.7, -.7))
  np.testing.assert_allclose(density, mirrored, rtol=1e-14)
