"""Tests of the split of recorded states, on recordings made up here."""

import numpy as np
import pytest

from sobolev_tf import errors
from sobolev_tf.atari import networks
from sobolev_tf.atari import recording as recording_lib
from sobolev_tf.atari import states as atari

COPIES, LENGTH = 10, 40
TOTAL = COPIES * LENGTH


def make(copies=COPIES, game_length=15):
  """Games of a fixed length; every frame is one colour of its own."""
  game_over = np.zeros((copies, LENGTH), bool)
  game_over[:, game_length - 1::game_length] = True
  log = recording_lib.ActionLog(
      "pong", 0, "none", tuple(range(copies)),
      np.zeros((copies, LENGTH), np.uint8), game_over, ("",) * copies)
  size = copies * LENGTH
  colours = (np.arange(size) % 251 + 1).astype(np.uint8)
  frames = np.broadcast_to(
      colours[:, None, None], (size, 84, 84)).copy()
  logits = np.random.default_rng(0).normal(size=(size, 3))
  return recording_lib.Recording(
      log, frames, np.zeros(size, np.float32), logits.astype(np.float32))


RECORDING = make()


@pytest.mark.parametrize("percentage", [2.5, 10, 50])
def test_sizes_and_order(percentage):
  split = atari.split(RECORDING.log, percentage, TOTAL, 2)
  share = round(percentage / 100 * TOTAL)
  # Training, then validation, are the first states of all.
  np.testing.assert_array_equal(
      np.concatenate([split.train, split.validation]), np.arange(share))
  assert len(split.validation) == round(share / 10)
  assert all(rows.dtype == np.int32 for rows in split)


def test_test_games_are_whole_and_the_same_for_all_percentages():
  splits = [atari.split(RECORDING.log, p, TOTAL, 2) for p in (2.5, 10, 80)]
  for split in splits:
    np.testing.assert_array_equal(split.test, splits[0].test)
  # Two whole games of 15 states in each of the last two copies.
  expected = [copy * LENGTH + t for copy in (8, 9) for t in range(30)]
  np.testing.assert_array_equal(splits[0].test, expected)


@pytest.mark.parametrize("percentage", [2.5, 33, 80])
def test_no_game_is_on_both_sides(percentage):
  split = atari.split(RECORDING.log, percentage, TOTAL, 2)
  episodes = RECORDING.log.episodes
  train = set(episodes[np.concatenate([split.train, split.validation])])
  assert not train & set(episodes[split.test])


def test_a_part_of_the_copies_gives_the_same_states():
  needed = atari.copies_needed(15, COPIES, 2)
  assert list(needed) == [0, 1, 8, 9]
  rows = np.concatenate(
      [np.arange(copy * LENGTH, (copy + 1) * LENGTH) for copy in needed])
  part = recording_lib.Recording(
      RECORDING.log._replace(
          copies=tuple(needed), actions=RECORDING.log.actions[needed],
          game_over=RECORDING.log.game_over[needed]),
      RECORDING.frames[rows], RECORDING.rewards[rows],
      RECORDING.logits[rows])
  whole = atari.split(RECORDING.log, 15, TOTAL, 2)
  mine = atari.split(part.log, 15, TOTAL, 2)
  for name in whole._fields:
    np.testing.assert_array_equal(
        part.frames[getattr(mine, name)],
        RECORDING.frames[getattr(whole, name)])


@pytest.mark.parametrize("percentage", [0, -1, 100, 250, np.nan])
def test_percentages_out_of_range(percentage):
  with pytest.raises(errors.UserError, match="between 0 and 100"):
    atari.split(RECORDING.log, percentage, TOTAL, 2)
  with pytest.raises(errors.UserError, match="between 0 and 100"):
    atari.copies_needed(percentage, COPIES, 2)


def test_too_few_copies():
  with pytest.raises(errors.UserError, match="has 2 copies"):
    atari.copies_needed(1, 2, 4)


