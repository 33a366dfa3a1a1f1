"""What TensorFlow's operations are worth when differentiated again.

Sobolev Training differentiates every operation of a model at least twice, the
second time also with respect to the seed of the first (see
`sobolev_tf.checks.directional`). `operations.csv` holds what central
differences say about each operation of one version of TensorFlow;
`python -m benchmarks.operations` makes it again.
"""

import csv
import functools
import importlib.resources
import io
from typing import Dict, NamedTuple, Optional, Tuple

_FILE = "operations.csv"
_VERSION = "# TensorFlow "


class Verdict(NamedTuple):
  """A row of the table.

  Orders are "right", "wrong", "missing" (no gradient is registered, a
  `LookupError`), "none" (TensorFlow declares a constant), "undecided" or ""
  (not run: `note` says why, or an order below is missing).

  Attributes:
    op: the type of the operation, as `tf.Operation.type` has it.
    first: of the gradient.
    second: of the gradient's gradient, the path through its seed included.
    third: of the next order.
    at_zero: of all at inputs that contain zeros: "right", "first wrong",
      "second wrong", "third wrong", or "" where that is no smooth point.
    vectorised: of second derivatives by `tf.GradientTape.batch_jacobian`:
      "yes", "slow" (a loop), "fails", "wrong" (numbers) or "".
    xla: the highest order, of 0 to 2, that XLA compiles; "" if none.
    dtypes: the types in which the first two orders run, separated by blanks.
    note: what is wrong, or why it was not run.
  """
  op: str
  first: str = ""
  second: str = ""
  third: str = ""
  at_zero: str = ""
  vectorised: str = ""
  xla: str = ""
  dtypes: str = ""
  note: str = ""


def lookup(op_type: str) -> Optional[Verdict]:
  """The verdict on an operation.

  Args:
    op_type: such as "MatMul".

  Returns:
    Its row, or None if the table has none.
  """
  return table()[1].get(op_type)


def version() -> str:
  """The version of TensorFlow that the table is about."""
  return table()[0]


@functools.cache
def table() -> Tuple[str, Dict[str, Verdict]]:
  """The version of TensorFlow and all rows, by operation."""
  text = importlib.resources.files(__package__).joinpath(_FILE).read_text(
      encoding="utf-8")
  first, *lines = text.splitlines()
  return first.removeprefix(_VERSION), {
      row["op"]: Verdict(**row) for row in csv.DictReader(lines)}


def to_csv(tensorflow: str, rows) -> str:
  """The text of the table.

  Args:
    tensorflow: the version measured.
    rows: verdicts.

  Returns:
    A line with the version, a header, and a line per operation.
  """
  stream = io.StringIO()
  stream.write(f"{_VERSION}{tensorflow}\n")
  writer = csv.writer(stream, lineterminator="\n")
  writer.writerow(Verdict._fields)
  writer.writerows(sorted(rows))
  return stream.getvalue()
