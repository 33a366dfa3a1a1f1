"""Trains a grid of students and stores their rows.

The computation behind Figure 4 and its search: every game x percentage x
method x trial x seed, each one part of the run, resumable on its own. The
states are those of the shipped recordings, replayed in the emulator from
their logs of actions.
"""

import dataclasses
import pathlib
import re
from typing import (
  Any,
  Dict,
  Iterator,
  List,
  Mapping,
  Optional,
  Tuple,
  TypeVar,
)

from absl import flags
import numpy as np

from configs import figure4 as config_lib
from reproduce import app
from reproduce import rows as results
from reproduce.distillation import rows as students
from reproduce.distillation import student as distillation
from sobolev_tf import errors, files
from sobolev_tf.atari import (
  environment,
  evaluation,
  recording,
  recordings,
  teachers,
)
from sobolev_tf.atari import networks as atari
from sobolev_tf.atari import states as data_lib
from sobolev_tf.training import device

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Part:
  """One student.

  Attributes:
    game: what its teacher plays.
    percentage: share of the recorded states in its training share.
    method: a key of `distillation.METHODS`.
    trial: the method's tuned settings.
    seed: of all that is random.
  """
  game: str
  percentage: float
  method: str
  trial: distillation.Trial
  seed: int

  @property
  def setting(self) -> str:
    """What sweeps vary, as rows name it."""
    return f"percentage={self.percentage:g} {self.trial.label}"

  @property
  def name(self) -> str:
    """The name of its files."""
    label = re.sub(r"[^\w.]+", "-", self.setting)
    return f"{self.game}_{label}_{self.method}_seed{self.seed}"


class Game:
  """A game's teacher and replayed states.

  Attributes:
    name: the game.
    teacher: its teacher.
    states: the recorded states.
    splits: by percentage, the rows to train and evaluate on.
    duplicates: by percentage, the shares of test states that are in the
      training share, too.
  """

  def __init__(self, game: str, config: config_lib.Config,
               agents: Optional[files.Path] = None):
    """Args:
      game: one of `environment.GAMES`.
      config: what will be run.
      agents: as for `run`.

    Raises:
      UserError: if the teacher or the log is missing or damaged, or the log
        has too few states for the percentages.
    """
    self.name = game
    teacher, recorded = _folders(game, agents)
    self.teacher, _ = teachers.load_teacher(game, teacher)
    log, _ = recordings.load_game_log(game, self.teacher, recorded)
    copies, length = log.actions.shape
    log = recording.select(log, data_lib.copies_needed(
        max(config.percentages), copies, config.test_copies))
    self.splits = {
        percentage: data_lib.split(
            log, percentage, copies * length, config.test_copies)
        for percentage in config.percentages}
    replayed = recording.replay(log, self.teacher)
    self.states = data_lib.States(replayed)
    self.duplicates = {
        percentage: data_lib.duplicate_rates(
            replayed, split.train, split.test)
        for percentage, split in self.splits.items()}


def define_flags(artefact: str, presets: Mapping[str, config_lib.Config],
                 default: str) -> None:
  """Defines the flags of an entrypoint that runs such a grid.

  Args:
    artefact: its name.
    presets: its settings by name.
    default: the preset used if none is named.
  """
  app.define_flags(artefact, presets, default)
  flags.DEFINE_list(
      "games", None, "Games whose teachers to distil, of "
      f"{', '.join(environment.GAMES)}. [all]")
  flags.DEFINE_list(
      "methods", None, f"Any of {', '.join(distillation.METHODS)}. [the "
      "preset's]")
  flags.DEFINE_list(
      "percentages", None, "Shares of the recorded states to train on, in per "
      "cent. [the preset's]")
  flags.DEFINE_list("seeds", None, "Seeds, such as 0-4 or 0,7. [the preset's]")
  flags.DEFINE_integer(
      "steps", None, "Number of updates of each student. [the preset's]",
      lower_bound=1, upper_bound=app.HIGHEST)
  flags.DEFINE_string(
      "agents", None, "Folder that holds, per game, GAME (a teacher, see "
      "reproduce.train_teacher) and GAME_recording (see reproduce.record). "
      "[the package's]")


