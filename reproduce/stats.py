"""Intervals over seeds, by SciPy.

Every reported number is a mean or median over seeds with a 95 % interval.
Methods are compared by their difference within a seed (same data, initial
weights and minibatches), which removes most of the spread between seeds.
"""

from typing import Callable, NamedTuple, Sequence, Union

import numpy as np
from scipy import stats

Values = Union[Sequence[float], np.ndarray]

TOO_FEW = "too few seeds"
CONFIDENCE = 0.95  # ours: the customary level
_RESAMPLES = 10_000  # ours: two digits of an interval's ends


class Interval(NamedTuple):
  """An estimate and the ends of its 95 % interval.

  With fewer than two values there is no interval: `low` and `high` are NaN.
  """
  estimate: float
  low: float
  high: float
  size: int

  def mapped(self, function: Callable[[float], float]) -> "Interval":
    """The same interval of a rising function of what is estimated."""
    return self._replace(estimate=function(self.estimate),
                         low=function(self.low), high=function(self.high))


def bootstrap(values: Values, statistic=np.mean) -> Interval:
  """A statistic over seeds with its bootstrap interval (BCa).

  Args:
    values: one per seed; those that are not finite are left out (`size`
      tells how many were used).
    statistic: `np.mean` or `np.median`.

  Returns:
    The interval; the same values always give the same one.
  """
  return _resampled([_finite(values)], statistic)


def ratio(first: Values, second: Values) -> Interval:
  """The ratio of two means over the same seeds with its bootstrap interval.

  Args:
    first: one value per seed.
    second: one value per seed, in the same order.

  Returns:
    The interval, over the seeds for which both are finite.
  """
  pairs = np.array([first, second], np.float64)
  return _resampled(
      list(pairs[:, np.isfinite(pairs).all(0)]),
      lambda one, other, axis=-1: np.mean(one, axis) / np.mean(other, axis))


def paired_difference(first: Values, second: Values) -> Interval:
  """The mean of first - second over seeds, with its paired-t interval.

  Args:
    first: one value per seed.
    second: one value per seed, in the same order.

  Returns:
    The interval, over the seeds for which both are finite.
  """
  difference = _finite(np.subtract(first, second))
  if len(difference) < 2:
    estimate = float(difference[0]) if len(difference) else np.nan
    return Interval(estimate, np.nan, np.nan, len(difference))
  mean = float(difference.mean())
  if np.ptp(difference) == 0:
    return Interval(mean, mean, mean, len(difference))
  low, high = stats.ttest_1samp(difference, 0.).confidence_interval(CONFIDENCE)
  return Interval(mean, float(low), float(high), len(difference))


def equivalent(first: Values, second: Values, reference: Values,
               margin: float) -> bool:
  """Whether two means differ by less than a share of a third one.

  Two one-sided paired t-tests (Schuirmann, 1987, J. Pharmacokinet. Biopharm.
  15) reject that the first mean is larger by that share or more, and that it
  is smaller by it or more, at 1 - CONFIDENCE each.

  Args:
    first: one value per seed.
    second: one value per seed, in the same order.
    reference: one positive value per seed, in the same order; may be `first`.
    margin: the smallest difference of interest, as a share of the reference.

  Returns:
    Whether both tests reject; False with fewer than two seeds for which all
    are finite.
  """
  for share, alternative in ((-margin, "less"), (margin, "greater")):
    difference = _finite(np.asarray(first) - np.asarray(second) +
                         share * np.asarray(reference))
    if len(difference) < 2:
      return False
    if np.ptp(difference) == 0:  # the test divides by the spread
      beyond = difference[0] < 0 if alternative == "less" else difference[0] > 0
    else:
      test = stats.ttest_1samp(difference, 0., alternative=alternative)
      beyond = test.pvalue < 1 - CONFIDENCE
    if not beyond:
      return False
  return True


def verdict(interval: Interval, positive: str, negative: str) -> str:
  """Puts a paired difference into words.

  Args:
    interval: of the difference.
    positive: what to say if it is above 0.
    negative: what to say if it is below 0.

  Returns:
    One of these, or "no difference" if the interval holds 0, or "too few
    seeds" if there is no interval.
  """
  if np.isnan(interval.low):
    return TOO_FEW
  if interval.low > 0:
    return positive
  if interval.high < 0:
    return negative
  return "no difference"


def _resampled(samples: Sequence[np.ndarray], statistic) -> Interval:
  """A statistic of samples `[S]` with its interval, seeds drawn together."""
  size = len(samples[0])
  if not size:
    return Interval(np.nan, np.nan, np.nan, 0)
  estimate = float(statistic(*samples))
  if size < 2 or not np.ptp(samples, axis=-1).any():
    spread = np.nan if size < 2 else estimate
    return Interval(estimate, spread, spread, size)
  for method in ("BCa", "percentile"):  # BCa is undefined for some medians
    low, high = stats.bootstrap(
        samples, statistic, paired=True, confidence_level=CONFIDENCE,
        method=method, n_resamples=_RESAMPLES, rng=np.random.default_rng(0)
    ).confidence_interval
    if np.isfinite([low, high]).all():
      break
  return Interval(estimate, float(low), float(high), size)


def _finite(values: Values) -> np.ndarray:
  array = np.asarray(values, np.float64)
  return array[np.isfinite(array)]
