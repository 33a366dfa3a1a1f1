"""The reactor's settings are those that its search chose."""

import pathlib

import pytest

from configs import surrogate
from reproduce import rows, tuning
from reproduce.balancing import grid

RESULTS = pathlib.Path(__file__).parents[2] / "results" / "surrogate"


@pytest.mark.parametrize("count", [16, 64])
def test_reported_runs_have_the_chosen_trials(count):
  measured = [row for row in rows.read(RESULTS / "tuning") if row.n == count]
  assert {row.seed for row in measured}.isdisjoint(
      surrogate.PRESETS["cpu"].seeds)
  chosen = tuning.choose(measured, grid.SEARCH)
  assert chosen == surrogate.CHOSEN[count]
