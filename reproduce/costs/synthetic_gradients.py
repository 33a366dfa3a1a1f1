"""What Table 1's methods cost: rows of `benchmarks.synthetic_gradients`."""

import json
import pathlib
from typing import Dict, List, NamedTuple, Sequence

from reproduce import markdown
from reproduce import rows as results
from reproduce.classification.table1 import TITLES
from sobolev_tf import files

ARTEFACT = "synthetic_gradients"
TIMED = "timed"  # the task of rows that were timed
TERAFLOPS = 10.  # assumed; about half of an A100's peak in float32


class Variant(NamedTuple):
  """A method, and what its SG modules learn from ("" if it has none)."""
  method: str
  targets: str

  @property
  def title(self) -> str:
    """As tables name it."""
    return TITLES[self.method] + (f", {self.targets}" if self.targets else "")


_FIRST = Variant("backpropagation", "")
_Counts = Dict[Variant, Dict[str, float]]


def paper_task(dataset: str, cuts: int) -> str:
  """The task of rows that count a paper preset."""
  return f"{dataset}-{cuts}"


def write(rows: Sequence[results.Row], source: pathlib.Path,
          folder: pathlib.Path) -> str:
  """Writes the section of the report.

  Args:
    rows: of one run.
    source: the run's folder, whose `run.json` names the machine.
    folder: where `section.md` goes.

  Returns:
    The section, in Markdown.
  """
  settings = json.loads(files.read_text(source / "run.json"))
  by_task: Dict[str, List[results.Row]] = {}
  for row in rows:
    by_task.setdefault(row.task, []).append(row)
  parts = [
      f"### Cost of a step; {settings['machine']}\n\n"
      f"Network `{settings['architecture']}`, {settings['cuts']} SG modules, "
      f"batches of {settings['batch_size']} images, gradients alone (no "
      "update). Multiply-adds are those of convolutions and matrix products "
      "per image, backward passes included; in parentheses, ratios to "
      "backpropagation.\n"]
  parts += [timed_table(_counts(by_task.pop(TIMED)))] if TIMED in by_task else (
      [])
  if by_task:
    parts.append(
        "\nThe paper presets, counted: parameters, and hours on a GPU that "
        f"sustains {TERAFLOPS:g} TFLOP/s (two operations per multiply-add; "
        "element-wise operations, input and diagnoses left out, so a lower "
        "estimate).\n")
    parts.append(hours_table(by_task))
  text = "\n".join(parts)
  (folder / "section.md").write_text(text, encoding="utf-8")
  return text


def _counts(rows: Sequence[results.Row]) -> _Counts:
  counts: _Counts = {}
  for row in rows:
    counts.setdefault(
        Variant(row.method, row.setting), {})[row.metric] = row.value
  return counts


def timed_table(counts: _Counts) -> str:
  """Multiply-adds, milliseconds and parameters by method."""
  def cell(variant, metric, scale, form):
    value, first = counts[variant][metric], counts[_FIRST][metric]
    return f"{form.format(scale * value)} ({value / first:.2f})"
  return markdown.table(
      ["method, targets", "million multiply-adds per image",
       "ms per step", "parameters of the network", "of the SG modules"],
      [[variant.title, cell(variant, "multiply_adds", 1e-6, "{:.1f}"),
        cell(variant, "seconds_per_step", 1e3, "{:.1f}"),
        f"{found['parameters']:,.0f}", f"{found['module_parameters']:,.0f}"]
       for variant, found in counts.items()])


def hours(rows: Sequence[results.Row]) -> Dict[Variant, float]:
  """Hours of one run on a GPU of `TERAFLOPS`, from its multiply-adds."""
  return {
      Variant(row.method, row.setting):
          2 * row.value * row.n * row.step / (TERAFLOPS * 1e12) / 3600
      for row in rows if row.metric == "multiply_adds"}


def hours_table(by_task: Dict[str, List[results.Row]]) -> str:
  """Parameters and GPU hours by method, a pair of columns per preset."""
  head, columns = ["method, targets"], []
  for task, rows in by_task.items():
    dataset, cuts = task.split("-")
    head.append(f"{dataset}, {cuts} SG module{'s'[:cuts != '1']}: parameters "
                "of network + SG modules; hours of one run")
    counts, needed = _counts(rows), hours(rows)
    columns.append({
        variant: f"{found['parameters']:,.0f} + "
                 f"{found['module_parameters']:,.0f}; {needed[variant]:.3g}"
        for variant, found in counts.items()})
  return markdown.table(head, [
      [variant.title, *(column.get(variant, "") for column in columns)]
      for variant in columns[0]])
