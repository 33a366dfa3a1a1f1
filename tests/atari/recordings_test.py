"""Tests of recordings made up here."""

import numpy as np
import pytest

from sobolev_tf import errors
from sobolev_tf.atari import recordings


def test_episodes_end_where_games_and_copies_do():
  log = recordings.ActionLog(
      "pong", 0, "", (0, 1), np.zeros((2, 4), np.uint8),
      np.array([[False, True, False, False], [True, False, False, True]]), ())
  np.testing.assert_array_equal(log.episodes, [0, 0, 1, 1, 2, 3, 3, 3])
  np.testing.assert_array_equal(log.whole, [True, False, True, True])
  made = recordings.Recording(
      log, np.zeros((8, 84, 84), np.uint8),
      np.array([1, 2, 0, 4, -1, 1, 1, 1], np.float32), np.zeros((8, 3)))
  np.testing.assert_array_equal(made.scores, [3, 4, -1, 3])
  black = recordings.BLACK
  np.testing.assert_array_equal(recordings.stack_indices(log), [
      [black, black, black, 0], [black, black, 0, 1],
      [black, black, black, 2], [black, black, 2, 3],
      [black, black, black, 4],
      [black, black, black, 5], [black, black, 5, 6], [black, 5, 6, 7]])


def test_copies_that_are_not_there_are_refused():
  log = recordings.ActionLog(
      "pong", 0, "", (0, 1), np.zeros((2, 4), np.uint8),
      np.zeros((2, 4), bool), ("", ""))
  for copies in ([], [2], [-1], [0, 0]):
    with pytest.raises(errors.UserError, match="has the copies 0 to 1"):
      recordings.select(log, copies)