def test_no_percentage():
  with pytest.raises(errors.UserError, match="none"):
    atari.check_percentages([])


def test_a_percentage_that_reaches_into_the_test_copies():
  with pytest.raises(errors.UserError, match="81 % .* 80 %"):
    atari.copies_needed(81, COPIES, 2)
  with pytest.raises(errors.UserError, match="choose another percentage"):
    atari.split(RECORDING.log, 81, TOTAL, 2)


def test_too_few_states_for_validation():
  with pytest.raises(errors.UserError, match="tenth for validation"):
    atari.split(RECORDING.log, .5, TOTAL, 2)


def test_no_whole_game_to_test_on():
  with pytest.raises(errors.UserError, match="no whole game"):
    atari.split(make(game_length=50).log, 10, TOTAL, 2)


def test_thin_is_even_and_keeps_the_ends():
  rows = np.arange(100, 200)
  thinned = atari.thin(rows, 12)
  assert len(thinned) == 12 and thinned[0] == 100 and thinned[-1] == 199
  assert set(np.diff(thinned)) <= {8, 9, 10}
  np.testing.assert_array_equal(atari.thin(rows, 500), rows)


def test_duplicate_rate_counts_equal_stacks():
  recording = make()
  # Row 320 opens a game: black frames and its own colour. Row 0 opens one,
  # too; give it the same colour.
  recording.frames[0] = recording.frames[320]
  test = np.array([320, 330])
  rates = atari.duplicate_rates(recording, np.arange(40), test)
  assert (rates.states, rates.frames) == (.5, .5)
  rates = atari.duplicate_rates(recording, np.arange(1, 40), test)
  assert (rates.states, rates.frames) == (0, 0)
  # The same newest frame behind other frames is no equal state.
  recording.frames[5] = recording.frames[330]
  rates = atari.duplicate_rates(recording, np.arange(1, 40), test)
  assert (rates.states, rates.frames) == (0, .5)


def test_nearest_distance_is_that_of_a_plain_loop():
  frames = np.random.default_rng(0).integers(0, 256, (60, 84, 84), np.uint8)
  rows = np.arange(5, 50)
  queries = np.concatenate([frames[7:8], frames[50:]])
  expected = [
      min(np.sqrt(np.mean((query - frames[row].astype(float))**2))
          for row in rows) for query in queries]
  assert expected[0] == 0 and min(expected[1:]) > 90
  np.testing.assert_allclose(
      atari.nearest_distances(queries, frames, rows), expected, atol=.05)


def test_near_frames_are_counted_and_far_ones_are_not(monkeypatch):
  monkeypatch.setattr(atari, "_SLICE", 7)  # several slices
  recording = make()
  recording.frames[:] = 0
  recording.frames[320, 40, 40:44] = 60  # RMS 1.4 levels
  recording.frames[330, 40, 40:60] = 60  # RMS 3.2
  rates = atari.duplicate_rates(
      recording, np.arange(40), np.array([320, 330]))
  assert rates == (0, 0, .5)


def test_states_are_the_restacked_frames():
  states = atari.States(RECORDING)
  rows = np.array([0, 2, 14, 15, 17, 399], np.int32)
  x, log_probs = states(rows)
  stacks = recording_lib.stacks(
      RECORDING.frames, recording_lib.stack_indices(RECORDING.log)[rows])
  in_blocks = np.concatenate(
      [networks.blocks(stacks[..., i]) for i in range(4)], axis=-1)
  np.testing.assert_array_equal(
      np.round(x.numpy() * 255).astype(np.uint8), in_blocks)
  assert x.shape == (6, 21, 21, 64) and x.numpy().max() <= 1
  assert (stacks[0, ..., :3] == 0).all()  # a game's first state
  logits = RECORDING.logits[rows].astype(np.float64)
  np.testing.assert_allclose(
      log_probs, logits - np.log(np.exp(logits).sum(1, keepdims=True)),
      rtol=1e-5)
