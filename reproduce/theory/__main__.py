"""Figures 1 and 2 (left) and every statement of Section 3, computed.

Also Proposition 4 of Section 4.3. https://arxiv.org/abs/1706.04859.

  python -m reproduce.theory --preset=quick
"""

import dataclasses

from absl import flags

from configs import theory as config_lib
from reproduce import app
from reproduce import parts as parts_runner
from reproduce import rows as results
from reproduce.theory import parts as parts_lib
from reproduce.theory import section
from sobolev_tf import files


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  app.define_flags("theory", config_lib.PRESETS, "quick")


def run(config: config_lib.Config, folder: files.Path, *, preset: str,
        overwrite: bool = False, tensorboard: bool = False
        ) -> list[results.Row]:
  """Runs or resumes all statements.

  Args:
    config: what to run.
    folder: the run's folder; `tables/` holds what is drawn as curves and
      graphs, `rows/` all numbers.
    preset: the preset's name, for the rows.
    overwrite: deletes what the folder holds.
    tensorboard: writes TensorBoard scalars of what is trained.

  Returns:
    All rows.

  Raises:
    UserError: if the folder cannot be used.
    Interrupted: if a signal asked to stop.
  """
  return parts_runner.run(
      "theory", parts_lib.parts(config), dataclasses.asdict(config), folder,
      preset=preset, overwrite=overwrite, tensorboard=tensorboard)


def main() -> None:
  folder = app.output_folder("theory")
  rows = run(config_lib.PRESETS[flags.FLAGS.preset], folder,
             preset=flags.FLAGS.preset, overwrite=flags.FLAGS.overwrite,
             tensorboard=flags.FLAGS.tensorboard)
  app.show(section.write(rows, folder, folder), folder)


if __name__ == "__main__":
  app.run(define_flags, main)
