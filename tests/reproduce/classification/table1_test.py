"""Table 1 through its entrypoint, and bad input."""

import dataclasses
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys

from commands import check_refused
import fashion_files
import numpy as np
import pytest

from configs import table1 as config_lib
from reproduce import folder as folder_lib
from reproduce import report, rows, table1
from reproduce.classification import table1 as grid
from reproduce.classification import train as training
from reproduce.classification.data import opener
from sobolev_tf import errors, files

# Of networks and SG modules (VFBN, critic, Sobolev); README states them.
PARAMETERS = {("cifar10", 3): (7_790_794, 1_447_582),
              ("imagenet", 1): (25_557_032, 2_873_832),
              ("imagenet", 3): (25_557_032, 10_390_712)}
ROOT = pathlib.Path(__file__).parents[3]


@pytest.fixture(scope="module")
def finished(tmp_path_factory, command):
  """The smoke run, in two calls that share one folder."""
  folder = tmp_path_factory.mktemp("runs") / "run"
  for methods in ("noprop,sobolev", "backpropagation"):
    assert command(table1, "--preset=smoke", f"--method={methods}",
                   f"--output={folder}").status == 0
  return folder


def test_rows_of_every_method(finished):
  made = rows.read(finished)
  assert {(r.artefact, r.preset, r.task, r.n, r.seed) for r in made} == {
      ("table1", "smoke", "shapes", 0, 0)}
  assert {r.method for r in made} == {"noprop", "sobolev", "backpropagation"}
  (settings,) = config_lib.get("smoke", "shapes").settings
  for row in made:
    assert row.settings == {
        "splits": 3, "targets": "true",
        "learning_rate": settings.learning_rates[row.method],
        "module_optimizer": None, "module_learning_rate": None,
        "gradient_weight": 1., "precision": "float32"}
  metrics = {r.metric for r in made if r.method == "sobolev"}
  assert metrics == {
      "loss", "test_top1", "test_top5", "test_loss",
      *(f"cosine_{k}" for k in (1, 2, 3)),
      *(f"test_asymmetry_{k}" for k in (1, 2, 3))}
  assert {r.metric for r in made if r.method == "noprop"} == {
      "loss", "test_top1", "test_top5", "test_loss"}
  assert not (finished / "checkpoints").exists()


def test_a_finished_run_is_not_trained_again(finished, command, monkeypatch):
  def fail(*unused, **unused_too):
    raise AssertionError("trained again")
  monkeypatch.setattr(training, "train", fail)
  before = rows.read(finished)
  assert command(
      table1, "--preset=smoke", f"--output={finished}").status == 0
  assert rows.read(finished) == before


def start(folder, *arguments, **environment):
  return subprocess.Popen(
      [sys.executable, "-m", "reproduce.table1", "--preset=smoke",
       f"--output={folder}", *arguments], stderr=subprocess.PIPE, text=True,
      cwd=ROOT, env={**os.environ, "GIT_DIR": "/nonexistent", **environment})


def assert_finish(*processes):
  said = [process.communicate(timeout=600)[1] for process in processes]
  assert [process.returncode for process in processes] == (
      [0] * len(processes)), said


def test_rows_do_not_depend_on_who_shares_a_run(tmp_path):
  # In processes of their own, which choose their number of threads.
  assert_finish(start(tmp_path / "alone"),
                start(tmp_path / "shared", "--jobs=2"))
  alone = rows.read(tmp_path / "alone")
  assert len({row.method for row in alone}) == 3
  assert rows.read(tmp_path / "shared") == alone


def test_workers_make_a_run_afresh_together(finished, tmp_path):
  folder = shutil.copytree(finished, tmp_path / "run")
  with socket.socket() as first, socket.socket() as second:
    for each in (first, second):
      each.bind(("localhost", 0))
    hosts = [f"localhost:{each.getsockname()[1]}" for each in (first, second)]
  assert_finish(*(
      start(folder, "--method=backpropagation", "--overwrite",
            CUDA_VISIBLE_DEVICES="-1", TF_CONFIG=json.dumps({
                "cluster": {"worker": hosts},
                "task": {"type": "worker", "index": index}}))
      for index in range(2)))
  made = rows.read(folder)
  assert {row.method for row in made} == {"backpropagation"}
  assert {"loss", "test_top1"} <= {row.metric for row in made}
  assert "not run" in (folder / "section.md").read_text()


def test_jobs_on_several_hosts_are_refused(command, tmp_path, monkeypatch):
  monkeypatch.setenv("TF_CONFIG", json.dumps({
      "cluster": {"worker": ["a:1", "b:1"]},
      "task": {"type": "worker", "index": 0}}))
  check_refused(command(table1, "--preset=smoke", "--jobs=2",
                        f"--output={tmp_path}/new"), "--jobs", "TF_CONFIG")
  assert not (tmp_path / "new").exists()


def test_settings_that_agree_for_a_method_are_refused():
  config = config_lib.get("smoke", "shapes")
  (settings,) = config.settings
  other = dataclasses.replace(settings, learning_rates={
      **settings.learning_rates, "sobolev": .5})
  twice = dataclasses.replace(config, settings=(settings, other))
  with pytest.raises(errors.UserError, match="settings must name"):
    grid.check(twice)
  grid.check(dataclasses.replace(twice, methods=("sobolev",)))


def test_report_shows_it(finished, tmp_path):
  page = report.write([finished.parent], tmp_path / "report").read_text()
  assert "Table 1: synthetic gradients" in page
  assert "data:image/png" in page
  assert "backpropagation" in page


