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


def test_untuned_methods_differ_in_nothing_but_the_method():
  untuned = balancing.ONE_TRIAL
  assert set(untuned) == set(balancing.METHODS)
  (how,) = {(trial.learning_rate, trial.weight_decay)
            for (trial,) in untuned.values()}
  assert how == (1e-2, .1)
  for method, (trial,) in untuned.items():
    strengths = balancing.METHODS[method].strengths or (0.,)
    assert trial.strength == strengths[len(strengths) // 2]
  assert untuned["soft-adapt"][0].strength == 1.1


def test_robust_terms_have_the_trials_of_what_they_are_compared_with():
  searched = balancing.PRESETS["robust_tuning"]
  for function, config in searched.items():
    assert config.functions == (function,) and config.stream == "validation"
    assert set(config.trials) == {
        "values", "eq1", "constant", *balancing.ROBUST}
    assert {len(set(tried)) for tried in config.trials.values()} == {12}


def test_reported_runs_have_the_chosen_trials():
  measured = rows.read(RESULTS / "tuning")
  assert {row.seed for row in measured}.isdisjoint(
      balancing.PRESETS["cpu"].seeds)
  assert tuning.choose(measured, grid.SEARCH) == balancing.CHOSEN


def test_robust_terms_have_what_their_search_chose():
  measured = rows.read(RESULTS / "robust_tuning")
  for function, config in balancing.PRESETS["robust"].items():
    own = rows.matching(measured, task=function)
    assert tuning.choose(own, grid.SEARCH) == {
        method: trial for method, (trial,) in config.trials.items()}
    assert {row.seed for row in own}.isdisjoint(config.seeds)
    assert config.stream == "test"
