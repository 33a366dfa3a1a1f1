"""Table 1 through its entrypoint, its section, and bad input."""

import contextlib
import dataclasses
import json
import math
import pathlib
import shutil
import subprocess
import sys
import warnings

from commands import check_refused
import numpy as np
import pytest
import tensorflow as tf

from configs import table1 as config_lib
from reproduce import published, report, table1
from reproduce import rows as results
from reproduce.classification import table1 as section
from reproduce.classification import train as classification
from sobolev_tf import files
from sobolev_tf import synthetic_gradients as sg

# Of networks and SG modules (VFBN, critic, Sobolev); README states them.
PARAMETERS = {("cifar10", 3): (7_790_794, 1_447_582),
              ("imagenet", 1): (25_557_032, 2_873_832),
              ("imagenet", 3): (25_557_032, 10_390_712)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory, command):
  """The smoke run, in two calls that share one folder."""
  folder = tmp_path_factory.mktemp("runs") / "run"
  for methods in ("noprop,sobolev", "backpropagation"):
    assert command(table1, "--preset=smoke", f"--method={methods}",
                   f"--output={folder}").status == 0
  return folder


def test_rows_of_every_method(finished):
  rows = results.read(finished)
  assert {(r.artefact, r.preset, r.task, r.seed) for r in rows} == {
      ("table1", "smoke", "shapes", 0)}
  assert {r.method for r in rows} == {"noprop", "sobolev", "backpropagation"}
  metrics = {r.metric for r in rows if r.method == "sobolev"}
  assert metrics == {
      "loss", "test_top1", "test_top5", "test_loss",
      *(f"cosine_{k}" for k in (1, 2, 3)),
      *(f"test_asymmetry_{k}" for k in (1, 2, 3))}
  assert {r.metric for r in rows if r.method == "noprop"} == {
      "loss", "test_top1", "test_top5", "test_loss"}
  assert not (finished / "checkpoints").exists()


def test_a_finished_run_is_not_trained_again(finished, command, monkeypatch):
  def fail(*unused, **unused_too):
    raise AssertionError("trained again")
  monkeypatch.setattr(classification, "train", fail)
  before = results.read(finished)
  assert command(
      table1, "--preset=smoke", f"--output={finished}").status == 0
  assert results.read(finished) == before


@pytest.mark.parametrize("finishes", [True, False])
def test_a_part_that_another_process_is_at_is_left_to_it(
    finished, tmp_path, command, monkeypatch, finishes):
  shutil.copytree(finished, tmp_path / "run")
  store = results.Run(tmp_path / "run", json.loads(
      files.read_text(finished / "run.json")))
  rows = sorted((tmp_path / "run" / "rows").iterdir())
  others, ours = rows[:2]  # two of three are missing, one is elsewhere made
  kept = others.read_bytes(), ours.read_bytes()
  others.unlink()
  ours.unlink()
  other = contextlib.ExitStack()  # another process, as far as locks can tell
  other.enter_context(files.locked(store.lock(others.stem)))
  waited = []

  def wait():
    assert ours.exists()  # all else is done first
    waited.append(True)
    if len(waited) == 3:
      if finishes:
        others.write_bytes(kept[0])
      other.close()

  monkeypatch.setattr(table1, "_wait", wait)
  trained = []
  train = classification.train
  monkeypatch.setattr(
      classification, "train", lambda *arguments, **options: (
          trained.append(options["folder"].name), train(
              *arguments, **options))[1])
  assert command(table1, "--preset=smoke",
                 f"--output={tmp_path}/run").status == 0
  assert len(waited) == 3
  assert trained == [ours.stem] + [others.stem] * (not finishes)
  assert (others.read_bytes(), ours.read_bytes()) == kept
  assert not (tmp_path / "run" / "checkpoints").exists()


def test_processes_share_a_run(finished, tmp_path):
  # With three a part's end and another's look meet now and then.
  processes = [
      subprocess.Popen(
          [sys.executable, "-m", "reproduce.table1", "--preset=smoke",
           f"--output={tmp_path}/run"], stderr=subprocess.PIPE, text=True)
      for _ in range(3)]
  errors_ = [process.communicate(timeout=600)[1] for process in processes]
  assert [process.returncode for process in processes] == [0] * 3, errors_
  assert results.read(tmp_path / "run") == results.read(finished)