def configure(config: config_lib.Config) -> config_lib.Config:
  """A preset's settings with those the user's flags replace."""
  given = flags.FLAGS
  trials = config.trials
  if given.games is not None:
    trials = _choose("games", given.games, trials)
  if given.methods is not None:
    trials = {game: _choose("methods", given.methods, methods)
              for game, methods in trials.items()}
  config = dataclasses.replace(config, trials=trials)
  if given.percentages is not None:
    config = dataclasses.replace(
        config, percentages=_percentages(given.percentages))
  if given.seeds is not None:
    config = dataclasses.replace(
        config, seeds=app.numbers("seeds", given.seeds, 0))
  if given.steps:
    config = dataclasses.replace(config, settings=dataclasses.replace(
        config.settings, steps=given.steps))
  return config


def run_flags(artefact: str, presets: Mapping[str, config_lib.Config]
              ) -> Tuple[List[results.Row], pathlib.Path]:
  """Runs or resumes the grid that the flags describe.

  Args:
    artefact: the name rows carry.
    presets: its settings by name.

  Returns:
    All rows of the finished run, and its folder.

  Raises:
    UserError: as `run`.
    Interrupted: as `run`.
  """
  given = flags.FLAGS
  folder = app.output_folder(artefact)
  rows = run(
      configure(presets[given.preset]), folder, artefact=artefact,
      preset=given.preset, overwrite=given.overwrite,
      tensorboard=given.tensorboard, agents=given.agents)
  return rows, folder


def _choose(flag: str, names: List[str],
            table: Mapping[str, T]) -> Dict[str, T]:
  """The named entries of a table, in the order given."""
  unknown = [name for name in names if name not in table]
  if len(set(names)) < len(names):
    raise errors.UserError(
        f"--{flag} names something twice: '{','.join(names)}'.")
  if unknown or not names:
    raise errors.UserError(
        f"--{flag}: '{','.join(unknown)}' is not among this preset's: "
        f"{', '.join(table)}.")
  return {name: table[name] for name in names}


def _percentages(text: List[str]) -> tuple[float, ...]:
  try:
    return tuple(float(entry) for entry in text)
  except ValueError as error:
    raise errors.UserError(
        f"--percentages: '{','.join(text)}' is not a list of numbers such as "
        "1,5,25.") from error


def parts(config: config_lib.Config) -> Iterator[Part]:
  """The students of a grid, game by game; methods of a seed in turn."""
  for game, methods in config.trials.items():
    for percentage in config.percentages:
      for seed in config.seeds:
        for method, trials in methods.items():
          for trial in trials:
            yield Part(game, percentage, method, trial, seed)


def check(config: config_lib.Config) -> None:
  """Checks a grid before anything is written.

  Args:
    config: what to run.

  Raises:
    UserError: if the grid is empty, names something twice, or a setting is
      out of range.
  """
  config.settings.check()
  data_lib.check_percentages(config.percentages)
  for game, methods in config.trials.items():
    environment.check_game(game)
    for method, trials in methods.items():
      for trial in trials:
        distillation.check_trial(method, trial)
  names = [part.name for part in parts(config)]
  if not names or len(set(names)) < len(names):
    raise errors.UserError(
        "games, percentages, methods and seeds must each name at least one "
        "and none twice.")


