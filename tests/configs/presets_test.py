"""The presets hold what the paper states and what was chosen."""

import pathlib

from configs import figure4, recording, teacher
from reproduce import rows as results
from reproduce.distillation import methods as students
from reproduce.distillation import search as figure4_search

RESULTS = pathlib.Path(__file__).parents[2] / "results"


def test_recordings_have_100k_states_of_their_own_seed():
  full = recording.PRESETS["full"]
  assert full.copies * full.length == 100_000
  assert recording.SEED not in (teacher.SEED, teacher.EVALUATION_SEED)


def test_students_are_trained_with_what_the_search_chose():
  rows = results.read(RESULTS / "figure4_search" / "cpu")
  assert {row.seed for row in rows}.isdisjoint(figure4.PRESETS["cpu"].seeds)
  chosen = {
      game: {method: students.settings(method, trial)
             for method, (trial,) in methods.items()}
      for game, methods in figure4.PRESETS["cpu"].trials.items()}
  assert figure4_search.choose(rows) == chosen
