"""The experiment on energies and forces: rows, resumption, section."""

import pathlib

import numpy as np
import pytest

from configs import balancing
from configs import forces as config_lib
from reproduce import rows, tuning
from reproduce.balancing import grid
from reproduce.forces import __main__ as forces
from reproduce.forces import comparison, experiment, section

RESULTS = pathlib.Path(__file__).parents[3] / "results"
SMOKE = config_lib.PRESETS["smoke"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory, command):
  """The folder of a finished smoke run, through the flags."""
  folder = tmp_path_factory.mktemp("forces") / "run"
  assert command(forces, "--preset=smoke", f"--output={folder}").status == 0
  return folder


def test_rows_and_section(finished):
  measured = rows.read(finished)
  assert np.isfinite([row.value for row in measured]).all()
  whole = rows.matching(measured, task=comparison.ALL)
  assert {row.method for row in whole} == set(SMOKE.trials)
  assert {row.settings["fraction"] for row in whole} == {1.}
  partial = rows.matching(measured, task=comparison.PARTIAL)
  assert {row.settings["unit"] for row in partial} == {"geometries", "atoms"}
  text = (finished / "section.md").read_text()
  assert "How many forces suffice" in text and "nan" not in text
  assert "5 geometries with all their forces, 3 steps" in text
  assert (finished / "fractions.png").stat().st_size > 5000


def test_the_section_names_the_share_that_was_known():
  """Three tenths of 5 geometries are two of them."""
  def made(task, method, *errors, **settings):
    return [rows.Row(task, method, metric, error, n=5, seed=seed,
                     settings=settings)
            for metric in (comparison.ENERGY, comparison.FORCE)
            for seed, error in enumerate(errors)]

  curves = section._curves(
      made(comparison.ALL, "values", 100., 100., 100.) +
      made(comparison.ALL, "huge-savine", 1., 1., 1.) +
      made(comparison.PARTIAL, "huge-savine", 9., 10., 100 / 9,
           unit="geometries", fraction=.3), SMOKE.data)
  points = curves["huge-savine", "geometries"]
  assert list(points) == [0., 2 / 5, 1.]
  assert section._gained(points[2 / 5], points, comparison.ENERGY).startswith(
      "50 [")


def test_errors_are_in_the_units_they_name():
  """A potential that is right but for 1 meV per atom, and forces of 0."""
  member = comparison.member(SMOKE, comparison.ALL, 1., "all", 5, seed=0)
  true = comparison.cluster.trajectory(
      SMOKE.data, SMOKE.data.held_out, 1_000_000)
  train = comparison.cluster.trajectory(SMOKE.data, 5, 0)
  y = (true.energies + 1e-3 - train.energies.mean()) / train.energies.std()
  found = member.measure(comparison.fit.Data(
      member.x, y[:, None], np.zeros_like(true.positions)))
  assert found[comparison.ENERGY] == pytest.approx(1.)
  assert found[comparison.FORCE] == pytest.approx(
      1e3 * 13 * np.abs(true.gradients).mean())
  assert found[grid.VALUE] == pytest.approx(1e-3 / true.energies.std())


def test_the_methods_settings_are_what_the_search_chose():
  found = rows.read(RESULTS / "forces" / "tuning")
  chosen = tuning.choose(found, grid.SEARCH)
  assert {method: (tuple(trial),) for method, trial in chosen.items()} == (
      config_lib.PRESETS["cpu"].trials)


def test_presets():
  for name, preset in config_lib.PRESETS.items():
    names = [part.name for part in experiment.plan(name, preset).parts]
    assert len(set(names)) == len(names)
  search = config_lib.PRESETS["tuning"]
  assert search.stream == "validation" and not search.fractions
  assert {len(trials) for trials in search.trials.values()} == {12}
  cpu = config_lib.PRESETS["cpu"]
  assert len(cpu.seeds) >= 10 and not set(cpu.seeds) & set(search.seeds)
  assert set(cpu.trials) == set(balancing.METHODS)
