"""Chooses Figure 4's learning rates and alphas, on validation states.

Every method gets the same number of trials. The choice is written into
configs/figure4.py by hand.

  python -m reproduce.figure4_search --preset=cpu
"""

from configs import figure4 as config_lib
from reproduce import app
from reproduce.distillation import grid as distillation_grid
from reproduce.distillation import search as section


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  distillation_grid.define_flags("figure4_search", config_lib.SEARCH, "cpu")


def main() -> None:
  rows, folder = distillation_grid.run_flags(
      "figure4_search", config_lib.SEARCH)
  app.show(section.write(rows, folder), folder)


if __name__ == "__main__":
  app.run(define_flags, main)
