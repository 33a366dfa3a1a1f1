"""Tests of the teacher evaluation's command."""

import sys

from absl import flags
from absl.testing import flagsaver
import pytest

from reproduce import evaluate_teacher
from sobolev_tf.agents import teachers
from sobolev_tf.networks import atari


@pytest.fixture(name="stored")
def _stored(tmp_path):
  flags.FLAGS.mark_as_parsed()
  network = atari.make_network(4, atari.NetworkSize(((2, 8, 8),), 8))
  teachers.save(tmp_path / "teacher", network, "breakout", {
      "settings": {"steps": 12, "seed": 3}})
  return tmp_path / "teacher"


def test_evaluates_and_ships(stored, tmp_path, monkeypatch, capsys):
  monkeypatch.setattr(
      teachers, "__file__", str(tmp_path / "package" / "teachers.py"))
  with flagsaver.flagsaver(
      game="breakout", weights=str(stored), games=2, ship=True):
    evaluate_teacher.main([sys.argv[0]])
  assert "mean: " in capsys.readouterr().out
  _, card = teachers.load(tmp_path / "package" / "data" / "breakout")
  assert card["evaluation"]["games"] == 2
  assert card["evaluation"] == evaluate_teacher.run(
      "breakout", stored, 2, card["evaluation"]["seed"])
  assert card["command"] == (
      "python -m reproduce.train_teacher --game=breakout --steps=12 --seed=3")


@pytest.mark.parametrize("given, message", [
    ({"game": "pong"}, "plays breakout, not pong"),
    ({"game": "pong", "weights": None, "ship": True}, "--ship needs"),
])
def test_mistakes_are_one_sentence(stored, capsys, given, message):
  with flagsaver.flagsaver(**{"weights": str(stored), **given}):
    with pytest.raises(SystemExit) as stop:
      evaluate_teacher.main([sys.argv[0]])
  assert stop.value.code == 2
  error = capsys.readouterr().err
  assert message in error
  assert error.count("\n") == 1
