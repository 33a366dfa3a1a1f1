"""How Section 4.1's results depend on scaling and learning rate.

Chooses the settings of Figure 2's `quick` preset, on validation points, the
same way for both methods.

  python -m reproduce.sensitivity --preset=quick
"""

from absl import flags

from configs import sensitivity as config_lib
from reproduce import app
from reproduce.regression import grid as regression_grid
from reproduce.regression import sensitivity as section


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  app.define_flags("sensitivity", config_lib.PRESETS, "quick")


def main() -> None:
  folder = app.output_folder("sensitivity")
  rows = regression_grid.run(
      config_lib.PRESETS[flags.FLAGS.preset], folder, artefact="sensitivity",
      preset=flags.FLAGS.preset, overwrite=flags.FLAGS.overwrite,
      tensorboard=flags.FLAGS.tensorboard)
  app.show(section.write(rows, folder), folder)


if __name__ == "__main__":
  app.run(define_flags, main)
