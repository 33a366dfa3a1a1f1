"""The choice of settings on validation data."""

import math

import pytest

from reproduce import rows as results
from reproduce import tuning
from reproduce.classification import table1
from reproduce.regression import order2


def rows(search, method, setting, *values, task="shapes"):
  return [results.Row("made-up", "tuning", setting, method, task, 0, seed, 10,
                      search.metric, value)
          for seed, value in enumerate(values)]


ACCURACIES = [
    *rows(table1.SEARCH, "noprop", "a", 20., 30.),
    *rows(table1.SEARCH, "noprop", "b", 28., 24.),
    *rows(table1.SEARCH, "sobolev", "a", 50., 61.),
    *rows(table1.SEARCH, "sobolev", "b", 99., math.nan)]
# Means of log10: regular a 2, b 1.65, whose own mean is the higher one.
ERRORS = [
    *rows(order2.SEARCH, "regular", "a", 10., 1000.),
    *rows(order2.SEARCH, "regular", "b", 1., 2000.),
    *rows(order2.SEARCH, "sobolev-2", "a", 1., 1.),
    *rows(order2.SEARCH, "sobolev-2", "b", .001, math.nan)]


@pytest.mark.parametrize("search, made, best", [
    (table1.SEARCH, ACCURACIES, {"noprop": "b", "sobolev": "a"}),
    (order2.SEARCH, ERRORS, {"regular": "b", "sobolev-2": "a"})])
def test_each_method_has_its_best(search, made, best):
  assert tuning.choose(made, search) == best
  other = results.Row("made-up", "tuning", "b", "sobolev", "", 0, 0, 10,
                      "validation_loss", 1e30)
  assert tuning.choose([*made, other], search) == best


def test_a_seed_that_diverged_loses():
  made = [*rows(table1.SEARCH, "noprop", "a", 20.),
          *rows(table1.SEARCH, "noprop", "b", 99.)]
  diverged = results.Row("made-up", "tuning", "b", "noprop", "shapes", 0, 1,
                         10, "validation_diverged_at", 3.)
  assert tuning.choose(made, table1.SEARCH) == {"noprop": "b"}
  assert tuning.choose([*made, diverged], table1.SEARCH) == {"noprop": "a"}


def test_sections_mark_the_best_and_what_diverged(tmp_path):
  text = table1.write(ACCURACIES, tmp_path)
  assert "### `shapes`, preset `tuning`: 10 steps" in text
  assert "| a | 25.0 | **55.5** |" in text
  assert "| b | **26.0** | diverged |" in text
  text = order2.write(
      [*ERRORS, *rows(order2.SEARCH, "regular", "a", task="booth")], tmp_path)
  assert "| a | 2.00 | **0.00** |" in text
  assert "| b | **1.65** | diverged |" in text
  assert "seeds 0, 1" in text
