"""Tests of the teacher trainer's command, and of exact resumption."""

import csv
import io
import sys

from absl import flags
from absl.testing import flagsaver
import numpy as np
import pytest

from configs import teacher as teacher_config
from reproduce import train_teacher
from sobolev_tf import errors, files
from sobolev_tf.agents import teachers, trainer

CONFIG = teacher_config.get("smoke", "pong", steps=384)  # 6 iterations


def weights(folder):
  network, _ = teachers.load(folder / "candidates" / "step-00000384")
  return [v.numpy() for v in network.trainable_variables]


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, monkeypatch):
  whole = train_teacher.run(CONFIG, "pong", 1, tmp_path / "whole")
  step = trainer.Trainer.step

  def crash(self, iteration):
    if int(iteration) == 3:  # between two checkpoints
      raise RuntimeError("power cut")
    return step(self, iteration)

  with monkeypatch.context() as patch:
    patch.setattr(trainer.Trainer, "step", crash)
    with pytest.raises(RuntimeError, match="power cut"):
      train_teacher.run(CONFIG, "pong", 1, tmp_path / "cut")
  resumed = train_teacher.run(CONFIG, "pong", 1, tmp_path / "cut")
  assert len(whole.records) == 3
  assert len({record["loss"] for record in whole.records}) == 3
  np.testing.assert_equal(resumed.records, whole.records)
  for one, other in zip(weights(tmp_path / "cut"), weights(tmp_path / "whole")):
    np.testing.assert_array_equal(one, other)
  assert (files.read_text(tmp_path / "cut" / trainer.PROGRESS)
          == files.read_text(tmp_path / "whole" / trainer.PROGRESS))


def test_the_command_trains_and_refuses_other_settings(tmp_path, capsys):
  flags.FLAGS.mark_as_parsed()
  with flagsaver.flagsaver(
      game="breakout", preset="smoke", output=str(tmp_path), steps=128,
      tensorboard=True):
    train_teacher.main([sys.argv[0]])
    assert "mean score" in capsys.readouterr().out
  rows = list(csv.DictReader(io.StringIO(
      files.read_text(tmp_path / trainer.PROGRESS))))
  assert [row["step"] for row in rows] == ["128"]
  assert list((tmp_path / "tensorboard").glob("events*"))
  _, card = teachers.load(tmp_path / "candidates" / "step-00000128")
  assert card["steps"] == 128
  assert card["settings"]["seed"] == 1
  with flagsaver.flagsaver(
      game="breakout", preset="smoke", output=str(tmp_path), steps=256):
    with pytest.raises(SystemExit) as stop:
      train_teacher.main([sys.argv[0]])
    assert stop.value.code == 2
    assert "other settings" in capsys.readouterr().err


def test_a_folder_is_used_by_one_run_only(tmp_path):
  with files.locked(tmp_path), pytest.raises(
      errors.UserError, match="Another run"):
    train_teacher.run(CONFIG, "pong", 1, tmp_path)
