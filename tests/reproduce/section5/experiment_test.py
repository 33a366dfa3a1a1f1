"""The experiments on Section 5: their rows, resumption and section."""

import dataclasses
import shutil

import numpy as np
import pytest

from configs import section5 as config_lib
from reproduce import rows, run
from reproduce.section5 import __main__ as section5
from reproduce.section5 import experiment

SMOKE = config_lib.PRESETS["smoke"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory, command):
  """The folder of a finished smoke run, through the flags."""
  folder = tmp_path_factory.mktemp("section5") / "run"
  assert command(section5, "--preset=smoke", f"--output={folder}").status == 0
  return folder


def test_every_experiment_has_rows_a_heading_and_a_figure(finished):
  measured = rows.read(finished)
  assert {row.task for row in measured} == set(experiment.PATHS)
  assert np.isfinite([row.value for row in measured]).all()
  text = (finished / "section.md").read_text()
  assert text.count("\n### ") == 3 and "nan" not in text
  for name in ("finite-differences", "internal-derivatives", "curvature"):
    assert (finished / f"{name}.png").stat().st_size > 5000


def test_rows_carry_their_settings(finished):
  names = {
      "finite_differences": {"function", "noise", "share", "learning_rate"},
      "internal": {"learning_rate", "alpha"}, "curvature": {"learning_rate"}}
  for row in rows.read(finished):
    if row.method == "teacher":
      assert not row.settings
    else:
      assert set(row.settings) == names[row.task]
      assert row.n == (20 if row.task == "finite_differences" else 10)


def test_one_experiment_alone_resumes_to_the_same_rows(
    finished, tmp_path, command):
  folder = shutil.copytree(finished, tmp_path / "run")
  lost = sorted(folder.glob("rows/curvature_*"))[0]
  before = lost.read_bytes()
  lost.unlink()
  command(section5, "--preset=smoke", f"--output={folder}",
          "--experiment=internal")
  assert not lost.exists()
  run.run(experiment.plan("smoke", SMOKE, "curvature"), folder)
  assert lost.read_bytes() == before


def test_presets():
  for name, preset in config_lib.PRESETS.items():
    names = [part.name for part in experiment.plan(name, preset).parts]
    assert len(set(names)) == len(names)
    trials = preset.internal.trials.values()
    assert len({len(t.learning_rates) * len(t.alphas) for t in trials}) == 1
  assert len(config_lib.PRESETS["cpu"].internal.seeds) >= 5
  assert dataclasses.asdict(SMOKE)["curvature"]["dimension"] == 2
