"""Equal tuning: every method has the same number of trials."""

from configs import balancing


def test_every_method_has_the_same_number_of_different_trials():
  grid = balancing.Grid()
  trials = {method: grid.trials(method) for method in balancing.METHODS}
  assert {len(set(tried)) for tried in trials.values()} == {12}
  for method, tried in trials.items():
    own = balancing.METHODS[method].strengths or (0.,)
    assert {trial.strength for trial in tried} == set(own)
    assert 0. in {trial.weight_decay for trial in tried}
