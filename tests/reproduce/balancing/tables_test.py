"""Which method is the best, which are level with it, and the two tables."""

import dataclasses

import numpy as np
import pytest

from reproduce import rows, stats
from reproduce.balancing import grid, tables, which

SEEDS = range(5)
NOISE = np.array([-.02, .01, 0., .02, -.01])


def made(method, decades, task="a", n=20):
  return [rows.Row(task, method, grid.VALUE, 10**(decades + noise), n=n,
                   seed=seed) for seed, noise in zip(SEEDS, NOISE)]


ROWS = [*made("values", 0.), *made("eq1", -1.), *made("z-score", -2.),
        *made("likelihood", -2.), *made("constant", -1.5)]
LEVEL = [rows.Row("a", "soft-adapt", grid.VALUE, 10**(-2. + noise), n=20,
                  seed=seed) for seed, noise in zip(SEEDS, NOISE[::-1])]


def test_the_best_and_what_cannot_be_told_from_it():
  found = tables.scores(ROWS + LEVEL, grid.VALUE, task="a")
  assert found.methods == [
      "values", "eq1", "constant", "z-score", "likelihood", "soft-adapt"]
  assert found.methods[found.best] == "z-score"
  assert [found.level(index) for index in range(6)] == [
      False, False, False, True, True, True]
  np.testing.assert_allclose(found.behind(1).estimate, 1.)


def test_a_method_that_diverged_is_neither_best_nor_level():
  lost = [rows.Row("a", "likelihood", grid.VALUE, value, n=20, seed=seed)
          for seed, value in zip(SEEDS, [1e-9, 1e-9, np.nan, 1e-9, 1e-9])]
  found = tables.scores([*ROWS[:10], *lost], grid.VALUE)
  assert found.methods[found.best] == "eq1" and not found.level(2)


def with_nan(measured, *seeds):
  """Rows in which the networks of some seeds diverged."""
  return [dataclasses.replace(row, value=np.nan) if row.seed in seeds else row
          for row in measured]


def test_one_seed_has_a_lowest_but_none_that_is_level():
  one = rows.matching(ROWS, seed=0)
  found = tables.scores(one, grid.VALUE)
  assert found.methods[found.best] == "z-score"
  assert [found.level(i) for i in range(5)] == [i == 3 for i in range(5)]
  assert tables.errors(one, grid.VALUE, "n").count("**") == 2
  text = which.write([which.Problem("a", found)])
  assert f"| none | 2.00 | 1.00 | {stats.TOO_FEW} |" in text
  assert "nan" not in text


def test_every_method_diverged_at_some_seed():
  lost = with_nan(made("values", 0.), 0) + with_nan(made("eq1", -1.), 3)
  found = tables.scores(lost, grid.VALUE)
  assert found.best is None and not any(map(found.level, range(2)))
  text = tables.errors(lost, grid.VALUE, "task")
  assert "**" not in text and text.count(" (1 diverged) |") == 2
  text = which.write([which.Problem("a", found)])
  assert "| a | all diverged |" in text and "nan" not in text
  assert "| Eq. 1, weight 1 | 0 of 1 | all diverged |" in text


def test_a_method_that_always_diverged_beside_one_that_did_not():
  lost = with_nan(made("eq1", -1.), *SEEDS) + made("values", 0.)
  found = [which.Problem("a", tables.scores(lost, grid.VALUE)),
           which.Problem("b", tables.scores(made("eq1", 0.), grid.VALUE))]
  text = which.write(found)
  assert "| Eq. 1, weight 1 | 1 of 2 | 0.00 | 0.00 | b |" in text
  assert ("| a | values alone | none | 0.00 [0.00, 0.00] | all diverged |"
          in text)
  assert "| all diverged |" in tables.errors(lost, grid.VALUE, "n")


@pytest.mark.parametrize("preset, word", [
    ("quick", "method, untuned"), ("cpu", "method")])
def test_an_untuned_comparison_is_called_that(preset, word):
  ours = [dataclasses.replace(row, preset=preset) for row in ROWS]
  assert tables.errors(ours, grid.VALUE, "n").startswith(f"| {word} |")


def test_table_of_errors():
  text = tables.errors(ROWS, grid.VALUE, "n")
  assert "| method | n = 20 |" in text
  assert "| Eq. 1, weight 1 | 0.100 [" in text
  assert "| channel z-score | **0.010 [" in text


def test_which_to_use_when(tmp_path):
  beside = tmp_path / "surrogate" / "cpu" / "rows"
  beside.mkdir(parents=True)
  rows.write(beside / "b.csv", [
      *made("values", -1., "reactor"), *made("eq1", 0., "reactor"),
      *made("z-score", 0., "curves")])
  found = which.problems(ROWS, tmp_path / "balancing" / "cpu")
  assert [problem.name for problem in found] == ["a, n = 20", "reactor, n = 20"]
  text = which.write(found)
  assert ("| a, n = 20 | channel z-score | profiled likelihood | 2.00 [2.00, "
          "2.00] | 1.00 [1.00, 1.00] | helps |") in text
  assert "| derivatives do not help |" in text
  assert "| values alone | 1 of 2 | 1.00 | 2.00 | a, n = 20 |" in text
  assert "| Eq. 1, weight 1 | 0 of 2 | 1.00 | 1.00 | " in text


def test_where_balancing_does_nothing():
  found = [which.Problem("a", tables.scores(
      made("eq1", -1.) + made("values", 0.), grid.VALUE))]
  assert "| no difference found |" in which.write(found)