def test_locks_of_many_processes(tmp_path):
  """Parts that take no time, so that processes are in each other's way."""
  script = """
import contextlib, os, sys
from reproduce import table1
from sobolev_tf import files, results
parts = [table1.Part(table1.config_lib.get("smoke", "shapes").settings[0], s,
                     "noprop") for s in range(60)]
store = results.Run(sys.argv[1], {})
while True:
  with contextlib.ExitStack() as held:
    chosen = table1._choose(parts, store, held)
    if chosen == table1._NONE_LEFT:
      break
    if chosen >= 0:
      os.mkdir(f"{store.folder}/../{chosen}")  # fails if another was at it
      files.make_folder(store.checkpoints(parts[chosen].name))
      store.write(parts[chosen].name, [results.Row(
          "", "", "", "", "", 0, chosen, 0, sys.argv[2], 1.)])
"""
  results.Run(tmp_path / "run", {})
  processes = [
      subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "run"),
                        str(number)], stderr=subprocess.PIPE, text=True)
      for number in range(3)]
  errors_ = [process.communicate(timeout=600)[1] for process in processes]
  assert [process.returncode for process in processes] == [0] * 3, errors_
  assert {row.seed for row in results.read(tmp_path / "run")} == set(range(60))


def test_a_part_in_progress_is_not_overwritten(
    finished, tmp_path, command, monkeypatch):
  shutil.copytree(finished, tmp_path / "run")
  store = results.Run(tmp_path / "run", json.loads(
      files.read_text(finished / "run.json")))
  part = next((tmp_path / "run" / "rows").iterdir()).stem
  monkeypatch.setattr(table1, "_wait", lambda: None)
  before = results.read(tmp_path / "run")
  with files.locked(store.lock(part)):
    check_refused(command(table1, "--preset=smoke", "--overwrite",
                          f"--output={tmp_path}/run"), "Another run is using")
  assert results.read(tmp_path / "run") == before


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


@pytest.mark.parametrize("dataset", ["cifar10", "imagenet"])
def test_smoke_on_mocked_data_of_the_real_format(tmp_path, command, dataset):
  tfds = pytest.importorskip("tensorflow_datasets")
  with tfds.testing.mock_data(num_examples=8):
    assert command(
        table1, "--preset=smoke", f"--dataset={dataset}", "--method=sobolev",
        f"--output={tmp_path}/run").status == 0
  text = (tmp_path / "run" / "section.md").read_text()
  assert f"paper: {dataset}" in text
  assert ("top-5" in text) == (dataset == "imagenet")


def make_rows(seeds=(0, 1, 2), splits=3, task="shapes"):
  """Rows of a made-up run: accuracy 10 x place of the method + seed."""
  rows = []
  for place, method in enumerate(sg.METHODS):
    for seed in seeds:
      def row(metric, value, step=100, method=method, seed=seed):
        return results.Row(
            "table1", "made-up", f"splits={splits} targets=true", method, task,
            0, seed, step, metric, value)
      rows.append(row("test_top1", 10. * place + seed))
      if method not in ("noprop", "backpropagation"):
        for cut in range(1, splits + 1):
          rows += [row(f"cosine_{cut}", .1 * cut, step) for step in (50, 100)]
          rows.append(row(f"test_asymmetry_{cut}", 1e-7))
  return rows


def test_section_of_made_up_rows(tmp_path):
  text = section.write(make_rows(), tmp_path)
  header, _, ours, paper = text.split("\n\n")[1].splitlines()
  cells = [c.strip() for c in ours.strip("|").split("|")]
  assert "3 seeds" in cells[0]
  assert "(51.0 [" in cells[0]
  assert [c.split()[0] for c in cells[1:]] == [
      "1.0", "11.0", "21.0", "31.0", "41.0"]
  printed = next(r for r in published.TABLE1 if r.data == "cifar10")
  for accuracy in printed.methods.values():
    assert f"{accuracy.mean} ± {accuracy.deviation}" in paper
  assert "(94.3)" in paper
  assert "not for the numbers" in text
  assert "backpropagation -10.0 [-10.0, -10.0] (Sobolev worse)" in text
  assert "Critic 10.0 [10.0, 10.0] (Sobolev better)" in text
  assert "0.10 / 0.20 / 0.30" in text and "1.0e-07" in text
  assert (tmp_path / "table1-0.png").exists()


def test_section_of_an_imagenet_run_has_the_papers_rows():
  rows = make_rows(splits=1, task="imagenet")
  cells = section.Cells(rows)
  assert [(r.modules, r.top) for r in section.paper_rows(cells)] == [
      (1, 1), (1, 5)]
  assert section.paper_rows(section.Cells(make_rows()))[0].data == "cifar10"


