"""Figure 2 (right): test error of regular and Sobolev regression.

Section 4.1 of https://arxiv.org/abs/1706.04859.

  python -m reproduce.figure2 --preset=quick
"""

import dataclasses

from absl import flags

from configs import figure2 as config_lib
from reproduce import app, regression_grid
from reproduce.sections import figure2 as section


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  app.define_flags("figure2", config_lib.PRESETS, "quick")
  flags.DEFINE_list(
      "functions", None, "Benchmark functions to learn. [all seven]")
  flags.DEFINE_list(
      "sizes", None, "Numbers of training points. [the preset's]")
  flags.DEFINE_list(
      "seeds", None, "Seeds, such as 0-4 or 0,7. [the preset's]")
  flags.DEFINE_integer(
      "steps", None, "Number of updates. [the preset's]", lower_bound=1,
      upper_bound=app.HIGHEST)
  flags.DEFINE_integer(
      "seeds_per_part", None, "Seeds trained side by side, times functions: "
      "raise it on a GPU. [the preset's]", lower_bound=1)


def configure() -> config_lib.Config:
  """The preset's settings with those the user's flags replace."""
  given = flags.FLAGS
  config = config_lib.PRESETS[given.preset]
  if given.functions is not None:
    config = dataclasses.replace(config, functions=tuple(given.functions))
  if given.sizes is not None:
    config = dataclasses.replace(
        config, sizes=app.numbers("sizes", given.sizes, 1))
  if given.seeds is not None:
    config = dataclasses.replace(
        config, seeds=app.numbers("seeds", given.seeds, 0))
  if given.steps:
    config = dataclasses.replace(config, settings=tuple(
        dataclasses.replace(settings, steps=given.steps)
        for settings in config.settings))
  if given.seeds_per_part:
    config = dataclasses.replace(config, seeds_per_part=given.seeds_per_part)
  return config


def main() -> None:
  folder = app.output_folder("figure2")
  rows = regression_grid.run(
      configure(), folder, artefact="figure2", preset=flags.FLAGS.preset,
      overwrite=flags.FLAGS.overwrite, tensorboard=flags.FLAGS.tensorboard)
  print(section.write(rows, folder))


if __name__ == "__main__":
  app.run(define_flags, main)
