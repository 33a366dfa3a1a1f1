"""Grids of regressions: setting x size x method x seed.

The computation behind Figure 2, its extension to order 2 and the sensitivity
run. Some seeds of all functions are trained at a time in one ensemble, which
is one part of the run.
"""

import dataclasses
import functools
from typing import Iterator, Mapping, Sequence

from absl import flags

from configs import figure2 as config_lib
from configs import regression as regression_config
from reproduce import app, rows, run
from reproduce.regression import measure, train
from sobolev_tf import errors, functions

# The metric of learning curves; `test_mse` and its like are of the end.
CURVE = "validation_mse"


def define_flags() -> None:
  """Defines the flags of an experiment that trains a grid."""
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


def plan(artefact: str, preset: str, config: config_lib.Config,
         methods: Sequence[str] = regression_config.SECTION_4_1) -> run.Plan:
  """A grid as the parts of a run.

  Args:
    artefact: the name rows carry.
    preset: the preset's name, for the rows.
    config: what to run.
    methods: names in `configs.regression.METHODS`; the held-out errors go up
      to the highest order among them.

  Returns:
    The plan.

  Raises:
    UserError: if a setting is out of range.
  """
  check(config)
  settings = dataclasses.asdict(config)
  if not config.curve_every:  # as before there were curves
    del settings["curve_every"], settings["curve_points"]
  return run.Plan(artefact, preset, settings, list(_parts(config, methods)))


def _parts(config: config_lib.Config, methods: Sequence[str]
           ) -> Iterator[run.Part]:
  order = max(1, *(regression_config.METHODS[name].order for name in methods))
  for settings in config.settings:
    for count in config.sizes:
      for first in range(0, len(config.seeds), config.seeds_per_part):
        seeds = config.seeds[first:first + config.seeds_per_part]
        for method in methods:
          label = rows.slug(rows.label(settings.varied(method)))
          yield run.Part(
              f"{label}_n{count}_{method}_seeds{seeds[0]}-{seeds[-1]}",
              functools.partial(
                  _compute, config, settings, count, method, seeds, order),
              title=f"n={count} {method} seeds {seeds[0]}-{seeds[-1]}")


def _compute(config: config_lib.Config, settings: regression_config.Settings,
             count: int, method: str, seeds: Sequence[int], order: int,
             job: run.Job) -> run.Outcome:
  """Trains and measures one ensemble."""
  members = [train.Member(functions.by_name(name), seed)
             for seed in seeds for name in config.functions]
  targets = [member.function for member in members]
  options = {}
  if config.curve_every:
    errors_of = measure.value_errors(targets, config.curve_points, "validation")
    options = {"measure": lambda trained: {CURVE: errors_of(trained)},
               "measure_every": config.curve_every}
  trained = train.train(
      members, count, method, settings, **options, **job.training)
  measured = measure.held_out_errors(
      trained, targets, config.points, config.stream, order)

  def row(member, metric, value, step=settings.steps):
    return rows.Row(
        task=member.function.name, method=method, metric=metric, value=value,
        n=count, seed=member.seed, step=step, settings=settings.varied(method))

  ends = [row(member, f"{config.stream}_{metric}", value)
          for member, values in zip(members, measured)
          for metric, value in values.items()]
  curves = [row(member, CURVE, record[CURVE][e], record["step"])
            for e, member in enumerate(members)
            for record in trained.history.records if CURVE in record]
  return run.Outcome(ends + curves)


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
    app.check_distinct(name, getattr(config, name))
  for method in regression_config.SECTION_4_1:
    app.check_distinct("settings", [
        rows.label(settings.varied(method)) for settings in config.settings])
  if min(config.sizes) < 1:
    raise errors.UserError(
        f"Every size must be >= 1, got {min(config.sizes)}.")
  if config.curve_every < 0 or config.curve_points < 1:
    raise errors.UserError(
        "curve_every must be >= 0 and curve_points >= 1, got "
        f"{config.curve_every} and {config.curve_points}.")
  if config.curve_every and config.stream == "validation":
    raise errors.UserError(
        "Learning curves are of validation points: beside them report test "
        "points.")
  for settings in config.settings:
    settings.check()
    if settings.targets == "standardised" and min(config.sizes) < 2:
      raise errors.UserError(
          "A single point has no spread to standardise its target by: use "
          "sizes of at least 2, or settings with raw targets.")
