"""The sweeps over operations and over Keras layers as parts of a run.

A part is an operation or a layer, and its product a table of one record.
"""

import functools
import pathlib
from typing import Callable, Dict, Mapping, Sequence, Tuple

from absl import flags
import keras
import tensorflow as tf

from benchmarks.operations import (
    cases,
    census,
    layer_sweep,
    layers,
    measure,
    page,
)
from configs import benchmarks as config_lib
from reproduce import experiment, run
from sobolev_tf.derivatives import operations

_TABLE = pathlib.Path(operations.__file__).with_suffix(".csv")
# What is swept: a row of texts from a name, the names, and the columns.
_Sweep = Tuple[Callable[[str], Sequence[str]], Sequence[str], Sequence[str]]


def _operations() -> _Sweep:
  known = cases.by_operation()
  return (lambda op: measure.row(op, known[op]), sorted(known),
          operations.Verdict._fields)


def _layers() -> _Sweep:
  settings = layers.settings()
  return (lambda name: layer_sweep.row(name, settings[name], door=True),
          list(settings), layer_sweep.COLUMNS)


SWEEPS: Mapping[str, Callable[[], _Sweep]] = dict(
    zip(config_lib.SWEEPS, (_operations, _layers), strict=True))


def plan(preset: str) -> run.Plan:
  """A sweep as parts, one per operation or layer."""
  row, names, columns = SWEEPS[preset]()

  def compute(name: str, unused_job: run.Job) -> run.Outcome:
    return run.Outcome(
        [], {f"tables/{name}": [dict(zip(columns, row(name), strict=True))]})

  versions = {"tensorflow": tf.__version__, "keras": keras.__version__}
  return run.Plan("operations", preset, versions, [
      run.Part(name, functools.partial(compute, name), [f"tables/{name}"],
               rows=False) for name in names])


def write(results: experiment.Results) -> str:
  """The section of the report: where the tables are."""
  preset = results.settings["preset"]
  return (f"{len(SWEEPS[preset]()[1])} {preset} were swept: see "
          f"docs/{page.PAGE.name}.\n")


def store(results: experiment.Results) -> None:
  """Puts the table that was swept into its place, and writes the page."""
  preset = results.settings["preset"]
  _, names, columns = SWEEPS[preset]()
  found: Dict[str, Sequence[str]] = {}
  for name in names:
    record, = results.table(f"tables/{name}")
    found[name] = [record[column] for column in columns]
  if preset == "layers":
    page.write_layers(list(found.values()))
  else:
    _TABLE.write_text(operations.to_csv(tf.__version__, [
        found.get(op) or census.not_run(op)
        for op in sorted(found.keys() | census.all_operations())]),
        encoding="utf-8")
    operations.table.cache_clear()
  page.write()


EXPERIMENT = experiment.Experiment(
    "operations", config_lib.SWEEPS, lambda: plan(flags.FLAGS.preset),
    experiment.Section(
        "Which operations and layers have right derivatives",
        "Not in the paper.", write),
    default="operations", module="benchmarks.operations", finish=store,
    config="benchmarks")
