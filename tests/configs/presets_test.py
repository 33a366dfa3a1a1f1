"""The presets hold what the paper states and what was chosen."""

import dataclasses
import pathlib
import shutil

import pytest

from configs import (
  figure2,
  figure3,
  figure4,
  order2,
  recording,
  sensitivity,
  table1,
  teacher,
)
from reproduce import rows as results
from reproduce import tuning
from reproduce.classification import table1 as table1_section
from reproduce.distillation import methods as students
from reproduce.distillation import search as figure4_search
from reproduce.regression import order2 as order2_section
from reproduce.regression import sensitivity as section
from reproduce.regression import units as scaling
from sobolev_tf import synthetic_gradients as sg

RESULTS = pathlib.Path(__file__).parents[2] / "results"


def test_paper_preset_is_section_4_1():
  paper = figure2.PRESETS["paper"]
  assert len(paper.functions) == 7
  assert paper.sizes == (20, 100, 10_000)
  assert len(paper.seeds) >= 10
  for settings in paper.settings:
    assert settings.hidden_sizes == (256, 256)
    assert settings.learning_rates == (3e-5, 3e-5)
    assert settings.derivative_weight == 1
  assert ("raw", "raw") in [(s.inputs, s.targets) for s in paper.settings]


def test_quick_and_tuned_have_what_the_sensitivity_run_chose():
  rows = results.read(RESULTS / "sensitivity" / "quick")
  (tuned,) = figure2.PRESETS["tuned"].settings
  choice = section.choose(rows)
  assert choice.scaling in tuned.label
  assert tuned.learning_rates == tuple(
      float(choice.rates[method]) for method in ("regular", "sobolev"))
  customary = section.choose(
      [row for row in rows if row.setting.endswith("learning_rate=0.001")])
  assert customary.scaling in figure2.QUICK.label
  assert figure2.QUICK.learning_rates == (1e-3, 1e-3)
  # The choice was made before any reported row existed, on other seeds.
  seeds = {row.seed for row in rows}
  assert not seeds & set(figure2.PRESETS["quick"].seeds)
  assert not seeds & set(figure2.PRESETS["paper"].seeds)
  assert all(row.metric.startswith("validation_") for row in rows)


def test_paper_preset_has_the_best_scaling_at_the_lowest_learning_rate():
  rows = [row for row in results.read(RESULTS / "sensitivity" / "quick")
          if row.setting.endswith("learning_rate=0.0003")]
  assert section.choose(rows).scaling in (
      figure2.PRESETS["paper"].settings[0].label)


def test_sensitivity_tries_every_scaling_with_every_rate():
  settings = sensitivity.PRESETS["quick"].settings
  tried = {(s.inputs, s.targets, s.learning_rates) for s in settings}
  assert all(rates[0] == rates[1] for _, _, rates in tried)
  assert len(tried) == len(settings) == len(scaling.CHOICES)**2 * 6
  same = dict(inputs="", targets="", learning_rates=(0., 0.),
              gradients="", xla=False)  # equal up to rounding
  assert {dataclasses.replace(s, **same) for s in settings} == {
      dataclasses.replace(figure2.QUICK, **same)}


def test_figure3_trains_as_figure2():
  assert figure3.PRESETS["quick"].settings == figure2.QUICK
  assert figure3.PRESETS["quick"].sizes == (20, 100)
  assert figure3.PRESETS["paper"].settings in (
      figure2.PRESETS["paper"].settings)


def test_a_committed_run_can_be_resumed(tmp_path):
  shutil.copy(RESULTS / "sensitivity" / "quick" / "run.json", tmp_path)
  results.Run(tmp_path, {  # raises if the settings are not the preset's
      "artefact": "sensitivity", "preset": "quick",
      **dataclasses.asdict(sensitivity.PRESETS["quick"])})


def test_order2_is_figure2s_experiment_with_a_smooth_network():
  for preset in order2.PRESETS.values():
    for settings in preset.settings:
      assert settings.activation == "tanh"
      assert settings.derivative_weight == 1
      assert len(set(settings.learning_rates)) == 1  # one for all methods
  assert order2.PRESETS["cpu"].sizes == (20, 100)
  assert order2.PRESETS["cpu"].functions == figure2.PRESETS["quick"].functions
  assert len(order2.PRESETS["cpu"].seeds) >= 5


def test_order2_has_what_its_tuning_chose():
  rows = results.read(RESULTS / "order2" / "tuning")
  (settings,) = order2.PRESETS["cpu"].settings
  assert tuning.choose(rows, order2_section.SEARCH) == dict.fromkeys(
      order2.METHODS, settings.label)
  assert {row.seed for row in rows}.isdisjoint(order2.PRESETS["cpu"].seeds)


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
