"""Figure 2's experiment with second derivatives, exact and projected.

Order 2 of Eq. 1, Section 2 of https://arxiv.org/abs/1706.04859, for which the
network must be smooth: against order 1 and order 0 on the same functions.

  python -m reproduce.order2 --preset=quick
"""

from absl import flags

from configs import order2 as config_lib
from reproduce import app
from reproduce.regression import grid as regression_grid
from reproduce.regression import order2 as section


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  regression_grid.define_flags("order2", config_lib.PRESETS)


def main() -> None:
  folder = app.output_folder("order2")
  rows = regression_grid.run(
      regression_grid.configure(config_lib.PRESETS), folder,
      artefact="order2", preset=flags.FLAGS.preset,
      methods=config_lib.METHODS, overwrite=flags.FLAGS.overwrite,
      tensorboard=flags.FLAGS.tensorboard)
  app.show(section.write(rows, folder), folder)


if __name__ == "__main__":
  app.run(define_flags, main)
