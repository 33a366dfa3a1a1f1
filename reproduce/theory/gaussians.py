"""Proposition 3 for Gaussian densities: one derivative saves two points.

Section 3 of https://arxiv.org/abs/1706.04859: K_sob(F_G) < K_reg(F_G) for
F_G, the densities N(x; mu, sigma^2). Solved here, with nothing excluded:

* One value v > 0 and derivative d determine the density. With r = d / v,
  mu = x + r sigma^2 and log v = -log(sigma sqrt(2 pi)) - r^2 sigma^2 / 2,
  which falls from infinity to minus infinity as sigma grows: one solution.
* Two values do not. Their ratio gives mu for every sigma, and what is left
  for sigma rises and then falls: two solutions, or one if the maximum is just
  reached.
* Three values do: log v is a quadratic of x, which has three coefficients.

So K_sob = 1 and K_reg = 3.
"""

import math
from typing import List, NamedTuple

import numpy as np
from scipy import optimize

_LOG_ROOT = .5 * math.log(2 * math.pi)


class Gaussian(NamedTuple):
  """A normal density.

  Attributes:
    mu: its mean.
    sigma: its standard deviation, above 0.
  """
  mu: float
  sigma: float

  def __call__(self, x):
    """The density at `[...]` points."""
    return np.exp(self.log(x))

  def log(self, x):
    """Its logarithm."""
    z = (np.asarray(x) - self.mu) / self.sigma
    return -.5 * z**2 - math.log(self.sigma) - _LOG_ROOT

  def derivative(self, x):
    """The derivative of the density."""
    return self(x) * (self.mu - np.asarray(x)) / self.sigma**2


def from_value_and_derivative(x: float, value: float, derivative: float
                              ) -> Gaussian:
  """The one density with a given value and derivative at a point."""
  ratio = derivative / value

  def residual(log_sigma):
    return (math.log(value) + log_sigma + _LOG_ROOT +
            .5 * ratio**2 * math.exp(2 * log_sigma))

  high = -math.log(value) - _LOG_ROOT  # without the quadratic term
  low = high - 1
  while residual(low) > 0:
    low = high - 2 * (high - low)
  sigma = math.exp(optimize.brentq(residual, low, high, xtol=1e-15))
  return Gaussian(x + ratio * sigma**2, sigma)


def from_two_values(x1: float, x2: float, log1: float, log2: float
                    ) -> List[Gaussian]:
  """All densities with two given values.

  Args:
    x1: a point.
    x2: another.
    log1: logarithm of the value at x1.
    log2: the same at x2.

  Returns:
    No density, one or two.
  """
  middle, distance, change = (x1 + x2) / 2, x2 - x1, log1 - log2

  def mean(sigma):
    return middle - change * sigma**2 / distance

  def excess(log_sigma):
    sigma = math.exp(log_sigma)
    return Gaussian(mean(sigma), sigma).log(x1) - log1

  # Stationary where change^2 s^2 / distance^2 + s = distance^2 / 4, s=sigma^2.
  quarter = distance**2 / 4
  top = 2 * quarter / (1 + math.sqrt(1 + 4 * (change / distance)**2 * quarter))
  peak = .5 * math.log(top)
  if excess(peak) < 0:
    return []
  if excess(peak) == 0:
    return [Gaussian(mean(math.exp(peak)), math.exp(peak))]
  found = []
  for step in (-1., 1.):
    end = peak + step
    while excess(end) > 0:
      end += step
    sigma = math.exp(optimize.brentq(excess, *sorted((peak, end)), xtol=1e-15))
    found.append(Gaussian(mean(sigma), sigma))
  return found


def from_three_values(x: np.ndarray, logs: np.ndarray) -> Gaussian:
  """The one density with three given values.

  Args:
    x: three distinct points.
    logs: logarithms of the values there.

  Returns:
    The density, if the values are those of one.
  """
  shift = x.mean()
  curvature, slope, _ = np.linalg.solve(
      np.vander(x - shift, 3), logs)  # log v = c t^2 + s t + ...
  return Gaussian(shift - slope / (2 * curvature),
                  math.sqrt(-1 / (2 * curvature)))


def draw(random: np.random.Generator) -> Gaussian:
  """A random density: mean in [-2, 2], deviation in [1/2, 2]."""
  return Gaussian(random.uniform(-2, 2), random.uniform(.5, 2))