def run(config: config_lib.Config, folder: files.Path, *, artefact: str,
        preset: str, overwrite: bool = False, tensorboard: bool = False,
        agents: Optional[files.Path] = None) -> List[results.Row]:
  """Runs or resumes the grid.

  Args:
    config: what to run.
    folder: the run's folder.
    artefact: the name rows carry.
    preset: the preset's name, for the rows.
    overwrite: deletes what the folder holds.
    tensorboard: writes TensorBoard scalars.
    agents: a folder that holds, per game, `GAME` (a teacher) and
      `GAME_recording` (its log of actions); None uses the package's.

  Returns:
    All rows of the finished run.

  Raises:
    UserError: if a setting is out of range, the folder cannot be used, or a
      teacher or recording is missing or damaged.
    Interrupted: if a signal asked to stop.
  """
  check(config)
  agents_used = {
      game: _checksums(game, config, agents) for game in config.trials}
  device.prepare()
  with files.locked(folder) as folder:
    store = results.Run(
        folder, {"artefact": artefact, "preset": preset, "agents": agents_used,
                 **dataclasses.asdict(config)}, overwrite)
    for name in config.trials:
      waiting = [part for part in parts(config) if part.game == name
                 and not store.finished(part.name)]
      # Not among the rows: a repetition gives the same rows but other times.
      timing = files.make_folder(folder / students.TIMING) / f"{name}.csv"
      untimed = config.timing_repeats and not timing.exists()
      if waiting or untimed:
        game = Game(name, config, agents)
      for part in waiting:
        _run_part(part, game, config, store, artefact, preset, tensorboard)
      if untimed:
        results.write_table(timing, _time(game, config))
    return results.read(folder)


def _folders(game: str, agents: Optional[files.Path]
             ) -> Tuple[Optional[pathlib.Path], Optional[pathlib.Path]]:
  """Where a game's teacher and recording are; None means the package."""
  if agents is None:
    return None, None
  return pathlib.Path(agents) / game, pathlib.Path(agents) / f"{game}_recording"


def _checksums(game: str, config: config_lib.Config,
               agents: Optional[files.Path]) -> List[str]:
  """Of the teacher and the recorded frames, which determine the rows."""
  teacher, recorded = _folders(game, agents)
  network, _ = teachers.load_teacher(game, teacher)
  size = config.settings.network
  distillation.check_size(
      size, atari.make_network(network.num_actions, atari.SIZES[size]), network)
  log, _ = recordings.load_game_log(game, network, recorded)
  return [teachers.checksum(network), *log.checksums]


def make(part: Part, game: Game,
         settings: distillation.Settings) -> distillation.Distillation:
  """Builds a part's student, ready to train."""
  return distillation.Distillation(
      game.teacher, game.states, game.splits[part.percentage], part.method,
      part.trial, settings, part.seed)


def _time(game: Game, config: config_lib.Config) -> List[Dict[str, Any]]:
  """Times a step of every method: records of `method` and `seconds`."""
  timed = {
      method: make(Part(
          game.name, config.percentages[0], method, trials[0], 0),
                   game, config.settings)
      for method, trials in config.trials[game.name].items()}
  seconds = distillation.time_steps(timed, config.timing_repeats)
  return [{"method": method, "seconds": value}
          for method, value in seconds.items()]


def _run_part(part: Part, game: Game, config: config_lib.Config,
              store: results.Run, artefact: str, preset: str,
              tensorboard: bool) -> None:
  """Trains, measures and scores one student."""
  student = make(part, game, config.settings)
  history = student.train(
      folder=store.checkpoints(part.name),
      log_folder=(
          store.folder / "tensorboard" / part.name if tensorboard else None),
      title=f"{artefact} {part.name}")
  measured = [
      (record["step"], metric, np.mean(value)) for record in history.records
      for metric, value in record.items() if metric != "step"]
  last = config.settings.steps
  duplicates = game.duplicates[part.percentage]
  measured += [(last, f"test_duplicate_{what}", share)
               for what, share in duplicates._asdict().items()]
  if config.derivative_states:
    measured.append((last, "test_derivative_distance",
                     student.derivative_distance(config.derivative_states)))
  if config.score_games:
    scores = evaluation.play(
        student.student, part.game, config.score_games,
        config_lib.SCORE_SEED + part.seed).scores
    measured.append((last, "score", float(scores.mean())))
  if history.diverged_at[0] is not None:
    metrics = dict.fromkeys(metric for _, metric, _ in measured)
    measured = [(last, metric, np.nan) for metric in metrics]
    measured.append((last, "diverged_at", history.diverged_at[0]))
  split = game.splits[part.percentage]
  share = len(split.train) + len(split.validation)
  store.write(part.name, [
      results.Row(artefact, preset, part.setting, part.method, part.game,
                  share, part.seed, step, metric, float(value))
      for step, metric, value in measured])
