"""Table 1: every method of Section 4.3 with every seed, on one data set.

Section 4.3 of https://arxiv.org/abs/1706.04859. One method with one seed is a
part of the run; its tables and figures are in `section`.
"""

import dataclasses
import functools
from typing import Iterator, Optional

from absl import flags
import numpy as np
import tensorflow as tf

from configs import classification
from configs import table1 as config_lib
from reproduce import app, experiment, jobs, rows, run
from reproduce.classification import section, train
from reproduce.classification.data import opener
from sobolev_tf import errors
from sobolev_tf import synthetic_gradients as sg
from sobolev_tf.networks import convolution
from sobolev_tf.training import device, replicas


def plan(config: config_lib.Config, preset: str, *,
         data_folder: Optional[str] = None, devices: int = 0) -> run.Plan:
  """The methods and seeds of a data set as the parts of a run.

  Args:
    config: what to run.
    preset: the preset's name, for the rows.
    data_folder: of prepared data; None for their default.
    devices: replicas on this host; 0 or 1 for none.

  Returns:
    The plan.

  Raises:
    UserError: if a setting is out of range or data are missing.
  """
  check(config)
  device.prepare()
  strategy = replicas.open_strategy(devices)
  for settings in config.settings:
    replicas.check_batch_size(strategy, settings.batch_size)
  opener.open_data(  # if it is missing, before anything is written
      config.dataset, seed=0, batch_size=1, held_out=1, folder=data_folder)
  # Other processes may add other methods and seeds to the same folder.
  shared = dataclasses.asdict(config)
  del shared["methods"], shared["seeds"]
  first = config.settings[0]
  mixed = "" if first.precision == "float32" else f"-{first.precision}"
  return run.Plan(
      "table1", preset, shared, list(_parts(config, data_folder, strategy)),
      f"table1/{config.dataset}-{first.splits}-{first.targets}{mixed}/{preset}",
      run.Team(replicas.is_chief(strategy),
               functools.partial(replicas.from_chief, strategy)))


def check(config: config_lib.Config) -> None:
  """Checks settings before anything is written.

  Args:
    config: what to run.

  Raises:
    UserError: if the grid is empty, names something twice, or a setting is
      out of range.
  """
  for name in ("methods", "seeds"):
    app.check_distinct(name, getattr(config, name))
  for method in config.methods:
    if method not in sg.METHODS:
      raise errors.UserError(
          f"'{method}' is not a method: choose from {', '.join(sg.METHODS)}.")
  for settings in config.settings:
    settings.check()
    for method in config.methods:
      if method not in settings.learning_rates:
        raise errors.UserError(
            f"These settings have no learning rate for '{method}', only for "
            f"{', '.join(settings.learning_rates)}: choose another --method "
            "or --preset.")
  for method in config.methods:
    app.check_distinct("settings", [
        rows.label(settings.varied(method)) for settings in config.settings])


def _parts(config: config_lib.Config, data_folder: Optional[str],
           strategy: tf.distribute.Strategy) -> Iterator[run.Part]:
  for settings in config.settings:
    for seed in config.seeds:
      for method in config.methods:
        label = rows.slug(rows.label(settings.varied(method)))
        yield run.Part(
            f"{label}_{method}_seed{seed}",
            functools.partial(_compute, config, settings, method, seed,
                              data_folder, strategy),
            title=f"{config.dataset} {method} seed {seed}")


@replicas.lost_workers_explained()
def _compute(config: config_lib.Config, settings: classification.Settings,
             method: str, seed: int, data_folder: Optional[str],
             strategy: tf.distribute.Strategy, job: run.Job) -> run.Outcome:
  """Trains and measures one classifier."""
  trained = train.train(
      config.dataset, method, seed, settings, held_out=config.held_out,
      data_folder=data_folder, train_on_validation=config.stream == "test",
      diagnose_every=config.diagnose_every,
      checkpoint_every=config.checkpoint_every, strategy=strategy,
      **job.training)
  if not replicas.is_chief(strategy):
    return run.Outcome([])  # which only the chief would write

  def row(step: int, metric: str, value: float) -> rows.Row:
    return rows.Row(config.dataset, method, metric, value, trained.data.size,
                    seed, step, settings.varied(method))

  return run.Outcome([
      *(row(record["step"], name, float(np.squeeze(value)))
        for record in trained.history.records
        for name, value in record.items()
        if name == "loss" or name.startswith("cosine_")),
      *(row(settings.steps, f"{config.stream}_{name}", value)
        for name, value in train.measure(trained, config.stream).items())])


def _define_flags() -> None:
  flags.DEFINE_enum(
      "dataset", "shapes", opener.DATASETS, "The images to classify; not "
      "every preset has settings for each.")
  flags.DEFINE_list(
      "method", None, f"Methods: {', '.join(sg.METHODS)}. [the preset's]")
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
      "devices", 0, "Spread every batch over this many GPUs of this host, or "
      "virtual devices of its CPU; 0 or 1 for none. Several hosts: TF_CONFIG.",
      lower_bound=0)
  flags.DEFINE_string(
      "data_dir", None, "Folder of the data prepared by tensorflow_datasets, "
      "or of Fashion-MNIST's four idx files. [their default]")


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


def _planned() -> run.Plan:
  given = flags.FLAGS
  if given.jobs > 1 and replicas.workers() > 1:
    raise errors.UserError(
        "--jobs shares a run on one machine: leave it out with several workers "
        "in TF_CONFIG.")
  jobs.use_one_thread()
  return plan(configure(), given.preset, data_folder=given.data_dir,
              devices=given.devices)


EXPERIMENT = experiment.Experiment(
    "table1", config_lib.PRESETS, _planned,
    experiment.Section(
        "Table 1: synthetic gradients",
        "Paper, Section 4.3: Sobolev Training gives the best test accuracy of "
        "all synthetic gradients on CIFAR-10 and ImageNet, just above the "
        "critic; supervision by the loss is what matters most on ResNets.",
        section.write),
    _define_flags, place="table1/DATASET-SPLITS-TARGETS")
