"""Writes docs/operations.md from the tables."""

import collections
import csv
import io
import pathlib
from typing import Dict, List, Sequence

import keras
import tensorflow as tf

from benchmarks.operations import layer_sweep
from reproduce import markdown
from sobolev_tf.derivatives import operations

_ROOT = pathlib.Path(__file__).parents[2]
PAGE = _ROOT / "docs" / "operations.md"
LAYERS = _ROOT / "results" / "operations" / "keras_layers.csv"


def write_layers(rows: Sequence[Sequence[str]]) -> None:
  """Writes the table of layers.

  Args:
    rows: with `layer_sweep.COLUMNS`.
  """
  stream = io.StringIO()
  stream.write(f"# TensorFlow {tf.__version__}, Keras {keras.__version__}\n")
  writer = csv.writer(stream, lineterminator="\n")
  writer.writerow(layer_sweep.COLUMNS)
  writer.writerows(rows)
  LAYERS.parent.mkdir(parents=True, exist_ok=True)
  LAYERS.write_text(stream.getvalue(), encoding="utf-8")


def read_layers() -> tuple[str, List[Dict[str, str]]]:
  """The versions measured, and the rows by column."""
  first, *lines = LAYERS.read_text(encoding="utf-8").splitlines()
  return first.removeprefix("# "), list(csv.DictReader(lines))


def write() -> None:
  """Writes the page."""
  PAGE.parent.mkdir(parents=True, exist_ok=True)
  PAGE.write_text(text(), encoding="utf-8")


def text() -> str:
  """The page."""
  rows = list(operations.table()[1].values())
  run = [row for row in rows if row.dtypes]
  return "\n".join([
      _INTRODUCTION.format(tensorflow=operations.version(), all=len(rows),
                           run=len(run)),
      _counts(run), _layers(), _bad_operations(run), _special(run),
      _all_operations(rows)])


_INTRODUCTION = """\
# Which operations and layers can be trained in the Sobolev sense

<!-- Written by python -m benchmarks.operations; do not edit. -->

Sobolev Training differentiates a model by its input and the result by the
weights, so every operation is differentiated at least twice, the second time
also with respect to the seed of the first. This page says which of
TensorFlow {tensorflow}'s operations and Keras's layers come out right.

**How it was measured.** For each operation f at random points, with
s_0 = <v, f(x)>, s_1 = <D_x s_0, u_1> and s_k = <D_(x, v) s_(k-1), u_k> for
fixed random u, order k is *right* if the tapes' s_k agrees with five-point
central differences of s_(k-1) to 1e-6 in float64 (2e-2 in float32 where there
is no float64 kernel or it computes in float32). *Missing*: no gradient is
registered, or it raises. *None*: TensorFlow declares a constant. *At zero* is
the same where inputs contain zeros, if the function is smooth there.
*Vectorised* is what `batch_jacobian` does: yes, slow (a loop), fails or wrong
(numbers). *XLA* is the highest order that compiles. All on a CPU; an operation
that only a GPU or XLA has is not run.

    python -m benchmarks.operations --jobs=2
    python -m benchmarks.operations --preset=layers --jobs=2

{all} operations take and return floating-point numbers or have a gradient;
{run} of them were run, and the last section says why the others were not.
`sobolev_tf.derivatives.operations.lookup("MatMul")` gives a row;
`check_derivatives` checks a whole model.
"""


def _counts(run: Sequence[operations.Verdict]) -> str:
  lines = []
  for order in ("first", "second", "third"):
    count = collections.Counter(getattr(row, order) for row in run)
    lines.append([order] + [str(count[name]) for name in _VERDICTS] + [
        str(count[""])])
  vectorised = collections.Counter(row.vectorised for row in run)
  xla = collections.Counter(row.xla for row in run)
  return markdown.table(["order", *_VERDICTS, "an order below is missing"],
                        lines) + (
      f"\n`batch_jacobian` vectorises {vectorised['yes']}, loops over "
      f"{vectorised['slow']}, fails on {vectorised['fails']} and is wrong on "
      f"{vectorised['wrong']}. XLA compiles {xla['2']} to order 2, {xla['1']} "
      f"to order 1, {xla['0']} without derivatives and {xla['']} not at all.\n")


_VERDICTS = ("right", "wrong", "missing", "none", "undecided")


def _layers() -> str:
  if not LAYERS.exists():
    return ""
  versions, rows = read_layers()
  columns = [c for c in layer_sweep.COLUMNS if any(row[c] for row in rows)]
  cells = [row[c] for row in rows for c in columns[1:] if c != "note"]
  count = collections.Counter(cells)
  return (
      f"## Keras layers\n\n{versions}, float64. Dense, the layer, tanh, Dense "
      "to one output; the gradient of a Sobolev loss by all weights against "
      "differences, after the derivatives themselves. *Order 2* takes whole "
      "Hessians by `batch_jacobian`, *stochastic* one random projection of "
      "them. By TensorFlow's tapes alone, except for *SobolevModel*. "
      f"{len(rows)} layers, {len(cells)} cells: " +
      ", ".join(f"{n} {name}" for name, n in count.most_common()) + ".\n\n" +
      markdown.table(columns, [[row[c] for c in columns] for row in rows]))


def _bad_operations(run: Sequence[operations.Verdict]) -> str:
  bad = [row for row in run
         if {row.first, row.second} & {"wrong", "missing", "undecided"}]
  return ("## Operations that are wrong or missing at order 1 or 2\n\n" +
          markdown.table(
              ["operation", "first", "second", "third", "why"],
              [[row.op, row.first, row.second, row.third,
                row.note.replace("|", "/")] for row in sorted(bad)]))


def _special(run: Sequence[operations.Verdict]) -> str:
  bad = [row for row in run if "wrong" in row.at_zero and
         row.first == row.second == "right" and "wrong" not in row.third]
  slow = [row.op for row in run if row.vectorised not in ("yes", "")]
  return ("## Right, but not at zeros\n\n" + markdown.table(
      ["operation", "where inputs contain zeros"],
      [[row.op, row.at_zero] for row in sorted(bad)]) +
      "\n## Not vectorised by `batch_jacobian`\n\n" + ", ".join(slow) + ".\n")


def _all_operations(rows: Sequence[operations.Verdict]) -> str:
  run = [row for row in rows if row.dtypes]
  reasons: Dict[str, List[str]] = collections.defaultdict(list)
  for row in rows:
    if not row.dtypes:
      reasons[row.note.removeprefix("not run: ")].append(row.op)
  return ("## All operations that were run\n\n" + markdown.table(
      ["operation", "first", "second", "third", "at zero", "vectorised", "XLA",
       "types"],
      [[row.op, row.first, row.second, row.third, row.at_zero, row.vectorised,
        row.xla, row.dtypes] for row in sorted(run)]) +
      "\n## Not run\n\n" + "".join(
          f"- {reason} ({len(ops)}): {', '.join(sorted(ops))}.\n"
          for reason, ops in sorted(reasons.items())))
