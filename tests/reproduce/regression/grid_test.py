"""Tests of whole runs: rows, resumption after a kill, nothing done twice."""

import dataclasses
import math
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from configs import figure2, regression, sensitivity
from reproduce import experiment, registry
from reproduce import rows as rows_lib
from reproduce import run as run_lib
from reproduce.regression import grid, measure
from reproduce.regression import train as train_lib
from sobolev_tf import errors, files, functions
from sobolev_tf.training import checkpoint

ROOT = pathlib.Path(__file__).parents[3]
SMOKE = dataclasses.replace(figure2.PRESETS["smoke"], settings=tuple(
    dataclasses.replace(settings, xla=False)  # compiled in less time
    for settings in figure2.PRESETS["smoke"].settings))


def run(folder, config=SMOKE, **options):
  return run_lib.run(grid.plan("figure2", "smoke", config), folder, **options)


def row_files(folder):
  return {path.name: path.read_bytes()
          for path in sorted((folder / "rows").iterdir())}


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
  """A finished run of the smoke preset."""
  folder = tmp_path_factory.mktemp("smoke") / "run"
  return folder, run(folder)


@pytest.fixture
def copied(smoke, tmp_path):
  return shutil.copytree(smoke[0], tmp_path / "run")


def no_training(*unused, **unused_named):
  raise AssertionError("trained again")


def test_rows_of_the_smoke_preset(smoke):
  folder, rows = smoke
  assert rows == rows_lib.read(folder)
  metrics = {"test_mse", "test_mse_standardised", "test_gradient_mse",
             "test_gradient_mse_standardised"}
  cells = {(r.method, r.task, r.n, r.seed, r.metric) for r in rows}
  assert len(rows) == len(cells)
  assert cells == {
      (method, task, 20, seed, metric)
      for method in ("regular", "sobolev")
      for task in ("booth", "styblinski_tang")
      for seed in (0, 1) for metric in metrics}
  for row in rows:
    assert math.isfinite(row.value) and row.value > 0
    assert (row.artefact, row.preset, row.step) == ("figure2", "smoke", 60)
    assert row.settings == SMOKE.settings[0].varied(row.method)
    assert row.commit and "tensorflow" in row.versions
  assert not (folder / "checkpoints").exists()
  assert sorted(p.name for p in folder.iterdir()) == [
      ".lock", ".locks", "rows", "run.json"]


def test_rows_are_what_training_alone_gives(smoke):
  targets = [functions.by_name(name) for name in SMOKE.functions]
  trained = train_lib.train([train_lib.Member(target, 1) for target in targets],
                            20, "sobolev", SMOKE.settings[0])
  measured = measure.held_out_errors(trained, targets, SMOKE.points, "test")
  for target, expected in zip(targets, measured):
    stored = {row.metric: row.value for row in rows_lib.matching(
        smoke[1], method="sobolev", task=target.name, seed=1)}
    assert stored == {f"test_{name}": v for name, v in expected.items()}


def show(name, rows, folder):
  return registry.load(name).section.write(
      experiment.Results(rows, folder, folder))


def test_section_of_a_real_run(smoke, tmp_path):
  text = show("figure2", smoke[1], tmp_path)
  assert text.count("| booth | 20 |") == 1
  assert (tmp_path / "figure2-0.png").exists()


def test_finished_run_trains_nothing(smoke, copied, monkeypatch):
  monkeypatch.setattr(train_lib, "train", no_training)
  assert run(copied) == smoke[1]
  assert row_files(copied) == row_files(smoke[0])


def test_only_the_missing_part_is_trained(smoke, copied, monkeypatch):
  path = sorted((copied / "rows").iterdir())[1]
  path.unlink()
  train, trained = train_lib.train, []

  def counted(members, count, method, *arguments, **options):
    trained.append((method, sorted({m.seed for m in members})))
    return train(members, count, method, *arguments, **options)

  monkeypatch.setattr(train_lib, "train", counted)
  run(copied)
  assert trained == [("regular", [1])]
  assert row_files(copied) == row_files(smoke[0])


