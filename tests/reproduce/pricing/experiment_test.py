"""The experiment on option pricing: rows, resumption, section."""

import pathlib
import shutil

import numpy as np
import pytest

from configs import balancing
from configs import pricing as config_lib
from reproduce import experiment as results_lib
from reproduce import published, rows, run, tuning
from reproduce.balancing import grid
from reproduce.pricing import __main__ as pricing
from reproduce.pricing import comparison, experiment, section

RESULTS = pathlib.Path(__file__).parents[3] / "results"
SMOKE = config_lib.PRESETS["smoke"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory, command):
  """The folder of a finished smoke run, through the flags."""
  folder = tmp_path_factory.mktemp("pricing") / "run"
  assert command(pricing, "--preset=smoke", f"--output={folder}").status == 0
  return folder


def test_rows_and_section(finished):
  measured = rows.read(finished)
  assert np.isfinite([row.value for row in measured]).all()
  assert {row.task for row in measured} == {
      "their paths", "basket", "digital"}
  assert {row.settings["market"] for row in rows.matching(
      measured, task="their paths")} == {281}
  text = (finished / "section.md").read_text()
  assert text.count("\n#### ") == 3 and "nan" not in text
  assert "Ours after 1 steps, theirs after 1,600" in text
  assert "basket, 3 steps" in text and "64 paths, 3 steps" in text
  assert (finished / "digital.png").stat().st_size > 5000


def test_labels_are_compared_with_values_alone_seed_by_seed(tmp_path):
  def made(method, weight, factor):
    return [rows.Row("digital", method, metric, factor * error, n=64, seed=seed,
                     settings={"width": 0., "weight": weight})
            for metric in (grid.VALUE, grid.DERIVATIVE)
            for seed, error in enumerate((.1, .2, .4))]

  text = section._labels(results_lib.Results(
      made("values", 0., 1.) + made("pathwise", 1., 10.), tmp_path, tmp_path))
  (line,) = [line for line in text.splitlines() if "| pathwise |" in line]
  assert line.count("| **1.00 [1.00, 1.00]** |") == 2


def test_a_lost_part_is_computed_again_to_the_same_rows(finished, tmp_path):
  folder = shutil.copytree(finished, tmp_path / "run")
  lost = folder / "rows" / "digital_pathwise_0_1.csv"
  before = lost.read_bytes()
  lost.unlink()
  run.run(experiment.plan("smoke", SMOKE), folder)
  assert lost.read_bytes() == before


def test_predictions_are_measured_in_money():
  member = comparison.member(SMOKE.basket, seed=0, count=64)
  option = comparison.basket.Basket(7, 0)
  train = option.paths(64)
  true = option.test(50, 1_000_000)
  units = comparison.Units.of(train)
  right = units.apply(true)
  np.testing.assert_allclose(member.x, right.x)
  assert member.measure(right)[grid.VALUE] == pytest.approx(0., abs=1e-12)
  twice = right._replace(dy_dx=2. * right.dy_dx)
  sizes = np.sqrt((true.dy_dx**2).mean(0)) / true.dy_dx.std(0)
  assert member.measure(twice)[grid.DERIVATIVE] == pytest.approx(sizes.mean())


def test_printed_errors():
  assert section._printed("value_rmse_x100", "values", 8_192) == [
      "0.56", "0.19-0.71"]
  assert section._printed("delta_rmse_x100", "huge-savine", 64) == ["", ""]
  assert len(published.PRICING_HISTORY) == 7


def test_the_methods_settings_are_what_the_search_chose():
  found = rows.read(RESULTS / "pricing" / "tuning")
  chosen = tuning.choose(found, grid.SEARCH)
  assert {method: (tuple(trial),) for method, trial in chosen.items()} == (
      config_lib.PRESETS["cpu"].basket.trials)


def test_presets():
  for name, preset in config_lib.PRESETS.items():
    names = [part.name for part in experiment.plan(name, preset).parts]
    assert len(set(names)) == len(names)
  search, cpu = (config_lib.PRESETS[name].basket for name in ("tuning", "cpu"))
  assert search.stream == "validation"
  assert {len(trials) for trials in search.trials.values()} == {12}
  assert len(cpu.seeds) >= 10 and not set(cpu.seeds) & set(search.seeds)
  assert set(cpu.trials) == set(balancing.METHODS)
  notebook = config_lib.PRESETS["notebook"].notebook
  assert len(notebook.markets) >= 10
  assert {part.name for part in experiment.plan(
      "notebook", config_lib.PRESETS["notebook"]).parts} == {
          *(f"their-paths-{count}-{method}" for count in (4096, 8192, 16_384)
            for method in ("values", "huge-savine")),
          "other-markets-4096-values", "other-markets-4096-huge-savine"}
