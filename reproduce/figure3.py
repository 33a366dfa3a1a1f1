"""Figure 3: Styblinski-Tang and its models, with their gradient fields.

Section 4.1 of https://arxiv.org/abs/1706.04859.

  python -m reproduce.figure3 --preset=quick
"""

import dataclasses

from absl import flags
import numpy as np

from configs import figure3 as config_lib
from reproduce import app
from reproduce import rows as results
from reproduce.regression import figure3 as section
from reproduce.regression import train as regression
from sobolev_tf import derivatives, files, functions
from sobolev_tf.training import device


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  app.define_flags("figure3", config_lib.PRESETS, "quick")
  flags.DEFINE_string(
      "function", None, "Benchmark function to draw, one of "
      f"{', '.join(functions.FUNCTIONS)}. [the preset's]")
  flags.DEFINE_list(
      "sizes", None, "Numbers of training points. [the preset's]")
  flags.DEFINE_integer(
      "seed", None, "Seed of data and weights. [the preset's]", lower_bound=0,
      upper_bound=app.HIGHEST)


def run(config: config_lib.Config, folder: files.Path, *, preset: str,
        overwrite: bool = False, tensorboard: bool = False) -> None:
  """Trains the models and stores their surfaces and errors.

  Args:
    config: what to run.
    folder: the run's folder; `surfaces/` holds the true function and each
      model on a grid, `rows/` the test errors.
    preset: the preset's name, for the rows.
    overwrite: deletes what the folder holds.
    tensorboard: writes TensorBoard scalars.

  Raises:
    UserError: if a setting is out of range or the folder cannot be used.
    Interrupted: if a signal asked to stop.
  """
  function = functions.by_name(config.function)
  device.prepare()
  grid = np.stack(np.meshgrid(
      *(np.linspace(*side, config.grid) for side in function.domain),
      indexing="ij"), axis=-1).reshape(1, -1, 2)  # [1, G, 2]
  with files.locked(folder) as folder:
    store = results.Run(
        folder, {"artefact": "figure3", "preset": preset,
                 **dataclasses.asdict(config)}, overwrite)
    surfaces = files.make_folder(folder / "surfaces")
    y, dy_dx = derivatives.value_and_derivatives(function, grid[0], 1)
    _write_surface(surfaces / "true.csv", grid[0], y, dy_dx)
    for count in config.sizes:
      for method in regression.METHODS:
        part = f"n{count}_{method}"
        surface = surfaces / f"{part}.csv"
        if store.finished(part) and surface.exists():
          continue
        trained = regression.train(
            [regression.Member(function, config.seed)], count, method,
            config.settings, folder=store.checkpoints(part),
            log_folder=folder / "tensorboard" / part if tensorboard else None,
            title=f"figure3 n={count} {method}")
        y, dy_dx = trained.predict(grid)
        _write_surface(surface, grid[0], y[0, :, 0], dy_dx[0])
        measured = regression.measure(trained, config.points, "test")[0]
        store.write(part, [
            results.Row(
                "figure3", preset, config.settings.label, method,
                function.name, count, config.seed, config.settings.steps,
                f"test_{metric}", value)
            for metric, value in measured.items()])


def _write_surface(path, x, y, dy_dx) -> None:
  """Stores points `[G, 2]`, values `[G]` and gradients `[G, 2]`."""
  columns = np.column_stack([x, y, dy_dx]).tolist()
  results.write_table(path, [
      dict(zip(section.SURFACE_FIELDS, record)) for record in columns])


def configure() -> config_lib.Config:
  """The preset's settings with those the user's flags replace."""
  given = flags.FLAGS
  config = config_lib.PRESETS[given.preset]
  if given.function is not None:
    config = dataclasses.replace(config, function=given.function)
  if given.sizes is not None:
    config = dataclasses.replace(
        config, sizes=app.numbers("sizes", given.sizes, 2))
  if given.seed is not None:
    config = dataclasses.replace(config, seed=given.seed)
  return config


def main() -> None:
  folder = app.output_folder("figure3")
  run(configure(), folder, preset=flags.FLAGS.preset,
      overwrite=flags.FLAGS.overwrite, tensorboard=flags.FLAGS.tensorboard)
  app.show(section.write(folder, folder), folder)


if __name__ == "__main__":
  app.run(define_flags, main)