def test_finished_run_can_be_overwritten(smoke, copied, monkeypatch):
  show("figure2", smoke[1], copied)  # figures lie beside the rows
  monkeypatch.setattr(train_lib, "train", no_training)
  with pytest.raises(AssertionError, match="trained again"):
    run(copied, overwrite=True)
  assert row_files(copied) == {}


def test_damaged_rows_stop_the_run(copied, monkeypatch):
  monkeypatch.setattr(train_lib, "train", no_training)
  path = sorted((copied / "rows").iterdir())[0]
  path.write_bytes(path.read_bytes()[:-10])
  before = row_files(copied)
  with pytest.raises(errors.UserError, match=f"{path.name}' is damaged"):
    run(copied)
  assert row_files(copied) == before


def test_other_settings_are_refused(smoke, copied):
  with pytest.raises(errors.UserError, match="points: 200 there, 300 now"):
    run(copied, dataclasses.replace(SMOKE, points=300))
  assert row_files(copied) == row_files(smoke[0])


def test_folder_in_use_is_refused(copied):
  with files.locked(copied), pytest.raises(
      errors.UserError, match="Another run is using the folder"):
    run(copied)


def test_interrupted_run_resumes(smoke, copied, monkeypatch):
  path = sorted((copied / "rows").iterdir())[3]
  path.unlink()
  save = checkpoint.Checkpointer.save

  def save_and_die(self, step, history):
    save(self, step, history)
    raise KeyboardInterrupt

  with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
    patch.setattr(checkpoint.Checkpointer, "save", save_and_die)
    run(copied)
  assert (copied / "checkpoints" / path.stem).is_dir()
  assert not path.exists()
  run(copied)
  assert row_files(copied) == row_files(smoke[0])
  assert not (copied / "checkpoints").exists()


def test_tensorboard_on_request(copied, monkeypatch):
  path = sorted((copied / "rows").iterdir())[0]
  path.unlink()
  run(copied, tensorboard=True)
  assert list((copied / "tensorboard" / path.stem).glob("events.*"))


def test_sensitivity_smoke(tmp_path):
  config = sensitivity.PRESETS["smoke"]
  config = dataclasses.replace(
      config, functions=("booth",), seeds=(100,), settings=tuple(
          dataclasses.replace(s, steps=5) for s in config.settings))
  rows = run_lib.run(
      grid.plan("sensitivity", "smoke", config), tmp_path / "run")
  assert list(rows_lib.grouped(rows, ("inputs", "targets"))) == [
      ("standardised", targets) for targets in regression.SCALINGS]
  assert {r.metric for r in rows} == {
      f"validation_{name}" for name in (
          "mse", "mse_standardised", "gradient_mse",
          "gradient_mse_standardised")}
  assert "`tuned` preset: inputs=standardised" in show(
      "sensitivity", rows, tmp_path)


@pytest.mark.parametrize("change, message", [
    ({"functions": ("booth", "akley")}, "no benchmark function 'akley'"),
    ({"functions": ()}, "functions must name at least one"),
    ({"sizes": ()}, "sizes must name at least one"),
    ({"seeds": ()}, "seeds must name at least one"),
    ({"sizes": (20, 0)}, "0"),
    ({"sizes": (20, 20)}, "sizes must name at least one and none twice"),
    ({"seeds": (1, 1)}, "seeds must name at least one and none twice"),
    ({"functions": ("booth", "booth")}, "booth"),
], ids=str)
def test_bad_grid_is_refused_before_anything_is_written(
    tmp_path, monkeypatch, change, message):
  monkeypatch.setattr(train_lib, "train", no_training)
  with pytest.raises(errors.UserError, match=message):
    run(tmp_path / "run", dataclasses.replace(SMOKE, **change))
  assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("change, message", [
    ({"steps": 0}, "steps"),
    ({"learning_rates": (1e-3, -1.)}, "learning_rates"),
    ({"derivative_weight": -1.}, "derivative_weight must be finite"),
    ({"inputs": "log"}, "scaling of inputs"),
    ({"schedule": "linear"}, "schedule must be"),
], ids=str)
def test_bad_settings_are_refused(tmp_path, change, message):
  settings = dataclasses.replace(SMOKE.settings[0], **change)
  with pytest.raises(errors.UserError, match=message):
    run(tmp_path / "run", dataclasses.replace(SMOKE, settings=(settings,)))
  assert not list(tmp_path.glob("run/rows/*"))


