"""Figures 1 and 2 (left) and every statement of Section 3, computed.

Also Proposition 4 of Section 4.3. https://arxiv.org/abs/1706.04859.

  python -m reproduce.theory --preset=quick
"""

import dataclasses

from absl import flags

from configs import theory as config_lib
from reproduce import app
from reproduce.sections import theory as section
from reproduce.statements import parts as parts_lib
from sobolev_tf import files, results
from sobolev_tf.training import device


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
  device.prepare()
  with files.locked(folder) as folder:
    store = results.Run(
        folder, {"artefact": "theory", "preset": preset,
                 **dataclasses.asdict(config)}, overwrite)
    tables = files.make_folder(folder / "tables")
    for part in parts_lib.parts(config):
      made = [tables / f"{name}.csv" for name in part.tables]
      if store.finished(part.name) and all(path.exists() for path in made):
        continue
      logs = folder / "tensorboard" / part.name if tensorboard else None
      measured = part.compute(
          folder=store.checkpoints(part.name), log_folder=logs,
          title=part.name)
      for path in made:
        results.write_table(path, measured.tables[path.stem])
      store.write(part.name, [
          results.Row("theory", preset, **row) for row in measured.rows])
    return results.read(folder)


def main() -> None:
  folder = app.output_folder("theory")
  rows = run(config_lib.PRESETS[flags.FLAGS.preset], folder,
             preset=flags.FLAGS.preset, overwrite=flags.FLAGS.overwrite,
             tensorboard=flags.FLAGS.tensorboard)
  app.show(section.write(rows, folder, folder), folder)


if __name__ == "__main__":
  app.run(define_flags, main)
