"""What students of a game learn from: its teacher and recorded states."""

import functools
import pathlib
from typing import List, Optional, Tuple

from configs import figure4 as config_lib
from reproduce.distillation import duplicates
from reproduce.distillation import split as split_lib
from sobolev_tf import files
from sobolev_tf.atari import (
  networks,
  recorder,
  recording_files,
  recordings,
  states,
  teachers,
)


class Game:
  """A game's teacher and replayed states.

  Attributes:
    teacher: its teacher.
    states: the recorded states.
    splits: by percentage, the rows to train and evaluate on.
    duplicates: gives, for a percentage, the shares of the test states that
      are in the training share, too.
  """

  def __init__(self, name: str, config: config_lib.Config,
               agents: Optional[files.Path] = None):
    """Args:
      name: one of `environment.GAMES`.
      config: what will be run.
      agents: a folder that holds, per game, `GAME` (a teacher) and
        `GAME_recording` (its log of actions, and its frames if they need not
        be replayed); None uses the package's.

    Raises:
      UserError: if the teacher or the log is missing or damaged, or the log
        has too few states for the percentages.
    """
    _, recorded = _folders(name, agents)
    self.teacher = load_teacher(name, agents)
    log, _ = recording_files.load_game_log(name, self.teacher, recorded)
    copies, length = log.actions.shape
    needed = split_lib.copies_needed(
        max(config.percentages), copies, config.test_copies)
    log = recordings.select(log, needed)
    self.splits = {
        percentage: split_lib.split(
            log, percentage, copies * length, config.test_copies)
        for percentage in config.percentages}
    if recorded is not None and recording_files.has_states(recorded):
      self._recording = recorder.part(
          recording_files.load(recorded)[0], needed, self.teacher)
    else:
      self._recording = recorder.replay(log, self.teacher)
    self.states = states.States(self._recording)
    self.duplicates = functools.cache(self._duplicates)

  def _duplicates(self, percentage: float) -> duplicates.Duplicates:
    split = self.splits[percentage]
    return duplicates.rates(self._recording, split.train, split.test)


def load_teacher(name: str, agents: Optional[files.Path] = None
                 ) -> networks.AtariNetwork:
  """A game's teacher; arguments and errors as for `Game`."""
  return teachers.load_teacher(name, _folders(name, agents)[0])[0]


def checksums(name: str, agents: Optional[files.Path] = None) -> List[str]:
  """Checks a game's files, without playing it.

  Args:
    name: the game.
    agents: as for `Game`.

  Returns:
    SHA-256 of the teacher's weights and of each copy's frames, which
    determine the rows.

  Raises:
    UserError: if the teacher or the log is missing or damaged.
  """
  _, recorded = _folders(name, agents)
  network = load_teacher(name, agents)
  log, _ = recording_files.load_game_log(name, network, recorded)
  return [teachers.checksum(network), *log.checksums]


def _folders(name: str, agents: Optional[files.Path]
             ) -> Tuple[Optional[pathlib.Path], Optional[pathlib.Path]]:
  """Where a game's teacher and recording are; None means the package."""
  if agents is None:
    return None, None
  return pathlib.Path(agents) / name, pathlib.Path(agents) / f"{name}_recording"
