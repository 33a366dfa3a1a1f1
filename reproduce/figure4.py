"""Figure 4: distilling Atari policies with and without derivatives.

Section 4.2 of https://arxiv.org/abs/1706.04859. Teachers and recordings come
with the package; states are replayed from their logs of actions.

  python -m reproduce.figure4 --preset=quick
"""

from configs import figure4 as config_lib
from reproduce import app
from reproduce.distillation import figure4 as section
from reproduce.distillation import grid as distillation_grid


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  distillation_grid.define_flags("figure4", config_lib.PRESETS, "quick")


def main() -> None:
  rows, folder = distillation_grid.run_flags("figure4", config_lib.PRESETS)
  app.show(section.write(rows, folder, folder), folder)


if __name__ == "__main__":
  app.run(define_flags, main)
