"""Figure 2 (right): test error of regular and Sobolev regression.

Section 4.1 of https://arxiv.org/abs/1706.04859.

  python -m reproduce.figure2 --preset=quick
"""

import dataclasses

from absl import flags

from configs import figure2 as config_lib
from reproduce import app, regression_grid
from reproduce.sections import figure2 as section

_FUNCTIONS = flags.DEFINE_list(
    "functions", None, "Benchmark functions to learn. [all seven]")
_SIZES = flags.DEFINE_list(
    "sizes", None, "Numbers of training points. [the preset's]")
_SEEDS = flags.DEFINE_list(
    "seeds", None, "Seeds, such as 0-4 or 0,7. [the preset's]")
_STEPS = flags.DEFINE_integer(
    "steps", None, "Number of updates. [the preset's]", lower_bound=1)
app.define_flags("figure2", config_lib.PRESETS, "quick")


def configure() -> config_lib.Config:
  """The preset's settings with those the user's flags replace."""
  config = config_lib.PRESETS[flags.FLAGS.preset]
  if _FUNCTIONS.value:
    config = dataclasses.replace(config, functions=tuple(_FUNCTIONS.value))
  if _SIZES.value:
    config = dataclasses.replace(
        config, sizes=app.numbers("sizes", _SIZES.value, 1))
  if _SEEDS.value:
    config = dataclasses.replace(
        config, seeds=app.numbers("seeds", _SEEDS.value, 0))
  if _STEPS.value:
    config = dataclasses.replace(config, settings=tuple(
        dataclasses.replace(settings, steps=_STEPS.value)
        for settings in config.settings))
  return config


def main() -> None:
  folder = app.output_folder("figure2")
  rows = regression_grid.run(
      configure(), folder, artefact="figure2", preset=flags.FLAGS.preset,
      overwrite=flags.FLAGS.overwrite, tensorboard=flags.FLAGS.tensorboard)
  print(section.write(rows, folder))


if __name__ == "__main__":
  app.run(main)
