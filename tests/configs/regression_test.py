"""Section 4.1's presets hold what the paper states and what was chosen."""

import dataclasses
import json
import pathlib

import pytest

from configs import figure2, figure3, order2, regression, sensitivity
from reproduce import folder as folder_lib
from reproduce import rows as rows_lib
from reproduce import tuning
from reproduce.regression import figure3 as figure3_section
from reproduce.regression import grid
from reproduce.regression import order2 as order2_section
from reproduce.regression import sensitivity as section

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
  rows = rows_lib.read(RESULTS / "sensitivity" / "quick")
  (tuned,) = figure2.PRESETS["tuned"].settings
  choice = section.rank(rows)[0]
  assert choice.scaling == (tuned.inputs, tuned.targets)
  assert tuned.learning_rates._asdict() == choice.rates
  customary = section.rank(rows, 1e-3)[0]
  assert customary.scaling == (figure2.QUICK.inputs, figure2.QUICK.targets)
  assert figure2.QUICK.learning_rates == (1e-3, 1e-3)
  # Chosen on seeds and points that no reported run uses.
  seeds = {row.seed for row in rows}
  assert not seeds & set(figure2.PRESETS["quick"].seeds)
  assert not seeds & set(figure2.PRESETS["paper"].seeds)
  assert all(row.metric.startswith("validation_") for row in rows)


def test_paper_preset_has_the_best_scaling_at_the_lowest_learning_rate():
  rows = rows_lib.read(RESULTS / "sensitivity" / "quick")
  lowest = min(row.settings["learning_rate"] for row in rows)
  settings = figure2.PRESETS["paper"].settings[0]
  assert section.rank(rows, lowest)[0].scaling == (
      settings.inputs, settings.targets)


def test_sensitivity_tries_every_scaling_with_every_rate():
  settings = sensitivity.PRESETS["quick"].settings
  tried = {(s.inputs, s.targets, s.learning_rates) for s in settings}
  assert all(rates[0] == rates[1] for _, _, rates in tried)
  assert len(tried) == len(settings) == len(regression.SCALINGS)**2 * 6
  same = dict(inputs="", targets="", learning_rates=(0., 0.),
              gradients="", xla=False)  # equal up to rounding
  assert {dataclasses.replace(s, **same) for s in settings} == {
      dataclasses.replace(figure2.QUICK, **same)}


def test_figure3_trains_as_figure2():
  assert figure3.PRESETS["quick"].settings == figure2.QUICK
  assert figure3.PRESETS["quick"].sizes == (20, 100)
  assert figure3.PRESETS["paper"].settings in (
      figure2.PRESETS["paper"].settings)


@pytest.mark.parametrize("folder, plan, left", [
    ("figure2/quick",
     grid.plan("figure2", "quick", figure2.PRESETS["quick"]), 0),
    ("figure2/tuned",
     grid.plan("figure2", "tuned", figure2.PRESETS["tuned"]), 0),
    ("figure3/quick", figure3_section.plan("quick", figure3.PRESETS["quick"]),
     0),
    ("order2/cpu", grid.plan(
        "order2", "cpu", order2.PRESETS["cpu"], order2.METHODS), 0),
    ("order2/tuning", grid.plan(
        "order2", "tuning", order2.PRESETS["tuning"], order2.METHODS), 0),
    ("sensitivity/quick",
     grid.plan("sensitivity", "quick", sensitivity.PRESETS["quick"]), 0),
], ids=lambda value: value if isinstance(value, str) else "")
def test_committed_runs_are_of_their_presets(folder, plan, left):
  assert folder_lib.read_settings(RESULTS / folder) == json.loads(
      json.dumps(plan.description))
  stored = {path.stem for path in RESULTS.glob(f"{folder}/rows/*.csv")}
  made = {part.name for part in plan.parts if part.rows}
  assert stored <= made and len(made - stored) == left


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
  rows = rows_lib.read(RESULTS / "order2" / "tuning")
  (settings,) = order2.PRESETS["cpu"].settings
  assert tuning.choose(rows, order2_section.SEARCH) == {
      method: (settings.learning_rate(method),) for method in order2.METHODS}
  assert {row.seed for row in rows}.isdisjoint(order2.PRESETS["cpu"].seeds)
