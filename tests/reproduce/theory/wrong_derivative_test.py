"""Theorem 2: nothing gets below eta, and eta is attained."""

import numpy as np
import pytest

from reproduce.theory import wrong_derivative
from sobolev_tf import derivatives
from sobolev_tf.training import ensemble

X = np.linspace(-1, 1, 4001)


def difference(x):
  return wrong_derivative.other(x) - wrong_derivative.derivative(x)


ETA = wrong_derivative.lower_bound(difference, 1001).eta


def test_eta_of_a_constant_difference_by_hand():
  # The integral of 3 over [-1, 1] is 6: 6 / (2 + 2).
  bound = wrong_derivative.lower_bound(lambda x: 3 + 0 * x, 11)
  assert bound == pytest.approx((1.5, -1., 1.))


def test_eta_vanishes_with_the_difference_only():
  assert wrong_derivative.lower_bound(lambda x: 0 * x, 11).eta == 0
  assert wrong_derivative.lower_bound(
      lambda x: np.maximum(0, .01 - np.abs(x)), 1001).eta > 0


def test_fewer_points_give_a_lower_bound():
  # On these grids each is a part of the next.
  etas = [wrong_derivative.lower_bound(difference, n).eta
          for n in (11, 101, 1001)]
  assert etas[0] < etas[1] + 1e-6 < etas[2] + 2e-6  # quadrature: 1e-7
  assert etas[2] - etas[1] < 1e-3


@pytest.mark.parametrize("u", [
    difference, lambda x: np.sin(7 * x), lambda x: np.clip(
        20 * np.sin(9 * x + 1), -1, 1), lambda x: 1 + 0 * x])
def test_eta_is_attained(u):
  points = 1001
  eta = wrong_derivative.lower_bound(u, points).eta
  x, gap = wrong_derivative.best_function(u, eta, points)
  assert np.abs(gap).max() <= eta + 1e-12  # ||f - h||
  # h' - f' between neighbours, against the mean of u there: ||g - h'||.
  fine = np.linspace(-1, 1, 10 * (points - 1) + 1)
  middle = (fine[1:] + fine[:-1]) / 2
  mean = u(middle).reshape(-1, 10).mean(axis=1)
  assert np.abs(np.diff(gap) / np.diff(x) - mean).max() <= eta + .02


def random_smooth(seed):
  """A random C^1 function and its derivative, near f."""
  random = np.random.default_rng(seed)
  a, k, p = random.normal(size=(3, 5))
  waves = k[:, None] * 4 * X + p[:, None]
  scale = random.uniform(0, .5)
  return (scale * a @ np.sin(waves) + wrong_derivative.value(X),
          scale * a * 4 * k @ np.cos(waves) + wrong_derivative.derivative(X))


def test_no_function_is_below_eta():
  for seed in range(200):
    assert wrong_derivative.error(*random_smooth(seed), X) >= ETA
  for blend in np.linspace(0, 1, 11):  # between f and the integral of g
    h = (1 - blend) * wrong_derivative.value(X) + blend * X * np.abs(X) / 2
    slope = ((1 - blend) * wrong_derivative.derivative(X) +
             blend * wrong_derivative.other(X))
    assert wrong_derivative.error(h, slope, X) >= ETA


def test_best_piecewise_linear_functions_approach_eta():
  found = []
  for pieces in (4, 16, 64):
    h = wrong_derivative.best_piecewise_linear(pieces, 9)
    found.append(wrong_derivative.error(h(X), h.derivative(X), X) - ETA)
  assert .1 > found[0] > 2 * found[1] > 4 * found[2] > 0


def test_trained_networks_come_close_from_above():
  network = wrong_derivative.train(8, (0,), 64, ensemble.Settings(400, 2e-2))
  h, slope = derivatives.value_and_derivatives(
      network, X[None, :, None], 1, batch_dims=2)
  error = wrong_derivative.error(
      h[0, :, 0].numpy(), slope[0, :, 0].numpy(), X)
  assert ETA < error < 1.5 * ETA
