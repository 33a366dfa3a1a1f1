"""Tables of records as sealed CSV files (`sobolev_tf.files`)."""

import csv
import io
from typing import Any, Dict, List, Mapping, Sequence

import numpy as np

from sobolev_tf import files


def records(**columns: Any) -> List[Dict[str, Any]]:
  """Columns, arrays `[N]`, as the records of a table (see `write`)."""
  lists = {name: np.asarray(column).tolist()
           for name, column in columns.items()}
  return [dict(zip(lists, record)) for record in zip(*lists.values())]


def write(path: files.Path, records: Sequence[Mapping[str, Any]]) -> None:
  """Writes records of the same fields as a sealed CSV file.

  Args:
    path: the file.
    records: at least one; floats are written so that they read back exactly.
  """
  stream = io.StringIO()
  writer = csv.DictWriter(stream, list(records[0]), lineterminator="\n")
  writer.writeheader()
  for record in records:
    writer.writerow({
        key: repr(float(value)) if isinstance(value, (float, np.floating))
        else value for key, value in record.items()})
  files.write_text(path, stream.getvalue())


def read(path: files.Path) -> List[Dict[str, str]]:
  """Reads a file of `write`; every value is text.

  Raises:
    UserError: if the file is missing or damaged.
  """
  return list(csv.DictReader(io.StringIO(files.read_text(path))))
