"""What students of a game learn from: its teacher and recorded states."""

import pathlib
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from configs import figure4 as config_lib
from reproduce.distillation import duplicates as duplicates_lib
from reproduce.distillation import split as split_lib
from reproduce.distillation import student
from sobolev_tf import files
from sobolev_tf.atari import (
  networks,
  recorder,
  recording_files,
  recordings,
  states,
  teachers,
)


class Source(NamedTuple):
  """A game's teacher and the log of its play, not yet replayed.

  Attributes:
    teacher: the teacher.
    log: the log of actions.
    stored: folder of the recorded frames; None if they must be replayed.
  """
  teacher: networks.AtariNetwork
  log: recordings.ActionLog
  stored: Optional[pathlib.Path]

  @property
  def checksums(self) -> List[str]:
    """SHA-256 of the weights and of each copy's frames: what rows depend on."""
    return [teachers.checksum(self.teacher), *self.log.checksums]


def load(name: str, agents: Optional[files.Path] = None) -> Source:
  """Loads a game's files.

  Args:
    name: one of `environment.GAMES`.
    agents: a folder that holds, per game, `GAME` (a teacher) and
      `GAME_recording` (its log of actions, and its frames if they need not be
      replayed); None uses the package's.

  Returns:
    What they hold.

  Raises:
    UserError: if the teacher or the log is missing or damaged.
  """
  teacher_folder = recorded = None
  if agents is not None:
    teacher_folder = pathlib.Path(agents) / name
    recorded = pathlib.Path(agents) / f"{name}_recording"
  teacher, _ = teachers.load_teacher(name, teacher_folder)
  log, _ = recording_files.load_game_log(name, teacher, recorded)
  has_states = recorded is not None and recording_files.has_states(recorded)
  return Source(teacher, log, recorded if has_states else None)


def load_all(config: config_lib.Config, agents: Optional[files.Path] = None
             ) -> Dict[str, Source]:
  """Loads and checks the files of all games, before anything is written.

  Args:
    config: what will be run.
    agents: as for `load`.

  Returns:
    Each game's files.

  Raises:
    UserError: if one is missing, damaged or too short for the percentages, or
      a teacher is not larger than its students.
  """
  sources = {game: load(game, agents) for game in config.trials}
  for source in sources.values():
    student.check_size(config.settings.network, source.teacher)
    split(source.log, config)
  return sources


def opener(sources: Mapping[str, Source], config: config_lib.Config
           ) -> "Callable[[str], Game]":
  """Replays games when they are asked for and keeps the last one.

  Args:
    sources: each game's files.
    config: what will be run.

  Returns:
    A function from a game's name to the game.
  """
  opened: Dict[str, Game] = {}

  def open_game(game: str) -> Game:
    if game not in opened:
      opened.clear()  # one at a time: its states take hundreds of megabytes
      opened[game] = Game(sources[game], config)
    return opened[game]

  return open_game


def split(log: recordings.ActionLog, config: config_lib.Config
          ) -> Tuple[List[int], Dict[float, split_lib.Split]]:
  """Divides a recording, without playing it.

  Args:
    log: of all its copies.
    config: what will be run.

  Returns:
    Positions of the copies that are needed, and by percentage the rows of
    their states to train and evaluate on.

  Raises:
    UserError: if the log has too few states for the percentages.
  """
  copies, length = log.actions.shape
  needed = list(split_lib.copies_needed(
      max(config.percentages), copies, config.test_copies))
  part = recordings.select(log, needed)
  return needed, {
      percentage: split_lib.split(
          part, percentage, copies * length, config.test_copies)
      for percentage in config.percentages}


class Game:
  """A game's teacher and recorded states.

  Attributes:
    teacher: its teacher.
    states: the recorded states.
    splits: by percentage, the rows to train and evaluate on.
  """

  def __init__(self, source: Source, config: config_lib.Config):
    """Replays the recorded play, or reads it where its frames are stored.

    Args:
      source: the game's files.
      config: what will be run.

    Raises:
      UserError: if the frames are not those recorded, or there are too few.
    """
    self.teacher = source.teacher
    needed, self.splits = split(source.log, config)
    if source.stored is None:
      self._recording = recorder.replay(
          recordings.select(source.log, needed), self.teacher)
    else:
      stored, _ = recording_files.load(source.stored)
      self._recording = recorder.part(stored, needed, self.teacher)
    self.states = states.States(self._recording)
    self._duplicates: Dict[float, duplicates_lib.Duplicates] = {}

  def duplicates(self, percentage: float) -> duplicates_lib.Duplicates:
    """Shares of the test states that are in a training share, too."""
    if percentage not in self._duplicates:
      rows = self.splits[percentage]
      self._duplicates[percentage] = duplicates_lib.rates(
          self._recording, rows.train, rows.test)
    return self._duplicates[percentage]
