"""A basket option on correlated assets in Bachelier's model.

The experiment of B. Huge and A. Savine, Differential Machine Learning (2020),
https://arxiv.org/abs/2005.02347, with the equations and random draws of their
notebook DifferentialMLTF2.ipynb
(https://github.com/differential-machine-learning/notebooks): a seed printed
there gives their market and paths here. Spots S(t) are Gaussian, rates are 0,
and the basket a . S pays max(a . S(T2) - K, 0). Payoffs of single paths, by the
spots at T1, are the training data; prices are known in closed form. Samples
are spots at T1 `[N, D]`, values `[N, 1]` and derivatives by the spots (deltas)
`[N, D]`.
"""

import numpy as np
from scipy import stats

from reproduce.balancing import fit

# Their notebook's constants, in units of today's spots and in years.
STRIKE = 1.1  # K
HORIZON = 1.  # from T1 to T2, and as long from today to T1
VOLATILITY = .2  # of the basket
WIDENING = 1.5  # of the volatility up to T1, for more samples in the wings
_LOWEST, _HIGHEST = .5, 1.5  # of test spots, before the correction for D


class Basket:
  """A market of D assets with random weights, volatilities, correlations."""

  def __init__(self, assets: int, seed: int):
    """Draws the market.

    Args:
      assets: their number D.
      seed: of the market and of `paths`.
    """
    self._random = random = np.random.RandomState(seed)  # as theirs
    draws = random.uniform(-1., 1., [2 * assets, assets])
    covariance = draws.T @ draws
    deviations = np.sqrt(np.diagonal(covariance))
    correlation = covariance / np.outer(deviations, deviations)
    weights = random.uniform(1., 10., assets)
    self.weights = weights / weights.sum()  # a, [D]
    volatilities = random.uniform(5., 50., assets)
    weighted = self.weights * volatilities
    volatilities *= VOLATILITY / np.sqrt(weighted @ correlation @ weighted)
    self._factor = np.linalg.cholesky(  # of one year's covariance
        correlation * np.outer(volatilities, volatilities))

  def paths(self, count: int) -> fit.Data:
    """Spots at T1, payoffs at T2 and pathwise derivatives.

    A sample is the mean over two antithetic paths after T1; the derivative of
    a payoff by the spots is a where it is exercised, else 0.

    Args:
      count: of samples N. Their notebook draws as many as its largest training
        set has, and takes the first ones for the others.
    """
    first, second = self._random.normal(
        size=[2, count, len(self.weights)])
    spots = 1. + first @ self._factor.T * WIDENING
    change = second @ self._factor.T * np.sqrt(HORIZON)
    ends = np.stack([spots + change, spots - change]) @ self.weights  # [2, N]
    payoff = np.maximum(ends - STRIKE, 0.).mean(0)
    exercised = (ends > STRIKE).mean(0)
    return fit.Data(spots, payoff[:, np.newaxis],
                    np.outer(exercised, self.weights))

  def prices(self, spots: np.ndarray) -> fit.Data:
    """Prices and deltas in closed form: Bachelier's formula.

      s sqrt(T) (d Phi(d) + phi(d)), d = (a . S - K) / (s sqrt(T))

    Args:
      spots: `[N, D]`.
    """
    deviation = VOLATILITY * np.sqrt(HORIZON)
    d = (spots @ self.weights - STRIKE) / deviation
    price = deviation * (d * stats.norm.cdf(d) + stats.norm.pdf(d))
    return fit.Data(spots, price[:, np.newaxis],
                    np.outer(stats.norm.cdf(d), self.weights))

  def test(self, count: int, seed: int) -> fit.Data:
    """Uniform spots in a cube, which is wider for more assets (theirs).

    Args:
      count: of points.
      seed: theirs was not fixed.
    """
    assets = len(self.weights)
    wider = 1. + .5 * np.sqrt((assets - 1) * (_HIGHEST - _LOWEST) / 12)
    return self.prices(np.random.default_rng(seed).uniform(
        1. - (1. - _LOWEST) * wider, 1. + (_HIGHEST - 1.) * wider,
        [count, assets]))
