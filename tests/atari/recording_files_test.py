"""Tests of stored recordings and logs: whole and verified, or refused."""

import errno
import json
import os

from commands import reseal
import numpy as np
import pytest

from sobolev_tf import errors, files
from sobolev_tf.atari import environment, recordings, teachers
from sobolev_tf.atari import networks as atari
from sobolev_tf.atari import recording_files as stored_lib

RNG = np.random.default_rng(0)
FACTS = {"teacher": {"steps": 12}}
NETWORK = atari.make_network(3, atari.SIZES["student-cpu"])


def make(copies=2, length=6):
  """A recording that was never played, but could have been."""
  states = copies * length
  frames = RNG.integers(256, size=(states, 84, 84)).astype(np.uint8)
  log = recordings.ActionLog(
      "pong", 5, "ale-py 1.2", tuple(range(1, copies + 1)),
      RNG.integers(3, size=(copies, length)).astype(np.uint8),
      RNG.random((copies, length)) < .3,
      recordings.checksums(frames.reshape(copies, length, 84, 84)))
  return recordings.Recording(
      log, frames,
      RNG.normal(size=states).astype(np.float32),
      RNG.normal(size=(states, 3)).astype(np.float32))


@pytest.fixture(name="stored")
def _stored(tmp_path):
  made = make()
  stored_lib.save(tmp_path / "stored", made, FACTS)
  return made, tmp_path / "stored"


def check_equal(one, other):
  for before, after in zip(one, other):
    if isinstance(before, np.ndarray):
      assert after.dtype == before.dtype
      np.testing.assert_array_equal(after, before)
    elif not isinstance(before, recordings.ActionLog):
      assert after == before


def change_card(folder, **changes):
  def change(path):
    card = json.loads((path / stored_lib.CARD).read_text())
    (path / stored_lib.CARD).write_text(json.dumps({**card, **changes}))
  reseal(folder, change)


def change_arrays(folder, name, **changes):
  def change(path):
    with np.load(path / name) as arrays:
      changed = {**arrays, **changes}
    np.savez_compressed(path / name, **changed)
  reseal(folder, change)


def test_recordings_return(stored):
  made, folder = stored
  loaded, card = stored_lib.load(folder)
  check_equal(made, loaded)
  check_equal(made.log, loaded.log)
  assert card["teacher"] == {"steps": 12}
  assert card["actions"] == ["NOOP", "RIGHT", "LEFT"]


def test_logs_return(stored, tmp_path):
  made, folder = stored
  stored_lib.save_log(tmp_path / "log", made.log, FACTS)
  assert not (tmp_path / "log" / stored_lib.STATES).exists()
  for path in (tmp_path / "log", folder):  # a recording is a log, too
    log, card = stored_lib.load_log(path)
    check_equal(made.log, log)
    assert card["teacher"] == {"steps": 12}
  with pytest.raises(errors.UserError, match="not a recording"):
    stored_lib.load(tmp_path / "log")


def test_storing_again_changes_no_byte(stored, tmp_path):
  _, folder = stored
  loaded, _ = stored_lib.load(folder)
  stored_lib.save(tmp_path / "again", loaded, FACTS)
  assert (folder / files.SEAL).read_bytes() == (
      tmp_path / "again" / files.SEAL).read_bytes()


def test_a_log_of_100k_actions_is_small(tmp_path):
  """Uniform actions of the largest set, the hardest to compress."""
  states = (20, 5000)
  log = make().log._replace(
      game="space_invaders", copies=tuple(range(20)),
      checksums=("0" * 64,) * 20,
      actions=RNG.integers(6, size=states).astype(np.uint8),
      game_over=RNG.random(states) < 1 / 500)
  stored_lib.save_log(tmp_path / "log", log, {})
  size = sum(p.stat().st_size for p in (tmp_path / "log").iterdir())
  assert 100_000 * np.log2(6) / 8 < size < 50_000


@pytest.mark.parametrize(
    "name", [stored_lib.STATES, stored_lib.ACTIONS, stored_lib.CARD])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing"])
def test_damage_is_named(stored, name, damage):
  _, folder = stored
  content = bytearray((folder / name).read_bytes())
  if damage == "missing":
    (folder / name).unlink()
  else:
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(
        content if damage == "flipped" else content[:-1])
  for load in (stored_lib.load, stored_lib.load_log):
    with pytest.raises(errors.UserError, match=f"{name}.*missing or damaged"):
      load(folder)


@pytest.mark.parametrize("name", [stored_lib.STATES, stored_lib.ACTIONS])
def test_arrays_that_are_none_are_refused(stored, name):
  """A seal is no proof of content."""
  _, folder = stored
  whole = (folder / name).read_bytes()
  broken = bytearray(whole)
  broken[60:90] = bytes(30)
  for content in (b"", whole[:-100], bytes(broken), b"text"):
    reseal(folder, lambda path, content=content: (
        path / name).write_bytes(content))
    with pytest.raises(errors.UserError, match="is not a"):
      stored_lib.load(folder)
  reseal(folder, lambda path: np.savez(
      path / name, frames=np.array([{}], object), actions=np.array([{}])))
  with pytest.raises(errors.UserError, match="is not a.*pickle"):
    stored_lib.load(folder)


