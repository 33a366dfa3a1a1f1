"""The reactor's experiment: its rows and section, through the flags."""

import numpy as np
import pytest
import tensorflow as tf

from configs import surrogate as config_lib
from reproduce import experiment, rows
from reproduce.balancing import grid
from reproduce.surrogate import __main__ as surrogate
from reproduce.surrogate import comparison, section
from reproduce.surrogate import experiment as experiment_lib
from sobolev_tf import EnsembleMLP


@pytest.fixture(scope="module")
def finished(tmp_path_factory, command):
  """The folder of a finished smoke run."""
  folder = tmp_path_factory.mktemp("surrogate") / "run"
  assert command(surrogate, "--preset=smoke", f"--output={folder}").status == 0
  return folder


def test_rows_of_all_three_parts(finished):
  measured = rows.read(finished)
  assert np.isfinite([row.value for row in measured]).all()
  metrics = {task: {row.metric for row in measured if row.task == task}
             for task in ("reactor", "curves")}
  errors = {grid.VALUE, grid.DERIVATIVE}
  assert metrics == {
      "reactor": errors | {comparison.REGRET, comparison.EXCESS},
      "curves": errors | {grid.VALIDATION}}
  assert {tuple(row.settings) for row in measured} == {
      ("learning_rate", "strength", "weight_decay")}


def test_section(finished):
  text = (finished / "section.md").read_text()
  assert text.count("\n### ") == 2 and "nan" not in text
  assert "| 16 | weight 1 |" in text and "| 0.238 |" in text
  assert "our 2 pools after 20 steps" in text and "5 after 5,000" in text
  assert "### All methods, 20 steps" in text
  assert (finished / "cost.png").stat().st_size > 5000


def test_long_training_stands_beside_the_notebooks(tmp_path):
  made = [rows.Row("long", method, metric, .0251, n=64, seed=seed, step=20_000,
                   settings={"strength": strength, "weight_decay": .1})
          for method, strength in (("constant", .2), ("constant", 20.))
          for metric in (grid.VALUE, grid.DERIVATIVE) for seed in range(3)]
  text = section.long(experiment.Results(made, tmp_path, tmp_path))
  assert "Medians of our 3 pools after 20,000 steps" in text
  line = "| 0.025 [0.025, 0.025] | {} | 0.025 [0.025, 0.025] | {} |"
  assert f"| weight 1 {line.format('0.038', '0.455')}" in text
  assert f"| weight 100 {line.format('0.019', '0.214')}" in text


def test_designs_are_optimised_in_float64():
  network = EnsembleMLP((0, 1), 5, (8, 4), tf.tanh)
  x = np.random.default_rng(0).normal(size=(2, 3, 5))
  exact = comparison._double(network)(tf.constant(x))
  assert exact.dtype == tf.float64
  np.testing.assert_allclose(
      network(tf.constant(x, tf.float32)), exact, atol=1e-6)


def test_designs_that_failed_are_counted_and_left_out():
  made = [rows.Row("reactor", "values", metric, value, n=16, seed=seed,
                   step=300)
          for metric, values in ((comparison.REGRET, (.1, np.nan, .3)),
                                 (comparison.EXCESS, (-2., np.nan, .5)))
          for seed, value in enumerate(values)]
  text = section._designs(made)
  assert "300 steps" in text
  assert "| 16 | values alone | 20.00 [" in text
  assert "| 2.00 | 1 of 2, 1 failed | 5.51, 28.46 |" in text


def test_the_weight_decay_is_chosen_pool_by_pool_on_validation_errors():
  def row(metric, value, seed, decay):
    return rows.Row("curves", "values", metric, value, n=16, seed=seed,
                    settings={"strength": 0, "weight_decay": decay})

  good = [row(grid.VALIDATION, .1, 0, 1.), row(grid.VALUE, 9., 0, 1.),
          row(grid.VALIDATION, .3, 1, 0.), row(grid.VALUE, .1, 1, 0.)]
  bad = [row(grid.VALIDATION, .2, 0, 0.), row(grid.VALUE, 1., 0, 0.),
         row(grid.VALIDATION, np.nan, 1, 1.), row(grid.VALUE, .1, 1, 1.)]
  assert section._chosen(bad + good) == good == section._chosen(good + bad)


def test_presets_have_parts_of_their_own_and_the_search_seeds_of_its_own():
  for name, preset in config_lib.PRESETS.items():
    names = [part.name for part in experiment_lib.plan(name, preset).parts]
    assert len(set(names)) == len(names)
  searched = set(config_lib.PRESETS["tuning"].seeds)
  for name, preset in config_lib.PRESETS.items():
    assert name == "tuning" or searched.isdisjoint(preset.seeds)
