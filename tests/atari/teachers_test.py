"""Tests of stored teachers."""

import json

from commands import reseal
import numpy as np
import pytest

from sobolev_tf import errors, files
from sobolev_tf.atari import networks as atari
from sobolev_tf.atari import teachers


@pytest.fixture(name="stored")
def _stored(tmp_path):
  network = atari.make_network(3, atari.SIZES["student-cpu"], seed=4)
  teachers.save(tmp_path / "teacher", network, "pong", {"steps": 12})
  return network, tmp_path / "teacher"


def test_weights_return_rounded_to_half_precision(stored):
  network, folder = stored
  loaded, card = teachers.load(folder)
  assert card["steps"] == 12
  assert card["actions"] == ["NOOP", "RIGHT", "LEFT"]
  assert loaded.size == network.size
  for before, after in zip(
      network.trainable_variables, loaded.trainable_variables):
    np.testing.assert_array_equal(
        before.numpy().astype(np.float16).astype(np.float32), after)


def test_storing_again_changes_no_byte(stored, tmp_path):
  _, folder = stored
  loaded, _ = teachers.load(folder)
  teachers.save(tmp_path / "again", loaded, "pong", {"steps": 12})
  for name in (teachers.WEIGHTS, teachers.CARD, files.SEAL):
    assert (folder / name).read_bytes() == (
        tmp_path / "again" / name).read_bytes()


def test_the_checksum_is_of_the_stored_weights(stored):
  network, folder = stored
  loaded, _ = teachers.load(folder)
  assert teachers.checksum(loaded) == teachers.checksum(network)
  last = loaded.trainable_variables[-1]
  last.assign(last + .5)
  assert teachers.checksum(loaded) != teachers.checksum(network)


@pytest.mark.parametrize("name", [teachers.WEIGHTS, teachers.CARD])
def test_damage_is_named(stored, name):
  _, folder = stored
  content = (folder / name).read_bytes()
  (folder / name).write_bytes(content[:-1])
  with pytest.raises(errors.UserError, match=f"{name}.*damaged"):
    teachers.load(folder)
  (folder / name).unlink()
  with pytest.raises(errors.UserError, match=f"{name}.*missing"):
    teachers.load(folder)


def test_sizes_that_do_not_fit_are_refused(stored):
  _, folder = stored

  def enlarge(path):
    card = json.loads((path / teachers.CARD).read_text())
    card["hidden_size"] = 64
    (path / teachers.CARD).write_text(json.dumps(card))

  reseal(folder, enlarge)
  with pytest.raises(errors.UserError, match="sizes"):
    teachers.load(folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"game": "pong"}'])
def test_cards_that_are_none_are_refused(stored, content):
  _, folder = stored
  reseal(folder, lambda path: (path / teachers.CARD).write_text(content))
  with pytest.raises(errors.UserError, match="not a teacher"):
    teachers.load(folder)


def test_pickles_are_refused(stored):
  _, folder = stored
  reseal(folder, lambda path: np.savez(
      path / teachers.WEIGHTS, a=np.array([{}], object)))
  with pytest.raises(errors.UserError, match="not a teacher"):
    teachers.load(folder)


def test_missing_teachers_are_one_sentence(tmp_path):
  with pytest.raises(errors.UserError, match="not a finished folder"):
    teachers.load(tmp_path / "none")
  with pytest.raises(errors.UserError, match="Unknown game"):
    teachers.load_teacher("tetris")
  with pytest.raises(errors.UserError, match="Unknown game"):
    teachers.save(tmp_path / "x", None, "tetris", {})
