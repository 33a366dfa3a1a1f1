"""The presets hold what the paper states and what was chosen."""

import dataclasses
import pathlib

import pytest

from configs import figure4, recording, table1, teacher
from reproduce import rows as results
from reproduce import tuning
from reproduce.classification import table1 as table1_section
from reproduce.distillation import search as figure4_search
from sobolev_tf import synthetic_gradients as sg

RESULTS = pathlib.Path(__file__).parents[2] / "results"


def test_recordings_have_100k_states_of_their_own_seed():
  full = recording.PRESETS["full"]
  assert full.copies * full.length == 100_000
  assert recording.SEED not in (teacher.SEED, teacher.EVALUATION_SEED)


def test_students_are_trained_with_what_the_search_chose():
  rows = results.read(RESULTS / "figure4_search" / "cpu")
  assert {row.seed for row in rows}.isdisjoint(figure4.PRESETS["cpu"].seeds)
  chosen = {
      game: {method: trial.label for method, (trial,) in methods.items()}
      for game, methods in figure4.PRESETS["cpu"].trials.items()}
  assert figure4_search.choose(rows) == chosen


def test_digits_lose_little_by_the_rates_of_drawn_shapes():
  rows = results.read(RESULTS / "table1" / "digits-3-true" / "tuning")
  (settings,) = table1.PRESETS["cpu"]["digits"].settings
  for method, means in tuning.means(
      rows, table1_section.SEARCH).items():
    used = dataclasses.replace(settings, learning_rates={
        method: settings.learning_rates[method]}).label
    assert len(means) == 6
    assert means[used] > max(means.values()) - 1.


@pytest.mark.parametrize("targets", sg.TARGETS)
def test_table1_has_what_its_tuning_chose(targets):
  rows = results.read(RESULTS / "table1" / f"shapes-3-{targets}" / "tuning")
  (settings,) = table1.get("cpu", "shapes", targets=targets).settings
  chosen = tuning.choose(rows, table1_section.SEARCH)
  assert chosen == {
      method: dataclasses.replace(
          settings, learning_rates={method: settings.learning_rates[method]}
          ).label
      for method in chosen}
  # The other two have no SG modules, so no targets.
  assert set(sg.METHODS) - set(chosen) <= {"noprop", "backpropagation"}
  assert {row.seed for row in rows}.isdisjoint(
      table1.PRESETS["cpu"]["shapes"].seeds)