def test_section_of_a_single_seed_and_method(tmp_path):
  rows = [r for r in make_rows(seeds=(4,)) if r.method == "noprop"]
  text = section.write(rows, tmp_path)
  assert "1 seed " in text and "not run" in text


def test_section_says_what_diverged(tmp_path):
  rows = []
  for row in make_rows():
    lost = row.method == "critic" and row.metric.startswith(("test", "cosine"))
    if lost and "asymmetry" in row.metric:
      continue  # not measured then
    rows.append(dataclasses.replace(
        row, value=math.nan) if lost else row)
    if lost and row.metric == "test_top1":
      rows.append(dataclasses.replace(
          row, metric="test_diverged_at", value=30.))
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    text = section.write(rows, tmp_path)
  assert "nan" not in text
  assert "| Critic | diverged / diverged / diverged |" in text
  assert "left out of the means: Critic with seed 0, Critic with seed 1" in text


def test_presets():
  assert set(config_lib.PRESETS) >= {"smoke", "quick", "cpu", "paper"}
  for preset, by_dataset in config_lib.PRESETS.items():
    for dataset, config in by_dataset.items():
      table1._check(config)
      assert config.dataset == dataset
      if not preset.startswith("tuning"):
        assert config.stream == "test"
  assert config_lib.PRESETS["cpu"]["shapes"].methods == sg.METHODS
  assert len(config_lib.PRESETS["cpu"]["shapes"].seeds) >= 5
  tuning = config_lib.PRESETS["tuning"]["shapes"]
  assert tuning.stream == "validation"
  assert not set(tuning.seeds) & set(config_lib.PRESETS["cpu"]["shapes"].seeds)
  # The same learning rates are tried for every method.
  for settings in tuning.settings:
    assert len(set(settings.learning_rates.values())) == 1


def test_committed_runs_have_the_settings_of_their_presets():
  folder = pathlib.Path(__file__).parents[2] / "results" / "table1"
  committed = list(folder.glob("*/*/run.json"))
  assert committed
  for path in committed:
    kept = json.loads(files.read_text(path))
    preset, dataset = kept.pop("preset"), kept["dataset"]
    now = dataclasses.asdict(config_lib.get(
        preset, dataset, targets=kept["settings"][0]["targets"],
        splits=kept["settings"][0]["splits"]))
    del now["methods"], now["seeds"]
    assert not results.first_difference(
        kept, json.loads(json.dumps({"artefact": "table1", **now})))


def test_paper_preset_is_what_is_known():
  cifar10 = config_lib.get("paper", "cifar10").settings[0]
  assert (cifar10.splits, cifar10.batch_size, cifar10.optimizer) == (
      3, 32, "adam")
  assert cifar10.weight_decay == 1e-4
  assert (cifar10.schedule, cifar10.schedule_steps) == ("halving", (40_000,))
  assert set(cifar10.learning_rates.values()) == {1e-3}
  for splits in (1, 3):
    imagenet = config_lib.get("paper", "imagenet", splits=splits).settings[0]
    assert (imagenet.architecture, imagenet.splits) == ("resnet50", splits)
    # He et al. (arXiv 1512.03385): 90 epochs of 1.28 million images.
    assert (imagenet.optimizer, imagenet.batch_size, imagenet.steps) == (
        "momentum", 256, 450_000)
    assert imagenet.steps * imagenet.batch_size == pytest.approx(
        90 * 1.281167e6, rel=.01)
    rate = imagenet.part_rate("sobolev")
    assert [float(rate(tf.constant(step))) for step in (
        0, 149_999, 150_000, 299_999, 300_000, 449_999)] == pytest.approx(
            [.1, .1, .01, .01, .001, .001])
    assert imagenet.weight_decay == 1e-4
  for config in config_lib.PRESETS["paper"].values():
    assert config.settings[0].targets == "true"


@pytest.mark.parametrize("dataset, splits", [
    ("cifar10", 3), ("imagenet", 1), ("imagenet", 3)])
def test_the_paper_preset_takes_steps(dataset, splits, tmp_path):
  tfds = pytest.importorskip("tensorflow_datasets")
  config = config_lib.get("paper", dataset, splits=splits)
  settings = dataclasses.replace(  # all else is the paper's
      config.settings[0], steps=2, batch_size=2)
  with tfds.testing.mock_data(num_examples=8):
    trained = classification.train(
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