@pytest.mark.parametrize("rates", [(1e-3, .1), (.1, 1e-3)])
def test_settings_that_would_train_a_method_twice_are_refused(rates):
  (settings,) = SMOKE.settings
  assert settings.learning_rates == (1e-3, 1e-3)
  other = dataclasses.replace(
      settings, learning_rates=regression.LearningRates(*rates))
  with pytest.raises(errors.UserError, match="settings must name.*none twice"):
    grid.check(dataclasses.replace(SMOKE, settings=(settings, other)))


@pytest.mark.parametrize("config", [
    *figure2.PRESETS.values(), *sensitivity.PRESETS.values()])
def test_presets_can_be_run(config):
  grid.check(config)
  assert all(n % min(n, s.batch_size) == 0
             for n in config.sizes for s in config.settings)


def test_settings_are_chosen_on_data_and_seeds_that_are_not_reported():
  for config in sensitivity.PRESETS.values():
    assert config.stream == "validation"
    for reported in figure2.PRESETS.values():
      assert reported.stream == "test"
      assert not set(config.seeds) & set(reported.seeds)


FLAGS = ["--preset=smoke", "--seeds=0", "--steps=1300"]


def wait_until(condition, process):
  end = time.monotonic() + 120
  while not condition():
    assert process.poll() is None, process.stderr.read()
    assert time.monotonic() < end, "the run does not get on"
    time.sleep(.005)


def test_killed_process_resumes_to_the_same_rows(tmp_path):
  """SIGKILL in the first part after a checkpoint, then in the second part."""
  killed, whole = tmp_path / "killed", tmp_path / "whole"
  # Rows name the commit; others may be editing this checkout meanwhile.
  environment = {**os.environ, "GIT_DIR": "/nonexistent"}
  stages = [
      lambda: list(killed.glob("checkpoints/*/step-*[0-9]")),
      lambda: list(killed.glob("rows/*.csv"))]
  delays = []
  for stage in stages:
    process = subprocess.Popen(
        [sys.executable, "-m", "reproduce.figure2", *FLAGS,
         f"--output={killed}"], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
      wait_until(stage, process)
      delays.append(random.uniform(0., .2))
      time.sleep(delays[-1])
    finally:
      process.kill()
      process.communicate()
    assert process.returncode == -signal.SIGKILL, (
        "the run was over before it was killed: make it longer")
  assert len(list(killed.glob("rows/*.csv"))) == 1
  for folder in (killed, whole):
    subprocess.run(
        [sys.executable, "-m", "reproduce.figure2", *FLAGS,
         f"--output={folder}"], cwd=ROOT, env=environment, check=True,
        stdout=subprocess.DEVNULL)
  assert len(row_files(whole)) == 2
  assert row_files(killed) == row_files(whole), delays
  assert (killed / "section.md").read_bytes() == (
      whole / "section.md").read_bytes()


def test_learning_curves_are_of_validation_points(tmp_path):
  config = dataclasses.replace(SMOKE, curve_every=25, curve_points=50)
  rows = run(tmp_path / "run", config)
  curves = rows_lib.matching(rows, metric="validation_mse")
  members = len(config.functions) * len(config.seeds) * 2
  assert len(curves) == 3 * members
  assert {row.step for row in curves} == {25, 50, 60}
  without = [row for row in rows if row.metric != "validation_mse"]
  assert [(row.task, row.metric, row.value) for row in without] == [
      (row.task, row.metric, row.value)
      for row in run(tmp_path / "without", SMOKE)]
  function = functions.by_name("booth")
  trained = train_lib.train(
      [train_lib.Member(function, 1)], 20, "sobolev", config.settings[0])
  expected, = measure.held_out_errors(
      trained, [function], config.curve_points, "validation")
  last, = (row.value for row in rows_lib.matching(
      curves, task="booth", seed=1, method="sobolev", step=60))
  assert last == pytest.approx(expected["mse"], rel=1e-3)


def test_curves_beside_validation_errors_are_refused():
  config = dataclasses.replace(SMOKE, curve_every=25, stream="validation")
  with pytest.raises(errors.UserError, match="Learning curves .* test points"):
    grid.check(config)
