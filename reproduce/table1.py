"""Table 1: classifiers trained with synthetic gradients.

Section 4.3 of https://arxiv.org/abs/1706.04859.

  python -m reproduce.table1 --dataset=shapes --preset=quick

One part of the run is one method with one seed. Parts do not depend on each
other, so several processes can share one --output: each takes parts that no
other is at, and ends when all are finished.

A part can be spread over the GPUs of a host (`--devices`) or over hosts: set
TF_CONFIG in the usual way and start the same command on each.
"""

import contextlib
import dataclasses
import re
import sys
import time
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence

from absl import flags
import numpy as np
import tensorflow as tf

from configs import table1 as config_lib
from reproduce import app
from reproduce import rows as results
from reproduce.classification import table1 as section
from reproduce.classification import train as classification
from reproduce.classification.data import sets as data_lib
from sobolev_tf import errors, files
from sobolev_tf import synthetic_gradients as sg
from sobolev_tf.networks import convolution
from sobolev_tf.training import device, replicas

ARTEFACT = "table1"
_ATTEMPTS = 20  # to open a folder that another process is opening
_PAUSE = .5  # seconds between looks at what other processes are at
_NONE_LEFT, _NONE_FREE = -1, -2  # instead of a part's index


class Part(NamedTuple):
  """One method with one seed."""
  settings: classification.Settings
  seed: int
  method: str

  @property
  def name(self) -> str:
    """The name of its rows and checkpoints."""
    label = re.sub(r"[^\w.]+", "-", self.settings.label)
    return f"{label}_{self.method}_seed{self.seed}"


def run(config: config_lib.Config, folder: files.Path, *, preset: str,
        data_folder: Optional[str] = None, overwrite: bool = False,
        tensorboard: bool = False, devices: int = 0) -> List[results.Row]:
  """Runs or resumes the grid.

  Args:
    config: what to run.
    folder: the run's folder.
    preset: the preset's name, for the rows.
    data_folder: of prepared data; None for their default.
    overwrite: deletes what the folder holds.
    tensorboard: writes TensorBoard scalars.
    devices: replicas on this host; 0 or 1 for none.

  Returns:
    All rows in the folder; none for any worker but the first of several.

  Raises:
    UserError: if a setting is out of range, data are missing or the folder
      cannot be used.
    Interrupted: if a signal asked to stop.
  """
  _check(config)
  device.prepare()
  with replicas.lost_workers_explained():
    strategy = replicas.open_strategy(devices)
    return _run(config, folder, preset, data_folder, overwrite, tensorboard,
                strategy)


def _run(config: config_lib.Config, folder: files.Path, preset: str,
         data_folder: Optional[str], overwrite: bool, tensorboard: bool,
         strategy: tf.distribute.Strategy) -> List[results.Row]:
  for settings in config.settings:
    replicas.check_batch_size(strategy, settings.batch_size)
  data_lib.open_data(  # if it is missing, before anything is written
      config.dataset, seed=0, batch_size=1, held_out=1, folder=data_folder)
  # Other processes may add other methods and seeds to the same folder.
  shared = dataclasses.asdict(config)
  del shared["methods"], shared["seeds"]
  description = {"artefact": ARTEFACT, "preset": preset, **shared}
  chief = replicas.is_chief(strategy)
  if chief:
    store = _open(folder, description, overwrite)
  replicas.from_chief(strategy, True)  # the folder is ready
  if not chief:
    store = results.Run(folder, description)
  parts = [Part(settings, seed, method) for settings in config.settings
           for seed in config.seeds for method in config.methods]
  told = False
  while True:
    with contextlib.ExitStack() as held:
      chosen = replicas.from_chief(
          strategy, _choose(parts, store, held) if chief else 0)
      if chosen == _NONE_LEFT:
        break
      if chosen != _NONE_FREE:
        _run_part(parts[chosen], config, store, preset, data_folder,
                  tensorboard, strategy)
        continue
    if not told and chief:
      print("Other processes are at all parts that are left: waiting for them.",
            file=sys.stderr)
    told = True
    _wait()
  return results.read(store.folder) if chief else []


def _choose(parts: Sequence[Part], store: results.Run,
            held: contextlib.ExitStack) -> int:
  """The index of a part that nobody has finished or is at; holds its lock."""
  none = _NONE_LEFT
  for index, part in enumerate(parts):
    if store.finished(part.name):
      continue
    with contextlib.ExitStack() as lock:
      try:
        lock.enter_context(files.locked(store.lock(part.name)))
      except errors.InUse:
        none = _NONE_FREE
        continue
      # Another process may have finished it between first look and lock.
      if not store.finished(part.name):
        held.enter_context(lock.pop_all())
        return index
  return none


def _wait() -> None:
  time.sleep(_PAUSE)


