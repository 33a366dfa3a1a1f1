"""Figure 2 (right): test error of regular and Sobolev regression.

Section 4.1 of https://arxiv.org/abs/1706.04859.

  python -m reproduce.figure2 --preset=quick
"""

from absl import flags

from configs import figure2 as config_lib
from reproduce import app
from reproduce.regression import figure2 as section
from reproduce.regression import grid as regression_grid


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  regression_grid.define_flags("figure2", config_lib.PRESETS)


def main() -> None:
  folder = app.output_folder("figure2")
  rows = regression_grid.run(
      regression_grid.configure(config_lib.PRESETS), folder,
      artefact="figure2", preset=flags.FLAGS.preset,
      overwrite=flags.FLAGS.overwrite, tensorboard=flags.FLAGS.tensorboard)
  app.show(section.write(rows, folder), folder)


if __name__ == "__main__":
  app.run(define_flags, main)
