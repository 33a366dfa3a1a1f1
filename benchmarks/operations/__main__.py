"""Makes the tables of operations and of Keras layers, and their page.

  python -m benchmarks.operations            sobolev_tf/derivatives/operations.csv
  python -m benchmarks.operations --layers   results/operations/keras_layers.csv

Both write docs/operations.md. A run that was stopped goes on where it was.
"""

import csv
import pathlib
import sys
from typing import Callable, Dict, Iterable, List, Sequence

from absl import flags
import tensorflow as tf
import tqdm

from benchmarks.operations import (
    cases,
    census,
    layer_sweep,
    layers,
    measure,
    page,
)
from reproduce import app
from sobolev_tf import files
from sobolev_tf.derivatives import operations

_TABLE = pathlib.Path(operations.__file__).with_suffix(".csv")


def measure_all(partial: pathlib.Path, names: Iterable[str],
                row: Callable[[str], Sequence[str]]) -> Dict[str, List[str]]:
  """Measures what is not in a file yet and appends it.

  Args:
    partial: holds the rows measured so far.
    names: what to measure.
    row: measures one; its first column is the name.

  Returns:
    All rows by name.
  """
  rows: Dict[str, List[str]] = {}
  if partial.exists():
    with partial.open(encoding="utf-8", newline="") as stream:
      rows = {line[0]: line for line in csv.reader(stream) if line}
  with partial.open("a", encoding="utf-8", newline="") as stream:
    for name in tqdm.tqdm([n for n in names if n not in rows],
                          file=sys.stderr):
      rows[name] = list(row(name))
      csv.writer(stream).writerow(rows[name])
      stream.flush()
  return rows


def sweep_operations(partial: pathlib.Path) -> None:
  """Measures every operation that there is a case for."""
  known = cases.by_operation()
  rows = {op: operations.Verdict(*line) for op, line in measure_all(
      partial, sorted(known), lambda op: measure.row(op, known[op])).items()}
  _TABLE.write_text(operations.to_csv(tf.__version__, [
      rows.get(op) or census.not_run(op)
      for op in sorted(rows.keys() | census.all_operations())]),
      encoding="utf-8")


def sweep_layers(partial: pathlib.Path, door: bool) -> None:
  """Measures every layer of `layers`."""
  settings = layers.settings()
  rows = measure_all(partial, settings, lambda name: layer_sweep.row(
      name, settings[name], door))
  page.write_layers([rows[name] for name in settings if name in rows])


def main() -> None:
  """Measures, writes the table and the page."""
  folder = files.make_folder(flags.FLAGS.output)
  door = flags.FLAGS.sobolev_model
  kind = ("layers-door" if door else "layers") if (
      flags.FLAGS.layers) else "operations"
  partial = folder / f"{kind}-{tf.__version__}.csv"
  if flags.FLAGS.overwrite:
    partial.unlink(missing_ok=True)
  if flags.FLAGS.layers:
    sweep_layers(partial, door)
  else:
    sweep_operations(partial)
  page.write()
  print(f"The page is {page.PAGE}.")


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  flags.DEFINE_bool("layers", False, "Sweep Keras layers, not operations.")
  flags.DEFINE_bool(
      "sobolev_model", False, "With --layers: train by SobolevModel, too.")
  flags.DEFINE_string("output", "runs/operations", "Folder for rows so far.")
  flags.DEFINE_bool("overwrite", False, "Measure all rows afresh.")


if __name__ == "__main__":
  app.run(define_flags, main)