@pytest.mark.parametrize("arguments, words", [
    (["--dataset=mnist"], ["--dataset", "mnist"]),
    (["--method=direkt"], ["'direkt' is not a method", "direct"]),
    (["--method=vfbn,vfbn"], ["none twice"]),
    (["--splits=2"], ["--splits", "2"]),
    (["--targets=false"], ["--targets"]),
    (["--seeds=-1"], ["--seeds"]),
    (["--steps=0"], ["--steps"]),
    (["--precision=half"], ["--precision", "half"]),
    (["--devices=-1"], ["--devices"]),
    (["--devices=64"], ["64", "devices"]),
    (["--method=local"], ["no learning rate for 'local', only for noprop"]),
    (["--dataset=cifar10", "--preset=quick"],
     ["'quick' has no settings for cifar10", "shapes, digits"]),
    (["--dataset=shapes", "--preset=paper"], ["cifar10, imagenet"]),
])
def test_bad_input_is_one_sentence(tmp_path, command, arguments, words):
  check_refused(command(table1, "--preset=smoke", f"--output={tmp_path}/new",
                        *arguments), *words)
  assert not (tmp_path / "new").exists()


def test_absent_data_are_noticed_before_anything_is_written(
    tmp_path, command):
  pytest.importorskip("tensorflow_datasets")
  check_refused(command(
      table1, "--dataset=cifar10", "--preset=paper", f"--data_dir={tmp_path}",
      f"--output={tmp_path}/new"), "tfds build cifar10")
  assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("dataset, options", [
    ("cifar10", ["--preset=small", "--steps=4", "--seeds=0"]),
    ("imagenet", ["--preset=smoke"])])
def test_mocked_data_of_the_real_format(tmp_path, command, dataset, options):
  tfds = pytest.importorskip("tensorflow_datasets")
  with tfds.testing.mock_data(num_examples=8):
    assert command(
        table1, *options, f"--dataset={dataset}", "--method=sobolev",
        f"--output={tmp_path}/run").status == 0
  text = (tmp_path / "run" / "section.md").read_text()
  assert f"paper: {dataset}" in text
  assert ("top-5" in text) == (dataset == "imagenet")


def test_fashion_mnist_and_local_losses_on_mocked_files(
    tmp_path, command, monkeypatch):
  (tmp_path / "data").mkdir()
  folder = fashion_files.write(tmp_path / "data", monkeypatch)
  options = ("--preset=smoke", "--dataset=fashion_mnist", "--splits=1")
  assert command(table1, *options, "--method=local", f"--data_dir={folder}",
                 f"--output={tmp_path}/run").status == 0
  made = rows.read(tmp_path / "run")
  assert {(row.method, row.n) for row in made} == {("local", 120)}
  assert {"test_top1", "cosine_1", "test_asymmetry_1"} <= {
      row.metric for row in made}
  text = (tmp_path / "run" / "section.md").read_text()
  assert "local losses (not in the paper)" in text
  (folder / "t10k-labels-idx1-ubyte.gz").unlink()
  check_refused(command(table1, *options, f"--data_dir={folder}",
                        f"--output={tmp_path}/new"), "is incomplete")
  assert not (tmp_path / "new").exists()


def test_committed_runs_have_the_settings_of_their_presets(monkeypatch):
  monkeypatch.setattr(opener, "open_data", lambda *_, **__: None)  # absent here
  committed = list((ROOT / "results" / "table1").glob("*/*/run.json"))
  assert committed
  for path in committed:
    kept = folder_lib.read_settings(path.parent)
    made = rows.read(path.parent)
    config = config_lib.get(
        kept["preset"], kept["dataset"],
        targets=kept["settings"][0]["targets"],
        splits=kept["settings"][0]["splits"])
    plan = grid.plan(dataclasses.replace(
        config, methods=tuple({row.method for row in made}),
        seeds=tuple({row.seed for row in made})), kept["preset"])
    assert not files.first_difference(
        kept, json.loads(json.dumps(plan.description)))
    assert {part.name for part in plan.parts} == {
        file.stem for file in (path.parent / "rows").iterdir()}
    for row in made:
      assert row.settings in [
          settings.varied(row.method) for settings in config.settings]


@pytest.mark.parametrize("dataset, splits", [
    ("cifar10", 3), ("imagenet", 1), ("imagenet", 3)])
def test_the_paper_preset_takes_steps(dataset, splits, tmp_path):
  tfds = pytest.importorskip("tensorflow_datasets")
  config = config_lib.get("paper", dataset, splits=splits)
  settings = dataclasses.replace(  # all else is the paper's
      config.settings[0], steps=2, batch_size=2)
  with tfds.testing.mock_data(num_examples=8):
    trained = training.train(
        dataset, "sobolev", 0, settings, held_out=0,
        train_on_validation=True, folder=tmp_path, checkpoint_every=2)
  parts, modules = ([sum(v.shape.num_elements() for v in m.trainable_variables)
                     for m in several]
                    for several in (trained.network.parts,
                                    trained.network.cuts))
  assert (sum(parts), sum(modules)) == PARAMETERS[dataset, splits]
  assert len(parts) == splits + 1
  assert np.isfinite(trained.history.records[-1]["loss"]).all()
  for module in (*trained.network.parts, *trained.network.cuts):
    for variable in module.trainable_variables:
      assert np.isfinite(variable.numpy()).all()
