"""The choice of settings on validation data."""

import math

import numpy as np
import pytest

from reproduce import rows as rows_lib
from reproduce import tuning

ACCURACY = tuning.Search(
    ("learning_rate",), "validation_top1", "top-1, %", score=float,
    shown=float, form="{:.1f}",
    titles={"noprop": "Noprop", "sobolev": "Sobolev"})
ERROR = tuning.Search(
    ("learning_rate", "alpha"), "validation_mse", "log10 error",
    score=lambda error: -np.log10(error), shown=lambda score: 0. - score,
    form="{:.2f}", titles={"regular": "regular", "sobolev": "Sobolev"})


def rows(search, method, values, *measured, task="shapes"):
  settings = dict(zip(search.settings, values)) | {"splits": 3}
  return [rows_lib.Row(task, method, search.metric, value, 0, seed, 10,
                       settings, preset="tuning")
          for seed, value in enumerate(measured)]


ACCURACIES = [
    *rows(ACCURACY, "noprop", (.1,), 20., 30.),
    *rows(ACCURACY, "noprop", (.2,), 28., 24.),
    *rows(ACCURACY, "sobolev", (.1,), 50., 61.),
    *rows(ACCURACY, "sobolev", (.2,), 99., math.nan)]
# Means of log10: regular a 2, b 1.65, whose own mean is the higher one.
A, B = (.1, 1), (.1, 2)
ERRORS = [
    *rows(ERROR, "regular", A, 10., 1000.),
    *rows(ERROR, "regular", B, 1., 2000.),
    *rows(ERROR, "sobolev", A, 1., 1.),
    *rows(ERROR, "sobolev", B, .001, math.nan)]


@pytest.mark.parametrize("search, made, best", [
    (ACCURACY, ACCURACIES, {"noprop": (.2,), "sobolev": (.1,)}),
    (ERROR, ERRORS, {"regular": B, "sobolev": A})])
def test_each_method_has_its_best(search, made, best):
  assert tuning.choose(made, search) == best
  other = rows_lib.Row("shapes", "sobolev", "validation_loss", 1e30,
                       settings=dict(zip(search.settings, (9., 9.))))
  assert tuning.choose([*made, other], search) == best


def test_means_go_over_settings_that_were_not_varied():
  (first, second), tasks = rows(ACCURACY, "noprop", (.1,), 20., 40.), "ab"
  made = [rows_lib.Row(task, row.method, row.metric, row.value,
                       settings=row.settings | {"splits": task})
          for row, task in zip((first, second), tasks)]
  assert tuning.means(made, ACCURACY) == {"noprop": {(.1,): 30.}}


def test_a_seed_that_diverged_loses():
  made = [*rows(ACCURACY, "noprop", (.1,), 20.),
          *rows(ACCURACY, "noprop", (.2,), 99.)]
  diverged = rows_lib.Row(
      "shapes", "noprop", "validation_diverged_at", 3., seed=1, step=10,
      settings={"learning_rate": .2})
  assert tuning.choose(made, ACCURACY) == {"noprop": (.2,)}
  assert tuning.choose([*made, diverged], ACCURACY) == {"noprop": (.1,)}


def test_only_rows_of_the_metric_are_a_search():
  assert tuning.is_search(ACCURACIES, ACCURACY)
  assert not tuning.is_search(ACCURACIES, ERROR)


def test_section_marks_the_best_and_what_diverged():
  text = tuning.write(ACCURACIES, ACCURACY)
  assert "### `shapes`, preset `tuning`: 10 steps" in text
  assert "| learning_rate=0.1 | 25.0 | **55.5** |" in text
  assert "| learning_rate=0.2 | **26.0** | diverged |" in text
  text = tuning.write(
      [*ERRORS, *rows(ERROR, "regular", (.3, 1), 1e5, task="booth")], ERROR)
  assert "### Preset `tuning`" in text
  assert "| learning_rate=0.1 alpha=1 | 2.00 | **0.00** |" in text
  assert "| learning_rate=0.1 alpha=2 | **1.65** | diverged |" in text
  assert "| learning_rate=0.3 alpha=1 | 5.00 | not run |" in text
  assert "seeds 0, 1, functions and sizes" in text
