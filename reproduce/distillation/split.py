"""Which recorded states students train on and which games test them.

The states of a recording (`sobolev_tf.atari.recordings`) are those of several
copies of a game, one copy after another. The test set is the whole games of
the last copies; it is the same for every percentage. Training takes the first
p per cent of all recorded states from the other copies, its last game cut off
where the share ends. So no game is on both sides. Settings are chosen on the
last tenth of the training share.
"""

import math
from typing import NamedTuple, Sequence

import numpy as np

from configs import distillation as config_lib
from sobolev_tf import errors
from sobolev_tf.atari import recordings


class Split(NamedTuple):
  """Rows of a recording, int32 each.

  Attributes:
    train: `[N]`.
    validation: `[V]`, the states right after those of `train`.
    test: `[T]`, all states of whole games.
  """
  train: np.ndarray
  validation: np.ndarray
  test: np.ndarray


def check_percentages(percentages: Sequence[float]) -> None:
  """Raises a `UserError` unless all are numbers between 0 and 100."""
  if not percentages or not all(0 < p < 100 for p in percentages):
    raise errors.UserError(
        "percentages must lie between 0 and 100, both excluded, got "
        f"{', '.join(f'{p:g}' for p in percentages) or 'none'}.")


def copies_needed(percentage: float, copies: int,
                  test_copies: int) -> Sequence[int]:
  """Which copies of a recording an experiment reads.

  Args:
    percentage: the largest share of the recorded states to train on.
    copies: how many copies were recorded.
    test_copies: how many of them, the last ones, are for testing.

  Returns:
    The copies that hold the training share, then those for testing.

  Raises:
    UserError: if the percentage is out of range or reaches into the copies
      for testing.
  """
  check_percentages([percentage])
  if not 0 < test_copies < copies:
    raise errors.UserError(
        f"The recording has {copies} copies of the game, so it cannot keep "
        f"{test_copies} for testing: record more copies.")
  training = math.ceil(percentage / 100 * copies)
  if training > copies - test_copies:
    raise errors.UserError(
        f"{percentage:g} % of the recorded states is more than the "
        f"{100 * (copies - test_copies) / copies:g} % that are not for "
        "testing.")
  return [*range(training), *range(copies - test_copies, copies)]


def split(log: recordings.ActionLog, percentage: float, total: int,
          test_copies: int) -> Split:
  """Splits the states of a recording.

  Args:
    log: the recording's, of all copies or of those of `copies_needed`.
    percentage: share of `total` to train on, above 0 and below 100.
    total: how many states the whole recording has.
    test_copies: how many copies, the last ones, are for testing.

  Returns:
    The rows of each part.

  Raises:
    UserError: if the percentage is out of range, or there are too few states
      or games for it.
  """
  check_percentages([percentage])
  copies, length = log.actions.shape
  is_test = np.arange(copies * length) >= (copies - test_copies) * length  # [S]
  whole = log.whole[log.episodes]  # [S]
  share = round(percentage / 100 * total)
  training = np.flatnonzero(~is_test)[:share]
  test = np.flatnonzero(is_test & whole)
  validation = round(config_lib.VALIDATION_SHARE * share)
  if len(training) < share or validation < 1:
    raise errors.UserError(
        f"{percentage:g} % of {total} states cannot be cut from the "
        f"{len(training)} recorded ones that are not for testing, with a "
        "tenth for validation: choose another percentage.")
  if not len(test):
    raise errors.UserError(
        f"The last {test_copies} recorded copies hold no whole game to test "
        "on: record longer, or test on more copies.")
  return Split(*(rows.astype(np.int32) for rows in (
      training[:-validation], training[-validation:], test)))


def thin(rows: np.ndarray, count: int) -> np.ndarray:
  """At most `count` of the rows, evenly spaced: `[min(N, count)]`."""
  if len(rows) <= count:
    return rows
  return rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]
