"""Grids of students: game x percentage x method x trial x seed.

The computation behind Figure 4 and its search. Each student is one part of
the run. The states are those of the shipped recordings, replayed in the
emulator from their logs of actions.
"""

import dataclasses
import functools
from typing import Callable, Dict, Iterator, List, Mapping, Optional, TypeVar

from absl import flags
import numpy as np

from configs import distillation as student_config
from configs import figure4 as config_lib
from reproduce import app, diverged, jobs, rows, run
from reproduce.distillation import game as game_lib
from reproduce.distillation import methods, step_times, student
from reproduce.distillation import split as split_lib
from sobolev_tf import errors, files
from sobolev_tf.atari import environment, evaluation, networks

T = TypeVar("T")
_SEEDS_TOGETHER = 5  # ours: few enough; each time a game is replayed, for 30 s
TIMING = "timing"  # folder of the tables of seconds per step


def define_flags() -> None:
  """Defines the flags of an experiment that trains a grid."""
  flags.DEFINE_list(
      "games", None, "Games whose teachers to distil, of "
      f"{', '.join(environment.GAMES)}. [all]")
  flags.DEFINE_list(
      "methods", None, f"Any of {', '.join(methods.METHODS)}. [the preset's]")
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


def configure(presets: Mapping[str, config_lib.Config]) -> config_lib.Config:
  """The preset's settings with those the user's flags replace."""
  given = flags.FLAGS
  config = presets[given.preset]
  trials = config.trials
  if given.games is not None:
    trials = _choose("games", given.games, trials)
  if given.methods is not None:
    trials = {game: _choose("methods", given.methods, by_method)
              for game, by_method in trials.items()}
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


def planned(artefact: str, presets: Mapping[str, config_lib.Config],
            narrow: Callable[[config_lib.Config], config_lib.Config] =
            lambda config: config) -> run.Plan:
  """The plan that the user's flags ask for, after `narrow`; raises as `plan`.
  """
  jobs.use_one_thread()
  return plan(artefact, flags.FLAGS.preset, narrow(configure(presets)),
              flags.FLAGS.agents)


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


def plan(artefact: str, preset: str, config: config_lib.Config,
         agents: Optional[files.Path] = None) -> run.Plan:
  """A grid as the parts of a run.

  Args:
    artefact: the name rows carry.
    preset: the preset's name, for the rows.
    config: what to run.
    agents: a folder that holds, per game, `GAME` (a teacher) and
      `GAME_recording` (its log of actions); None uses the package's.

  Returns:
    The plan.

  Raises:
    UserError: if a setting is out of range, or a teacher or recording is
      missing, damaged or too short for the percentages, or a teacher is not
      larger than its students.
  """
  check(config)
  sources = game_lib.load_all(config, agents)
  open_game = game_lib.opener(sources, config)
  parts = [
      run.Part(one.name, functools.partial(_compute, one, config, open_game))
      for one in _students(config)]
  if config.timing_repeats:
    parts += [
        run.Part(f"timing_{game}", functools.partial(
            _time, game, sources[game].teacher, config),
            tables=(f"{TIMING}/{game}",), rows=False, alone=True)
        for game in sources]
  used = {game: source.checksums for game, source in sources.items()}
  return run.Plan(
      artefact, preset, {"agents": used, **dataclasses.asdict(config)}, parts)


def check(config: config_lib.Config) -> None:
  """Checks a grid before anything is written.

  Args:
    config: what to run.

  Raises:
    UserError: if the grid is empty, names something twice, or a setting is
      out of range.
  """
  config.settings.check()
  split_lib.check_percentages(config.percentages)
  app.check_distinct("seeds", config.seeds)
  app.check_distinct(  # as the names of parts tell them apart
      "percentages", [f"{percentage:g}" for percentage in config.percentages])
  app.check_distinct("games", list(config.trials))
  for game, by_method in config.trials.items():
    environment.check_game(game)
    app.check_distinct("methods", list(by_method))
    for method, trials in by_method.items():
      for trial in trials:
        methods.check(method, trial)
      app.check_distinct(f"trials of {method}", trials)


@dataclasses.dataclass(frozen=True)
class _Student:
  """One student of a grid."""
  game: str
  percentage: float
  method: str
  trial: student_config.Trial
  seed: int

  @property
  def settings(self) -> Dict[str, rows.Setting]:
    """What sweeps vary, as its rows carry it."""
    return {"percentage": self.percentage,
            **methods.settings(self.method, self.trial)}

  @property
  def name(self) -> str:
    """The name of its files."""
    label = rows.slug(rows.label(self.settings))
    return f"{self.game}_{label}_{self.method}_seed{self.seed}"


def _students(config: config_lib.Config) -> Iterator[_Student]:
  """The students of a grid, game by game; methods of a seed in turn.

  A few seeds of every game come before the next few, so that an unfinished run
  of many seeds has nearly equally many in every cell.
  """
  for start in range(0, len(config.seeds), _SEEDS_TOGETHER):
    seeds = config.seeds[start:start + _SEEDS_TOGETHER]
    for game, by_method in config.trials.items():
      for percentage in config.percentages:
        for seed in seeds:
          for method, trials in by_method.items():
            for trial in trials:
              yield _Student(game, percentage, method, trial, seed)


def _compute(one: _Student, config: config_lib.Config,
             open_game: Callable[[str], game_lib.Game], job: run.Job
             ) -> run.Outcome:
  """Trains, measures and scores one student."""
  game = open_game(one.game)
  split, last = game.splits[one.percentage], config.settings.steps
  trained = student.Distillation(
      game.teacher, game.states, split, one.method, one.trial,
      config.settings, one.seed)
  history = trained.train(**job.training)
  measured = [
      (record["step"], metric, np.mean(value)) for record in history.records
      for metric, value in record.items() if metric != "step"]
  measured += [
      (last, f"test_duplicate_{what}", share)
      for what, share in game.duplicates(one.percentage)._asdict().items()]
  if config.derivative_states:
    measured.append((last, "test_derivative_distance",
                     trained.derivative_distance(config.derivative_states)))
  if config.score_games:
    scores = evaluation.play(
        trained.student, one.game, config.score_games,
        config_lib.SCORE_SEED + one.seed).scores
    measured.append((last, "score", scores.mean()))
  if history.diverged_at[0] is not None:
    metrics = dict.fromkeys(metric for _, metric, _ in measured)
    measured = [(last, metric, np.nan) for metric in metrics]
    measured.append((last, diverged.METRIC, history.diverged_at[0]))
  return run.Outcome([
      rows.Row(
          task=one.game, method=one.method, metric=metric, value=float(value),
          n=len(split.train) + len(split.validation), seed=one.seed,
          step=step, settings=one.settings)
      for step, metric, value in measured])


def _time(game: str, teacher: networks.AtariNetwork,
          config: config_lib.Config, unused_job: run.Job) -> run.Outcome:
  """Times a step of every method."""
  seconds = step_times.measure(
      teacher, game,
      {method: trials[0] for method, trials in config.trials[game].items()},
      config.settings, config.timing_repeats)
  return run.Outcome([], {f"{TIMING}/{game}": [
      {"method": method, "seconds": value}
      for method, value in seconds.items()]})
