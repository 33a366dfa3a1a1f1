"""Section 5's open paths, one small experiment each.

Finite differences of a black box, internal derivatives, and second-order
signals from known uncertainty: what Section 5 of
https://arxiv.org/abs/1706.04859 names and leaves open.

  python -m reproduce.section5 --preset=quick --experiment=internal
"""

import dataclasses
from typing import Callable, List, Mapping

from absl import flags

from configs import section5 as config_lib
from reproduce import app
from reproduce import parts as parts_lib
from reproduce import rows as results
from reproduce.section5 import curvature, finite_differences, internal, section
from sobolev_tf import files

EXPERIMENTS: Mapping[str, Callable[..., List[parts_lib.Part]]] = {
    "finite_differences": finite_differences.parts,
    "internal": internal.parts,
    "curvature": curvature.parts,
}


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  app.define_flags("section5", config_lib.PRESETS, "quick")
  flags.DEFINE_enum(
      "experiment", "all", ["all", *EXPERIMENTS],
      "Which experiment to run; the results of the others stay as they are.")


def run(config: config_lib.Config, folder: files.Path, *, preset: str,
        experiment: str = "all", overwrite: bool = False,
        tensorboard: bool = False) -> List[results.Row]:
  """Runs or resumes the experiments; arguments as `parts.run`.

  Args:
    config: the settings of all experiments.
    folder: the run's folder.
    preset: the preset's name, for the rows.
    experiment: one of `EXPERIMENTS`, or "all".
    overwrite: deletes what the folder holds.
    tensorboard: writes TensorBoard scalars.

  Returns:
    All rows in the folder, those of other experiments included.

  Raises:
    UserError: if the folder cannot be used or data are missing.
    Interrupted: if a signal asked to stop.
  """
  chosen = [
      part for name, parts in EXPERIMENTS.items()
      if experiment in ("all", name) for part in parts(getattr(config, name))]
  return parts_lib.run(
      "section5", chosen, dataclasses.asdict(config), folder, preset=preset,
      overwrite=overwrite, tensorboard=tensorboard)


def main() -> None:
  given = flags.FLAGS
  folder = app.output_folder("section5")
  rows = run(config_lib.PRESETS[given.preset], folder, preset=given.preset,
             experiment=given.experiment, overwrite=given.overwrite,
             tensorboard=given.tensorboard)
  app.show(section.write(rows, folder), folder)


if __name__ == "__main__":
  app.run(define_flags, main)
