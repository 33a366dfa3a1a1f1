"""A digital option in Bachelier's model and estimates of its delta.

It pays 1 if the spot at T2 is above the strike. Its price Phi(d) is smooth,
but the derivative of a path's payoff is 0 wherever it exists, so that the mean
of pathwise derivatives is 0 and not the delta. (P. Glasserman, Monte Carlo
Methods in Financial Engineering, 2003, Section 7.2: the derivative of an
expectation is the expected derivative of continuous payoffs only.) Constants
are those of `basket`, with one asset.
"""

from typing import Callable, Dict, NamedTuple

import numpy as np
from scipy import stats

from reproduce.balancing import fit
from reproduce.pricing import basket

DEVIATION = basket.VOLATILITY * np.sqrt(basket.HORIZON)  # from T1 to T2


class Paths(NamedTuple):
  """Two antithetic paths per sample.

  Attributes:
    x: spots at T1, `[N, 1]`.
    ends: spots at T2, `[2, N]`.
  """
  x: np.ndarray
  ends: np.ndarray

  @property
  def payoff(self) -> np.ndarray:
    """Means over the two paths, `[N, 1]`."""
    return _per_sample(self.ends > basket.STRIKE)


def draw(count: int, seed: int) -> Paths:
  """Draws paths.

  Args:
    count: of samples N.
    seed: of the draws.
  """
  first, second = np.random.default_rng(seed).normal(size=[2, count])
  x = 1. + basket.WIDENING * basket.VOLATILITY * first
  change = DEVIATION * second
  return Paths(x[:, np.newaxis], np.stack([x + change, x - change]))


def pathwise(paths: Paths, width: float) -> fit.Data:
  """Payoffs and derivatives of payoffs, which are 0: biased."""
  del width
  return fit.Data(paths.x, paths.payoff, np.zeros_like(paths.x))


def likelihood_ratio(paths: Paths, width: float) -> fit.Data:
  """Payoffs times d/dx log p(S(T2) | x): unbiased, with a large variance.

    1[S(T2) > K] (S(T2) - x) / s^2 T
  """
  del width
  score = (paths.ends - paths.x[:, 0]) / DEVIATION**2  # [2, N]
  return fit.Data(paths.x, paths.payoff,
                  _per_sample((paths.ends > basket.STRIKE) * score))


def call_spread(paths: Paths, width: float) -> fit.Data:
  """A ramp in place of the jump, values and derivatives: little of both.

    min(max((S(T2) - K) / w + 1/2, 0), 1)

  is the difference of two calls, so that pathwise derivatives are unbiased
  for its own price, which is off the digital's by O(w^2).
  """
  ramp = (paths.ends - basket.STRIKE) / width + .5
  return fit.Data(
      paths.x, _per_sample(np.clip(ramp, 0., 1.)),
      _per_sample((ramp > 0.) & (ramp < 1.)) / width)


def prices(x: np.ndarray) -> fit.Data:
  """Prices Phi(d) and deltas phi(d) / (s sqrt(T)) in closed form.

  Args:
    x: spots at T1, `[N, 1]`.
  """
  d = (x - basket.STRIKE) / DEVIATION
  return fit.Data(x, stats.norm.cdf(d), stats.norm.pdf(d) / DEVIATION)


SPREAD = "call spread"
LABELS: Dict[str, Callable[[Paths, float], fit.Data]] = {
    "pathwise": pathwise, "likelihood ratio": likelihood_ratio,
    SPREAD: call_spread}


def _per_sample(values: np.ndarray) -> np.ndarray:
  """The mean over the two paths, `[2, N]` to `[N, 1]`."""
  return values.mean(0)[:, np.newaxis]
