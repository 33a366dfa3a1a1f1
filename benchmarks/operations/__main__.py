"""Makes the table of operations.

  python -m benchmarks.operations

writes sobolev_tf/operations.csv. A run that was stopped goes on where it was.
"""

import csv
import pathlib
import sys

from absl import flags
import tensorflow as tf
import tqdm

from benchmarks.operations import cases, census, measure
from reproduce import app
from sobolev_tf import files, operations

_TABLE = pathlib.Path(operations.__file__).with_suffix(".csv")


def measure_all(folder: pathlib.Path) -> list[operations.Verdict]:
  """Measures every operation that there is a case for.

  Args:
    folder: keeps the rows measured so far.

  Returns:
    All rows, those of operations that are not run included.
  """
  known = cases.by_operation()
  partial = files.make_folder(folder) / f"operations-{tf.__version__}.csv"
  rows = {}
  if partial.exists():
    with partial.open(encoding="utf-8", newline="") as stream:
      rows = {line[0]: operations.Verdict(*line) for line in csv.reader(stream)
              if len(line) == len(operations.Verdict._fields)}
  with partial.open("a", encoding="utf-8", newline="") as stream:
    for op in tqdm.tqdm(sorted(known.keys() - rows), file=sys.stderr):
      rows[op] = measure.row(op, known[op])
      csv.writer(stream).writerow(rows[op])
      stream.flush()
  return [rows.get(op) or census.not_run(op)
          for op in sorted(rows.keys() | census.all_operations())]


def main() -> None:
  """Measures and writes the table."""
  folder = pathlib.Path(flags.FLAGS.output)
  if flags.FLAGS.overwrite:
    for partial in folder.glob("operations-*.csv"):
      partial.unlink()
  rows = measure_all(folder)
  _TABLE.write_text(operations.to_csv(tf.__version__, rows), encoding="utf-8")
  run = sum(bool(row.dtypes) for row in rows)
  print(f"{len(rows)} operations, {run} of them run: {_TABLE}")


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  flags.DEFINE_string("output", "runs/operations", "Folder for rows so far.")
  flags.DEFINE_bool("overwrite", False, "Measure all rows afresh.")


if __name__ == "__main__":
  app.run(define_flags, main)
