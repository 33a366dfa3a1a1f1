"""Tests of the split of recorded states, on a recording made up here."""

from made_up_recording import COPIES, LENGTH, RECORDING, TOTAL, make
import numpy as np
import pytest

from reproduce.distillation import split as split_lib
from sobolev_tf import errors
from sobolev_tf.atari import recordings


@pytest.mark.parametrize("percentage", [2.5, 10, 50])
def test_sizes_and_order(percentage):
  split = split_lib.split(RECORDING.log, percentage, TOTAL, 2)
  share = round(percentage / 100 * TOTAL)
  # Training, then validation, are the first states of all.
  np.testing.assert_array_equal(
      np.concatenate([split.train, split.validation]), np.arange(share))
  assert len(split.validation) == round(share / 10)
  assert all(rows.dtype == np.int32 for rows in split)


def test_test_games_are_whole_and_the_same_for_all_percentages():
  splits = [split_lib.split(RECORDING.log, p, TOTAL, 2) for p in (2.5, 10, 80)]
  for split in splits:
    np.testing.assert_array_equal(split.test, splits[0].test)
  # Two whole games of 15 states in each of the last two copies.
  expected = [copy * LENGTH + t for copy in (8, 9) for t in range(30)]
  np.testing.assert_array_equal(splits[0].test, expected)


@pytest.mark.parametrize("percentage", [2.5, 33, 80])
def test_no_game_is_on_both_sides(percentage):
  split = split_lib.split(RECORDING.log, percentage, TOTAL, 2)
  episodes = RECORDING.log.episodes
  train = set(episodes[np.concatenate([split.train, split.validation])])
  assert not train & set(episodes[split.test])


def test_a_part_of_the_copies_gives_the_same_states():
  needed = split_lib.copies_needed(15, COPIES, 2)
  assert list(needed) == [0, 1, 8, 9]
  rows = np.concatenate(
      [np.arange(copy * LENGTH, (copy + 1) * LENGTH) for copy in needed])
  part = recordings.Recording(
      RECORDING.log._replace(
          copies=tuple(needed), actions=RECORDING.log.actions[needed],
          game_over=RECORDING.log.game_over[needed]),
      RECORDING.frames[rows], RECORDING.rewards[rows],
      RECORDING.logits[rows])
  whole = split_lib.split(RECORDING.log, 15, TOTAL, 2)
  mine = split_lib.split(part.log, 15, TOTAL, 2)
  for name in whole._fields:
    np.testing.assert_array_equal(
        part.frames[getattr(mine, name)],
        RECORDING.frames[getattr(whole, name)])


@pytest.mark.parametrize("percentage", [0, -1, 100, 250, np.nan])
def test_percentages_out_of_range(percentage):
  with pytest.raises(errors.UserError, match="between 0 and 100"):
    split_lib.split(RECORDING.log, percentage, TOTAL, 2)
  with pytest.raises(errors.UserError, match="between 0 and 100"):
    split_lib.copies_needed(percentage, COPIES, 2)


def test_too_few_copies():
  with pytest.raises(errors.UserError, match="has 2 copies"):
    split_lib.copies_needed(1, 2, 4)


def test_no_percentage():
  with pytest.raises(errors.UserError, match="none"):
    split_lib.check_percentages([])


def test_a_percentage_that_reaches_into_the_test_copies():
  with pytest.raises(errors.UserError, match="81 % .* 80 %"):
    split_lib.copies_needed(81, COPIES, 2)
  with pytest.raises(errors.UserError, match="choose another percentage"):
    split_lib.split(RECORDING.log, 81, TOTAL, 2)


def test_too_few_states_for_validation():
  with pytest.raises(errors.UserError, match="tenth for validation"):
    split_lib.split(RECORDING.log, .5, TOTAL, 2)


def test_no_whole_game_to_test_on():
  with pytest.raises(errors.UserError, match="no whole game"):
    split_lib.split(make(game_length=50).log, 10, TOTAL, 2)


def test_thin_is_even_and_keeps_the_ends():
  rows = np.arange(100, 200)
  thinned = split_lib.thin(rows, 12)
  assert len(thinned) == 12 and thinned[0] == 100 and thinned[-1] == 199
  assert set(np.diff(thinned)) <= {8, 9, 10}
  np.testing.assert_array_equal(split_lib.thin(rows, 500), rows)
