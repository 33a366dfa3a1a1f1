"""Chooses Figure 4's learning rates and alphas, on validation states.

Every method gets the same number of trials. The choice is written into
configs/figure4.py by hand; a test compares it with the committed rows.

  python -m reproduce.figure4_search --preset=cpu
"""

from absl import flags

from configs import figure4 as config_lib
from reproduce import app, distillation_grid
from reproduce.sections import figure4_search as section


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  app.define_flags("figure4_search", config_lib.SEARCH, "cpu")


def main() -> None:
  folder = app.output_folder("figure4_search")
  rows = distillation_grid.run(
      config_lib.SEARCH[flags.FLAGS.preset], folder,
      artefact="figure4_search", preset=flags.FLAGS.preset,
      overwrite=flags.FLAGS.overwrite, tensorboard=flags.FLAGS.tensorboard)
  print(section.write(rows, folder))


if __name__ == "__main__":
  app.run(define_flags, main)
