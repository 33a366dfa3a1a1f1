"""Tests of the intervals over seeds."""

import math

import numpy as np
import pytest

from reproduce import stats

NAN = math.nan


def test_paired_interval_worked_out_by_hand():
  # Differences 1, 2, 3, 4: mean 2.5, variance 5/3, t(0.975, 3) = 3.182446
  # from a printed table; half width 3.182446 sqrt(5/3) / 2.
  interval = stats.paired_difference([2, 4, 6, 8], [1, 2, 3, 4])
  half = 3.182446 * math.sqrt(5 / 3) / 2
  assert interval.estimate == 2.5
  assert interval.size == 4
  np.testing.assert_allclose(
      [interval.low, interval.high], [2.5 - half, 2.5 + half], rtol=1e-6)


def test_pairing_removes_the_spread_between_seeds():
  spread = np.array([0., 100., -50., 30., 7.])
  interval = stats.paired_difference(
      spread + [1.1, .9, 1., 1.05, .95], spread)
  assert interval.estimate == pytest.approx(1)
  assert .8 < interval.low < 1 < interval.high < 1.2


def test_pairs_with_a_diverged_run_are_left_out():
  interval = stats.paired_difference(
      [2, NAN, 4, 6, np.inf], [1, 5, 2, 3, 0])
  assert interval == stats.paired_difference([2, 4, 6], [1, 2, 3])
  assert interval.size == 3


def test_a_ratio_of_means_has_an_interval_and_keeps_pairs_together():
  whole = np.array([1., 2., 3., 4., 5., NAN])
  interval = stats.ratio([.5, 1.1, 1.4, 2., 2.5, 9.], whole)
  assert interval.estimate == pytest.approx(.5) and interval.size == 5
  assert .45 < interval.low < .5 < interval.high < .55
  assert np.isnan(stats.ratio([1.], [2.]).low)


@pytest.mark.parametrize("function", [
    stats.bootstrap, lambda v: stats.paired_difference(v, np.zeros(len(v)))],
    ids=["bootstrap", "paired"])
@pytest.mark.parametrize("values, expected", [
    ([], (NAN, NAN, NAN, 0)),
    ([NAN, NAN], (NAN, NAN, NAN, 0)),
    ([3.], (3., NAN, NAN, 1)),
    ([3., NAN], (3., NAN, NAN, 1)),
    ([3., 3., 3.], (3., 3., 3., 3)),
])
def test_degenerate_values(function, values, expected):
  np.testing.assert_equal(tuple(function(values)), expected)


def test_bootstrap_covers_the_mean_about_as_often_as_it_says():
  rng = np.random.default_rng(0)
  hits = 0
  for _ in range(40):
    interval = stats.bootstrap(rng.normal(5., 2., size=30))
    assert interval.low < interval.estimate < interval.high
    hits += interval.low <= 5. <= interval.high
  # Binomial(40, 0.95): below 33 with probability 1e-3 at most.
  assert hits >= 33


def test_bootstrap_is_as_wide_as_the_normal_interval_of_many_values():
  values = np.random.default_rng(1).normal(size=400)
  interval = stats.bootstrap(values)
  half = 1.96 * values.std() / 20
  assert interval.estimate == values.mean()
  np.testing.assert_allclose(
      [interval.low, interval.high],
      [values.mean() - half, values.mean() + half], atol=.1 * half)


def test_bootstrap_gives_the_same_interval_twice():
  values = [.1, .5, .2, .9]
  assert stats.bootstrap(values) == stats.bootstrap(values)


def test_bootstrap_median():
  interval = stats.bootstrap([1., 2., 3., 4., 100.], np.median)
  assert interval.estimate == 3.
  assert 1. <= interval.low < 3. < interval.high <= 100.


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("values", [[1., 1., 1., 1., 5.], [2., 7.]])
@pytest.mark.parametrize("statistic", [np.mean, np.median])
def test_bootstrap_of_two_or_more_values_has_an_interval(values, statistic):
  interval = stats.bootstrap(values, statistic)
  assert interval.low <= interval.estimate <= interval.high


@pytest.mark.parametrize("low, high, words", [
    (.1, .3, "up"), (-.3, -.1, "down"), (-.1, .3, "no difference"),
    (0., .3, "no difference"), (-.3, 0., "no difference"),
    (0., 0., "no difference"), (.2, .2, "up"), (NAN, NAN, "too few seeds")])
def test_verdict(low, high, words):
  interval = stats.Interval((low + high) / 2, low, high, 5)
  assert stats.verdict(interval, "up", "down") == words


def test_equivalence_worked_out_by_hand():
  # second - first: -.2, 0, .2, 0 around firsts of 10: mean 0, deviation
  # sqrt(.08 / 3), standard error .0816; t(.95, 3) = 2.353363 from a printed
  # table, so the bound is .1922 on either side, 1.92 % of 10.
  first, second = [10.] * 4, [9.8, 10., 10.2, 10.]
  assert stats.equivalent(first, second, first, .0193)
  assert not stats.equivalent(first, second, first, .0191)
  # Shifted by .1, only one of the two tests is harder.
  for shift in (.1, -.1):
    shifted = np.add(second, shift)
    assert stats.equivalent(first, shifted, first, .0293)
    assert not stats.equivalent(first, shifted, first, .0291)


def test_the_margin_is_a_share_of_the_reference():
  first, second = [10.] * 4, [9.8, 10., 10.2, 10.]
  assert stats.equivalent(first, second, [20.] * 4, .0097)
  assert not stats.equivalent(first, second, [20.] * 4, .0095)


def test_what_differs_is_not_equivalent():
  assert not stats.equivalent(
      [1., 1.1, .9], [2., 2.1, 1.9], [1., 1.1, .9], .02)
  assert not stats.equivalent(
      [2., 2.1, 1.9], [1., 1.1, .9], [2., 2.1, 1.9], .02)


@pytest.mark.parametrize("first, second, expected", [
    ([1.], [1.], False), ([1., NAN], [1., 1.], False), ([], [], False),
    ([1., 1.], [1., 1.], True), ([1., 1.], [1.1, 1.1], False),
    ([1., 1.], [.9, .9], False), ([1., 1., NAN], [1., 1., 5.], True)])
def test_degenerate_equivalence(first, second, expected):
  assert stats.equivalent(first, second, first, .02) == expected


def test_mapped():
  assert stats.Interval(2., 1., 3., 5).mapped(lambda v: 10 * v) == (
      20., 10., 30., 5)
