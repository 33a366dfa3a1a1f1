"""Models that diverged, in rows and in sections."""

import math

from reproduce import diverged
from reproduce import rows as rows_lib

MEASURED = {"mse": 2., "gradient_mse": math.inf}


def test_what_did_not_diverge_is_reported_as_it_is():
  assert diverged.marked({"mse": 2.}, None) == {"mse": 2.}


def test_numbers_of_what_diverged_are_not_reported():
  marked = diverged.marked(MEASURED, 30)
  assert marked.pop("diverged_at") == 30.
  assert list(marked) == list(MEASURED)
  assert all(math.isnan(value) for value in marked.values())


def test_sentence_names_each_model_once():
  rows = [rows_lib.Row("booth", "regular", f"test_{name}", value, 20, seed)
          for seed in (3, 1)
          for name, value in diverged.marked(MEASURED, 30).items()]
  assert diverged.sentence(rows + rows) == (
      "\n2 runs diverged and are left out of the means: regular booth n=20 "
      "seed 1, regular booth n=20 seed 3.\n")


def test_nothing_is_said_if_nothing_diverged():
  assert not diverged.sentence(
      [rows_lib.Row("booth", "regular", "test_mse", 1.)])
