"""Figure 4: distilling Atari policies with and without derivatives.

Section 4.2 of https://arxiv.org/abs/1706.04859. Teachers and recordings come
with the package; states are replayed from their logs of actions.

  python -m reproduce.figure4 --preset=quick
"""

import dataclasses
from typing import Dict, List, Mapping, TypeVar

from absl import flags

from configs import figure4 as config_lib
from reproduce import app, distillation_grid
from reproduce.sections import figure4 as section
from sobolev_tf import errors
from sobolev_tf.training import distillation

T = TypeVar("T")


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  app.define_flags("figure4", config_lib.PRESETS, "quick")
  flags.DEFINE_list("games", None, "Games whose teachers to distil. [all]")
  flags.DEFINE_list(
      "methods", None, f"Any of {', '.join(distillation.METHODS)}. [the "
      "preset's]")
  flags.DEFINE_list(
      "percentages", None, "Shares of the recorded states to train on, in per "
      "cent. [the preset's]")
  flags.DEFINE_list("seeds", None, "Seeds, such as 0-4 or 0,7. [the preset's]")
  flags.DEFINE_integer(
      "steps", None, "Number of updates. [the preset's]", lower_bound=1)
  flags.DEFINE_string(
      "agents", None, "Folder that holds, per game, GAME (a teacher, see "
      "reproduce.train_teacher) and GAME_recording (see reproduce.record). "
      "[the package's]")


def configure() -> config_lib.Config:
  """The preset's settings with those the user's flags replace."""
  given = flags.FLAGS
  config = config_lib.PRESETS[given.preset]
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


def _choose(flag: str, names: List[str],
            table: Mapping[str, T]) -> Dict[str, T]:
  """The named entries of a table, in the order given."""
  unknown = [name for name in names if name not in table]
  if unknown or not names:
    raise errors.UserError(
        f"--{flag}: '{','.join(unknown)}' is not among this preset's "
        f"{', '.join(table)}.")
  return {name: table[name] for name in names}


def _percentages(text: List[str]) -> tuple[float, ...]:
  try:
    return tuple(float(entry) for entry in text)
  except ValueError as error:
    raise errors.UserError(
        f"--percentages: '{','.join(text)}' is not a list of numbers such as "
        "1,5,25.") from error


def main() -> None:
  given = flags.FLAGS
  folder = app.output_folder("figure4")
  config = configure()
  rows = distillation_grid.run(
      config, folder, artefact="figure4", preset=given.preset,
      overwrite=given.overwrite, tensorboard=given.tensorboard,
      agents=given.agents)
  print(section.write(rows, folder, folder))


if __name__ == "__main__":
  app.run(define_flags, main)
