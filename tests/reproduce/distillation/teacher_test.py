"""Tests of the teacher trainer's command, and of exact resumption."""

import csv
import io
import subprocess
import sys

import numpy as np
import pytest

from configs import teacher as config_lib
from reproduce import run
from reproduce.distillation import teacher
from sobolev_tf import errors, files
from sobolev_tf.atari import teachers, trainer

CONFIG = config_lib.get("smoke", "pong", steps=256)  # 4 iterations


PROGRESS = "tables/progress.csv"


def train(folder, config=CONFIG, game="pong", initial=None, overwrite=False):
  return run.run(teacher.plan(config, "smoke", game, 1, initial), folder,
                 overwrite=overwrite)


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, monkeypatch):
  whole = train(tmp_path / "whole")
  step = trainer.Trainer.step

  def crash(self, iteration):
    if int(iteration) == 3:  # between two checkpoints
      raise RuntimeError("power cut")
    return step(self, iteration)

  with monkeypatch.context() as patch:
    patch.setattr(trainer.Trainer, "step", crash)
    with pytest.raises(RuntimeError, match="power cut"):
      train(tmp_path / "cut")
  resumed = train(tmp_path / "cut")
  assert [(row.step, row.metric) for row in whole][::3] == [
      (128, "score"), (256, "score")]
  entropies = [row.value for row in whole if row.metric == "entropy"]
  assert len(set(entropies)) == 2
  assert entropies == [
      row.value for row in resumed if row.metric == "entropy"]
  weights = [teachers.load(tmp_path / name / "candidates" / "step-00000256")[0]
             .trainable_variables for name in ("whole", "cut")]
  for one, other in zip(*weights):
    np.testing.assert_array_equal(one, other)
  assert (files.read_text(tmp_path / "cut" / PROGRESS)
          == files.read_text(tmp_path / "whole" / PROGRESS))


def test_the_command_trains(tmp_path):
  done = subprocess.run(
      [sys.executable, "-m", "reproduce.train_teacher", "--game=breakout",
       "--preset=smoke", "--steps=128", f"--output={tmp_path}",
       "--tensorboard"], capture_output=True, text=True, check=True)
  assert "breakout: mean score" in done.stdout
  rows = list(csv.DictReader(io.StringIO(
      files.read_text(tmp_path / PROGRESS))))
  assert [row["step"] for row in rows] == ["128"]
  assert list((tmp_path / "tensorboard").glob("training/events*"))
  _, card = teachers.load(tmp_path / "candidates" / "step-00000128")
  assert card["steps"] == 128
  assert card["settings"]["seed"] == config_lib.SEED
  with pytest.raises(errors.UserError, match="other settings"):
    train(tmp_path)
  shorter = config_lib.get("smoke", "pong", steps=64)
  train(tmp_path, shorter, overwrite=True)
  assert [p.name for p in (tmp_path / "candidates").iterdir()] == [
      "step-00000064"]
  assert files.read_text(tmp_path / PROGRESS).count("\n") == 2


def test_a_teacher_is_trained_on(tmp_path):
  short = config_lib.get("smoke", "pong", steps=64)
  train(tmp_path / "first", short)
  first = tmp_path / "first" / "candidates" / "step-00000064"
  train(tmp_path / "second", short, initial=first)
  second = tmp_path / "second" / "candidates" / "step-00000128"
  _, card = teachers.load(second)
  command = ("python -m reproduce.train_teacher --game=pong --preset=smoke "
             "--steps=64 --seed=1")
  assert card["commands"] == [
      command, f"{command} --initial=<the teacher of the command before>"]
  assert card["steps"] == 128
  # One run of four updates from the first's weights, not from random ones.
  old, new = (teachers.load(path)[0] for path in (first, second))
  moved = max(abs(a - b).numpy().max() for a, b in zip(
      old.trainable_variables, new.trainable_variables))
  assert 0 < moved < .01
  # With another start the folder is refused, as with any other setting.
  with pytest.raises(errors.UserError, match="initial"):
    train(tmp_path / "second", short)


def test_a_start_that_does_not_fit_is_refused(tmp_path):
  train(tmp_path / "first", config_lib.get("smoke", "pong", steps=64))
  first = tmp_path / "first" / "candidates" / "step-00000064"
  with pytest.raises(errors.UserError, match="not of the size 'teacher-cpu'"):
    train(tmp_path / "new", config_lib.get("cpu", "pong"), initial=first)
  with pytest.raises(errors.UserError, match="plays pong, not breakout"):
    train(tmp_path / "new", game="breakout", initial=first)
  assert not (tmp_path / "new").exists()


def test_a_folder_is_opened_by_one_run_at_a_time(tmp_path, monkeypatch):
  monkeypatch.setattr(run, "_PAUSE", .01)
  with files.locked(tmp_path), pytest.raises(
      errors.UserError, match="Another run"):
    train(tmp_path)
