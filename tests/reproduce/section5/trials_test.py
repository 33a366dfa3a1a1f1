"""Which trials are chosen, and what is said about it."""

import numpy as np

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