def _run_part(part: Part, config: config_lib.Config, store: results.Run,
              preset: str, data_folder: Optional[str], tensorboard: bool,
              strategy: tf.distribute.Strategy) -> None:
  settings, seed, method = part
  trained = classification.train(
      config.dataset, method, seed, settings, held_out=config.held_out,
      data_folder=data_folder,
      train_on_validation=config.stream == "test",
      diagnose_every=config.diagnose_every,
      folder=store.checkpoints(part.name),
      checkpoint_every=config.checkpoint_every,
      log_folder=(
          store.folder / "tensorboard" / part.name if tensorboard else None),
      title=f"{config.dataset} {method} seed {seed}", strategy=strategy)
  if not replicas.is_chief(strategy):
    return

  def row(step: int, metric: str, value: float) -> results.Row:
    return results.Row(
        ARTEFACT, preset, settings.label, method, config.dataset,
        trained.data.size, seed, step, metric, value)

  rows = [row(record["step"], name, float(np.squeeze(value)))
          for record in trained.history.records
          for name, value in record.items()
          if name == "loss" or name.startswith("cosine_")]
  measured = classification.measure(trained, config.stream)
  rows += [row(settings.steps, f"{config.stream}_{name}", value)
           for name, value in measured.items()]
  store.write(part.name, rows)


def _open(folder: files.Path, settings: Mapping[str, Any],
          overwrite: bool) -> results.Run:
  """Opens the folder, after other processes that are just opening it."""
  folder = files.make_folder(folder)
  for attempt in range(_ATTEMPTS):
    with contextlib.ExitStack() as stack:
      try:
        stack.enter_context(files.locked(folder))
        if overwrite:  # not while another process is at a part of it
          for lock in sorted((folder / results.LOCKS).glob("*")):
            stack.enter_context(files.locked(lock))
      except errors.InUse:
        if attempt + 1 == _ATTEMPTS:
          raise
        _wait()
        continue
      return results.Run(folder, settings, overwrite)
  raise AssertionError("not reached")


def _check(config: config_lib.Config) -> None:
  for name in ("methods", "seeds"):
    values: Sequence = getattr(config, name)
    if not values or len(set(values)) < len(values):
      raise errors.UserError(
          f"{name} must name at least one and none twice, got "
          f"{', '.join(map(str, values)) or 'none'}.")
  for method in config.methods:
    if method not in sg.METHODS:
      raise errors.UserError(
          f"'{method}' is not a method: choose from {', '.join(sg.METHODS)}.")
  for settings in config.settings:
    settings.check()


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  app.define_flags(ARTEFACT, config_lib.PRESETS, "quick")
  flags.DEFINE_enum(
      "dataset", "shapes", data_lib.DATASETS, "The images to classify; "
      "cifar10 and imagenet have the presets paper and smoke.")
  flags.DEFINE_list(
      "method", None, f"Methods: {', '.join(sg.METHODS)}. [all]")
  flags.DEFINE_list("seeds", None, "Seeds, such as 0-4 or 0,7. [the preset's]")
  flags.DEFINE_enum(
      "splits", None, ["1", "3"], "Number of cuts, each with an SG module. "
      "[the preset's]")
  flags.DEFINE_enum(
      "targets", None, sg.TARGETS, "What SG modules learn from: the true "
      "gradient, or what comes from the next SG module. [the preset's]")
  flags.DEFINE_integer(
      "steps", None, "Number of updates. [the preset's]", lower_bound=1,
      upper_bound=app.HIGHEST)
  flags.DEFINE_enum(
      "precision", None, convolution.PRECISIONS, "mixed: convolutions of the "
      "main network multiply in bfloat16. [the preset's]")
  flags.DEFINE_integer(
      "devices", 0, "Spread every batch over so many GPUs of this host, or "
      "virtual devices of its CPU; 0 or 1 for none. Several hosts: TF_CONFIG.",
      lower_bound=0)
  flags.DEFINE_string(
      "data_dir", None, "Folder of the data prepared by tensorflow_datasets. "
      "[its default]")


def configure() -> config_lib.Config:
  """The preset's settings with those the user's flags replace."""
  given = flags.FLAGS
  config = config_lib.get(
      given.preset, given.dataset, targets=given.targets, steps=given.steps,
      precision=given.precision,
      splits=int(given.splits) if given.splits else None)
  if given.method is not None:
    config = dataclasses.replace(config, methods=tuple(given.method))
  if given.seeds is not None:
    config = dataclasses.replace(
        config, seeds=app.numbers("seeds", given.seeds, 0))
  return config


def main() -> None:
  config = configure()
  first = config.settings[0]
  mixed = "" if first.precision == "float32" else f"-{first.precision}"
  folder = app.output_folder(
      f"table1/{config.dataset}-{first.splits}-{first.targets}{mixed}")
  rows = run(
      config, folder, preset=flags.FLAGS.preset,
      data_folder=flags.FLAGS.data_dir, overwrite=flags.FLAGS.overwrite,
      tensorboard=flags.FLAGS.tensorboard, devices=flags.FLAGS.devices)
  if rows:
    app.show(section.write(rows, folder), folder)


if __name__ == "__main__":
  app.run(define_flags, main)
