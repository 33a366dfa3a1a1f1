"""Which trials are chosen, and what is said about it."""

import numpy as np
import pytest

from reproduce import rows
from reproduce.section5 import trials


def row(metric, value, seed=0, method="kl", **settings):
  return rows.Row("internal", method, metric, value, n=20, seed=seed, step=1,
                  settings=settings)


def test_trials_are_chosen_on_validation_errors_cell_by_cell():
  a, b = ({"noise": .1, "learning_rate": rate} for rate in (1., 2.))
  wanted = [row("validation_kl", .1, **a), row("test_kl", 1., **a)]
  other = [row("validation_kl", .3, noise=.2, learning_rate=2.),
           row("validation_kl", .9, method="both", **b)]
  worse = [row("validation_kl", .2, **b), row("test_kl", .5, **b)]
  assert trials.chosen(
      worse + wanted + other, "validation_kl") == wanted + other


def test_a_trial_that_diverged_is_not_chosen():
  bad = [row("validation_kl", .01, alpha=1.),
         row("validation_kl", np.nan, seed=1, alpha=1.)]
  good = [row("validation_kl", .5, seed=s, alpha=2.) for s in range(2)]
  assert trials.chosen(bad + good, "validation_kl") == good


def test_tuning_counts_the_trials_of_a_cell():
  one = [row("validation_kl", .1, learning_rate=1., alpha=0.),
         row("validation_kl", .1, method="both", learning_rate=1., alpha=1.)]
  assert trials.tuning(one, "KL") == (
      "Nothing was tuned: every method had one trial.")
  more = one + [row("validation_kl", .1, learning_rate=2., alpha=0.)]
  assert "of 2 that were tried" in trials.tuning(more, "KL")


def test_errors_are_means_of_logarithms_by_seed():
  measured = [row("test_kl", value, seed, function=function)
              for value, seed, function in (
                  (1., 1, "a"), (100., 1, "b"), (10., 0, "a"), (.1, 0, "b"))]
  np.testing.assert_allclose(trials.log_errors(measured, "test_kl"), [0., 1.])
  np.testing.assert_allclose(
      trials.log_errors(measured, "test_kl", function="b"), [-1., 2.])
  assert np.isnan(trials.log_errors([row("test_kl", np.nan)], "test_kl")[0])


@pytest.mark.parametrize("spread, bold", [(.01, True), (5., False)])
def test_a_difference_is_bold_if_its_interval_leaves_zero_out(spread, bold):
  second = np.array([-1., 0., 1.])
  text = trials.difference(
      second + 1. + spread * np.array([-1., 0., 1.]), second)
  assert text.strip("*").startswith("1.00 [")
  assert text.startswith("**") == text.endswith("**") == bold
