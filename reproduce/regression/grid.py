"""Trains a grid of regressions and stores their rows.

The computation behind Figure 2, its extension to order 2 and the sensitivity
run: every setting x size x method x seed, some seeds at a time in one ensemble
over all functions. One such ensemble is one part of the run, resumable on its
own.
"""

import dataclasses
import re
from typing import List, Mapping, Sequence

from absl import flags

from configs import figure2 as config_lib
from reproduce import app
from reproduce import rows as results
from reproduce.regression import train as regression
from sobolev_tf import errors, files, functions
from sobolev_tf.training import device


def define_flags(artefact: str, presets: Mapping[str, config_lib.Config]
                 ) -> None:
  """Defines the flags of an entrypoint that trains a grid."""
  app.define_flags(artefact, presets, "quick")
  flags.DEFINE_list(
      "functions", None, "Benchmark functions to learn, of "
      f"{', '.join(functions.FUNCTIONS)}. [the preset's]")
  flags.DEFINE_list(
      "sizes", None, "Numbers of training points. [the preset's]")
  flags.DEFINE_list(
      "seeds", None, "Seeds, such as 0-4 or 0,7. [the preset's]")
  flags.DEFINE_integer(
      "steps", None, "Number of updates of each network. [the preset's]",
      lower_bound=1, upper_bound=app.HIGHEST)
  flags.DEFINE_integer(
      "seeds_per_part", None, "How many seeds of all functions to train "
      "side by side; raise it on a GPU. [the preset's]", lower_bound=1)


def configure(presets: Mapping[str, config_lib.Config]) -> config_lib.Config:
  """The preset's settings with those the user's flags replace."""
  given = flags.FLAGS
  config = presets[given.preset]
  if given.functions is not None:
    config = dataclasses.replace(config, functions=tuple(given.functions))
  if given.sizes is not None:
    config = dataclasses.replace(
        config, sizes=app.numbers("sizes", given.sizes, 1))
  if given.seeds is not None:
    config = dataclasses.replace(
        config, seeds=app.numbers("seeds", given.seeds, 0))
  if given.steps:
    config = dataclasses.replace(config, settings=tuple(
        dataclasses.replace(settings, steps=given.steps)
        for settings in config.settings))
  if given.seeds_per_part:
    config = dataclasses.replace(config, seeds_per_part=given.seeds_per_part)
  return config


def run(config: config_lib.Config, folder: files.Path, *, artefact: str,
        preset: str, methods: Sequence[str] = regression.METHODS,
        overwrite: bool = False, tensorboard: bool = False
        ) -> List[results.Row]:
  """Runs or resumes the grid.

  Args:
    config: what to run.
    folder: the run's folder.
    artefact: the name rows carry.
    preset: the preset's name, for the rows.
    methods: names in `regression.ALL_METHODS`; the held-out errors go up to
      the highest order among them.
    overwrite: deletes what the folder holds.
    tensorboard: writes TensorBoard scalars.

  Returns:
    All rows of the finished run.

  Raises:
    UserError: if a setting is out of range or the folder cannot be used.
    Interrupted: if a signal asked to stop.
  """
  check(config)
  device.prepare()
  with files.locked(folder) as folder:
    store = results.Run(
        folder, {"artefact": artefact, "preset": preset,
                 **dataclasses.asdict(config)}, overwrite)
    parts = list(_parts(config, methods))
    waiting = [part for part in parts if not store.finished(part.name)]
    order = max(1, *(regression.ALL_METHODS[name].order for name in methods))
    for part in waiting:
      _run_part(part, config, store, artefact, preset, order, tensorboard)
    return results.read(folder)


@dataclasses.dataclass(frozen=True)
class _Part:
  settings: regression.Settings
  count: int
  method: str
  seeds: tuple[int, ...]

  @property
  def name(self) -> str:
    label = re.sub(r"[^\w.]+", "-", self.settings.label)
    seeds = "-".join(map(str, (self.seeds[0], self.seeds[-1])))
    return f"{label}_n{self.count}_{self.method}_seeds{seeds}"


def _parts(config: config_lib.Config, methods: Sequence[str]):
  for settings in config.settings:
    for count in config.sizes:
      for first in range(0, len(config.seeds), config.seeds_per_part):
        for method in methods:
          yield _Part(settings, count, method, config.seeds[
              first:first + config.seeds_per_part])


def _run_part(part: _Part, config: config_lib.Config, store: results.Run,
              artefact: str, preset: str, order: int,
              tensorboard: bool) -> None:
  members = [
      regression.Member(functions.by_name(name), seed)
      for seed in part.seeds for name in config.functions]
  trained = regression.train(
      members, part.count, part.method, part.settings,
      folder=store.checkpoints(part.name),
      log_folder=(
          store.folder / "tensorboard" / part.name if tensorboard else None),
      title=f"{artefact} n={part.count} {part.method} seeds {part.seeds}")
  rows: list[results.Row] = []
  for member, measured in zip(
      members, regression.measure(
          trained, config.points, config.stream, order)):
    rows.extend(
        results.Row(
            artefact, preset, part.settings.label, part.method,
            member.function.name, part.count, member.seed,
            part.settings.steps, f"{config.stream}_{metric}", value)
        for metric, value in measured.items())
  store.write(part.name, rows)


def check(config: config_lib.Config) -> None:
  """Checks a grid before anything is written.

  Args:
    config: what to run.

  Raises:
    UserError: if the grid is empty, names something twice, or a setting is
      out of range.
  """
  for name in config.functions:
    functions.by_name(name)
  for name in ("functions", "sizes", "seeds"):
    values = getattr(config, name)
    if not values or len(set(values)) < len(values):
      raise errors.UserError(
          f"{name} must name at least one and none twice, got "
          f"{', '.join(map(str, values)) or 'none'}.")
  labels = [settings.label for settings in config.settings]
  if not labels or len(set(labels)) < len(labels):
    raise errors.UserError(
        f"settings must differ in what rows name them by, got {labels}.")
  if min(config.sizes) < 1:
    raise errors.UserError(
        f"Every size must be >= 1, got {min(config.sizes)}.")
  for settings in config.settings:
    settings.check()
    if settings.targets == "standardised" and min(config.sizes) < 2:
      raise errors.UserError(
          "A single point has no spread to standardise its target by: use "
          "sizes of at least 2, or settings with raw targets.")