@pytest.mark.parametrize("changes, words", [
    ({"game": "tetris"}, "Unknown game"),
    ({"game": "breakout"}, "its actions"),
    ({"game": []}, "unhashable"),
    ({"seed": -1}, "seed"),
    ({"seed": "5"}, "seed"),
    ({"copies": [1, 1.5]}, "copies"),
    ({"copies": [1, 1]}, "different"),
    ({"copies": [1]}, "checksum"),
    ({"copies": []}, "copies"),
    ({"copies": [1, 2, 3], "checksums": ["0" * 64] * 3}, r"shape \(2, 6\)"),
    ({"checksums": ["0" * 64]}, "checksum"),
    ({"checksums": ["0" * 64, "x" * 64]}, "checksum"),
    ({"checksums": None}, "iterable"),
])
def test_cards_that_do_not_fit_are_refused(stored, changes, words):
  _, folder = stored
  change_card(folder, **changes)
  with pytest.raises(errors.UserError, match=f"not an action log.*{words}"):
    stored_lib.load_log(folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", "7", '{"game": "pong"}'])
def test_cards_that_are_none_are_refused(stored, content):
  _, folder = stored
  reseal(folder, lambda path: (path / stored_lib.CARD).write_text(content))
  with pytest.raises(errors.UserError, match="not an action log"):
    stored_lib.load_log(folder)


@pytest.mark.parametrize("actions, words", [
    (np.full((2, 6), 3, np.uint8), "has action 3, pong has 3"),
    (np.zeros((2, 6), np.int64), "int64"),
    (np.zeros((2, 5), np.uint8), r"shape \(2, 6\)"),
    (np.zeros(12, np.uint8), r"shape \(12,\)"),
    (np.zeros([], np.uint8), r"shape \(\)"),
])
def test_actions_that_do_not_fit_are_refused(stored, actions, words):
  _, folder = stored
  change_arrays(folder, stored_lib.ACTIONS, actions=actions)
  with pytest.raises(errors.UserError, match=f"not an action log.*{words}"):
    stored_lib.load_log(folder)


def test_a_log_without_actions_is_refused(stored):
  _, folder = stored
  change_arrays(
      folder, stored_lib.ACTIONS, actions=np.zeros((2, 0), np.uint8),
      game_over=np.zeros((2, 0), bool))
  with pytest.raises(errors.UserError, match="it has no actions"):
    stored_lib.load_log(folder)


@pytest.mark.parametrize("name, array", [
    ("frames", np.zeros((11, 84, 84), np.uint8)),
    ("frames", np.zeros((12, 84, 84), np.float32)),
    ("rewards", np.zeros(11, np.float32)),
    ("logits", np.zeros((12, 4), np.float32)),
    ("logits", np.zeros((12, 3))),
])
def test_states_that_do_not_fit_are_refused(stored, name, array):
  _, folder = stored
  change_arrays(folder, stored_lib.STATES, **{name: array})
  with pytest.raises(errors.UserError, match=f"not a recording.*{name} is"):
    stored_lib.load(folder)


def test_frames_of_other_games_are_refused(stored):
  made, folder = stored
  frames = made.frames.copy()
  frames[3, 5, 5] ^= 1
  change_arrays(folder, stored_lib.STATES, frames=frames)
  with pytest.raises(errors.UserError, match="checksums of its log"):
    stored_lib.load(folder)


@pytest.mark.parametrize("stop", [
    OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()])
def test_an_interrupted_save_changes_nothing(
    stored, tmp_path, monkeypatch, stop):
  made, folder = stored
  savez = np.savez_compressed

  def interrupted(path, **arrays):
    savez(path, **arrays)
    if path.name == stored_lib.STATES:
      path.write_bytes(path.read_bytes()[:1000])
      raise stop

  monkeypatch.setattr(np, "savez_compressed", interrupted)
  for target in (folder, tmp_path / "new"):
    with pytest.raises((errors.UserError, KeyboardInterrupt)):
      stored_lib.save(target, make(), {})
  assert [p.name for p in tmp_path.iterdir()] == ["stored"]
  check_equal(made, stored_lib.load(folder)[0])


def test_a_killed_save_leaves_nothing_to_read(stored, tmp_path):
  """What SIGKILL leaves: the temporary folder, in any state."""
  made, folder = stored
  partial = tmp_path / f"new{files.TEMPORARY}"
  partial.mkdir()
  (partial / stored_lib.STATES).write_bytes(b"half")
  with pytest.raises(errors.UserError, match="not a finished folder"):
    stored_lib.load(tmp_path / "new")
  stored_lib.save(tmp_path / "new", made, {})
  check_equal(made, stored_lib.load(tmp_path / "new")[0])
  assert not partial.exists()


def test_the_packages_logs(tmp_path, monkeypatch):
  with pytest.raises(errors.UserError, match="Unknown game"):
    stored_lib.load_game_log("tetris", NETWORK)
  folders = {stored_lib.log_folder(game) for game in environment.GAMES}
  assert len(folders) == len(environment.GAMES)
  monkeypatch.setattr(stored_lib, "log_folder", lambda game: tmp_path / game)
  with pytest.raises(errors.UserError, match="has no recording of pong"):
    stored_lib.load_game_log("pong", NETWORK)
  log = make().log
  card = {**FACTS, "teacher": {"weights": teachers.checksum(NETWORK)}}
  stored_lib.save_log(tmp_path / "pong", log, card)
  check_equal(log, stored_lib.load_game_log("pong", NETWORK)[0])
  with pytest.raises(errors.UserError, match="of another teacher"):
    stored_lib.load_game_log("pong", atari.make_network(
        3, atari.SIZES["student-cpu"], seed=1))
  stored_lib.save_log(tmp_path / "breakout", log, FACTS)
  with pytest.raises(errors.UserError, match="is of pong, not breakout"):
    stored_lib.load_game_log("breakout", NETWORK)
