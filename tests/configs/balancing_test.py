"""Equal tuning: as many trials for every method, and what they chose."""

import pathlib

from configs import balancing
from reproduce import rows, tuning
from reproduce.balancing import grid

RESULTS = pathlib.Path(__file__).parents[2] / "results" / "balancing"


def test_every_method_has_the_same_number_of_different_trials():
  grid = balancing.Grid()
  trials = {method: grid.trials(method) for method in balancing.METHODS}
  assert {len(set(tried)) for tried in trials.values()} == {12}
  for method, tried in trials.items():
    own = balancing.METHODS[method].strengths or (0.,)
    assert {trial.strength for trial in tried} == set(own)
    assert 0. in {trial.weight_decay for trial in tried}


def test_reported_runs_have_the_chosen_trials():
  measured = rows.read(RESULTS / "tuning")
  assert {row.seed for row in measured}.isdisjoint(
      balancing.PRESETS["cpu"].seeds)
  assert tuning.choose(measured, grid.SEARCH) == balancing.CHOSEN
