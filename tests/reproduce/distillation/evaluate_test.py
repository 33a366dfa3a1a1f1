"""Tests of the teacher evaluation."""

import pytest

from reproduce.distillation import evaluate
from sobolev_tf import errors
from sobolev_tf.atari import networks as atari
from sobolev_tf.atari import teachers


@pytest.fixture(name="stored")
def _stored(tmp_path):
  network = atari.make_network(4, atari.NetworkSize(((2, 8, 8),), 8))
  teachers.save(tmp_path / "teacher", network, "breakout", {
      "steps": 12, "commands": ["python"]})
  return tmp_path / "teacher"


def test_evaluates_and_ships(stored, tmp_path, monkeypatch):
  monkeypatch.setattr(
      teachers, "package_folder", lambda game: tmp_path / "package" / game)
  with pytest.raises(errors.UserError, match="no teacher of breakout"):
    evaluate.run("breakout", None, 2, 5)
  scores = evaluate.run("breakout", stored, 2, 5)
  assert scores["games"] == 2
  assert scores["minimum"] <= scores["mean"] <= scores["maximum"]
  evaluate.ship("breakout", stored, scores)
  _, card = teachers.load_teacher("breakout")
  assert card["evaluation"] == scores
  assert card["steps"] == 12 and card["commands"] == ["python"]
  assert evaluate.run("breakout", None, 2, 5) == scores


def test_another_game_is_refused(stored):
  with pytest.raises(errors.UserError, match="plays breakout, not pong"):
    evaluate.run("pong", stored, 1, 0)


@pytest.mark.legacy
def test_both_emulators_give_the_same_scores(stored):
  new, old = [evaluate.run("breakout", stored, 3, 5, emulator)
              for emulator in evaluate.EMULATORS]
  assert old == new
