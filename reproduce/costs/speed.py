"""Speed of this library and its peers, from the rows of `benchmarks.compare`.
"""

import json
import pathlib
from typing import Dict, List, NamedTuple, Sequence

from matplotlib import figure

from reproduce import markdown
from reproduce import rows as results
from reproduce.regression import panels as grid
from sobolev_tf import files

_OURS = "sobolev_tf"
_FAST = "four products"
_COMPARED = (  # a Sobolev and a regular step of ours, on equal terms
    ("four products, XLA", "backpropagation, XLA"),
    ("four products", "backpropagation"),
    ("nested tapes", "backpropagation"))


class _Cell(NamedTuple):
  """Which measurement."""
  method: str
  task: str
  n: int
  members: int


class _Rows:
  """Measurements by cell and metric."""

  def __init__(self, rows: Sequence[results.Row]):
    self._values: Dict[_Cell, Dict[str, float]] = {}
    for row in rows:
      cell = _Cell(row.method, row.task, row.n,
                   int(row.setting.removeprefix("members=")))
      self._values.setdefault(cell, {})[row.metric] = row.value
    self.sizes = sorted({cell.n for cell in self._values})
    self.members = sorted({cell.members for cell in self._values})

  def tasks(self, method: str, n: int) -> List[str]:
    """Who was measured, in the order of the rows."""
    return list(dict.fromkeys(
        c.task for c in self._values if (c.method, c.n) == (method, n)))

  def get(self, cell: _Cell) -> Dict[str, float]:
    """The metrics of a cell; empty if it was not measured."""
    return self._values.get(cell, {})

  def seconds(self, cell: _Cell) -> float:
    """Per model-step; infinite if it was not measured."""
    return self.get(cell).get("seconds_per_model_step", float("inf"))


def write(rows: Sequence[results.Row], source: pathlib.Path,
          folder: pathlib.Path) -> str:
  """Draws the figure and writes the section of the report.

  Args:
    rows: of one run.
    source: the run's folder, whose `run.json` names machine and versions.
    folder: where the figure and `section.md` go.

  Returns:
    The section, in Markdown.
  """
  settings = json.loads(files.read_text(source / "run.json"))
  cells = _Rows(rows)
  draw(cells, settings["machine"]).savefig(folder / "speed.png", dpi=110)
  parts = [
      f"### {settings['machine']}; {', '.join(settings['peers'])}\n\n"
      "2-256-256-1 networks, minibatches of at most "
      f"{settings['batch_size']}; interleaved in one process, medians of "
      f"{settings['repeats']}. Equal losses were checked before timing, "
      "except for JENN's (float64), which begins Adam anew with every call. "
      "Shares are of the rate of the same batched products alone, counting "
      "only the products a step needs; memory is what the process grew by "
      "while stepping.\n\n![speed](speed.png)\n"]
  parts += [f"n = {n:,}:\n\n{table(cells, n)}" for n in cells.sizes]
  parts.append(ratios(cells))
  text = "\n".join(parts)
  (folder / "section.md").write_text(text, encoding="utf-8")
  return text


def table(cells: _Rows, n: int) -> str:
  """Everything measured at one size."""
  body = []
  for method in grid.METHODS:
    for task in cells.tasks(method, n):
      row = [f"{grid.LABELS[method]}, {task}"]
      for members in cells.members:
        found = cells.get(_Cell(method, task, n, members))
        row.append(
            f"{1 / found['seconds_per_model_step']:,.0f} / "
            f"{found['gflops']:.0f} "
            f"({found['gflops'] / found['gflops_of_products_alone']:.0%}) / "
            f"{found['peak_mib']:.0f}" if found else "not run")
      body.append(row)
  return markdown.table(
      ["model-steps per s / GFLOP/s (share of products alone) / MiB",
       *(f"ensemble of {members}" for members in cells.members)], body)


def ratios(cells: _Rows) -> str:
  """Our step against a regular one and against the peers' fastest."""
  body = []
  for n in cells.sizes:
    for members in cells.members:
      pairs = [(_Cell("sobolev", f"{_OURS}: {sobolev}", n, members),
                _Cell("regular", f"{_OURS}: {regular}", n, members))
               for sobolev, regular in _COMPARED]
      row = [f"{n:,}", str(members)] + [
          f"{cells.seconds(sobolev) / cells.seconds(regular):.2f}"
          for sobolev, regular in pairs]
      ours = pairs[0][0]
      peers = [task for task in cells.tasks("sobolev", n)
               if not task.startswith(_OURS)]
      for fast in (False, True):
        times = {task: cells.seconds(ours._replace(task=task))
                 for task in peers if (_FAST in task) == fast}
        best = min(times, key=times.__getitem__, default="")
        row.append(f"{times[best] / cells.seconds(ours):.2f} ({best})"
                   if best else "none installed")
      body.append(row)
  return markdown.table(
      ["n", "ensemble", "our Sobolev / regular step, XLA", "no XLA",
       "nested tapes, no XLA",
       "fastest peer with its own autodiff / ours",
       "fastest peer with four products / ours"], body)


def draw(cells: _Rows, title: str) -> figure.Figure:
  """Model-steps per second by size of the ensemble; a panel per n, method."""
  drawing = figure.Figure(
      figsize=(3.6 * len(cells.sizes) + .6, 6.4), layout="constrained")
  axes = drawing.subplots(2, len(cells.sizes), squeeze=False, sharex=True)
  handles = {}
  for line, method in zip(axes, grid.METHODS):
    for axis, n in zip(line, cells.sizes):
      tasks = cells.tasks(method, n)
      peers = list(dict.fromkeys(task.split(":")[0] for task in tasks))
      for task in tasks:
        found = {m: cells.seconds(cell) for m in cells.members
                 if cells.get(cell := _Cell(method, task, n, m))}
        peer = task.split(":")[0]
        style = [t for t in tasks if t.split(":")[0] == peer].index(task)
        (handles[f"{grid.LABELS[method]}, {task}"],) = axis.plot(
            list(found), [1 / s for s in found.values()],
            marker="o", markersize=4, color=f"C{peers.index(peer)}",
            linestyle=("-", "--", ":")[style % 3],
            linewidth=2.5 if task.startswith(_OURS) else 1.)
      axis.set(xscale="log", yscale="log",
               title=f"{grid.LABELS[method]}, n = {n:,}")
      axis.set_xticks(cells.members, [str(m) for m in cells.members])
      axis.grid(alpha=.3)
  for axis in axes[:, 0]:
    axis.set_ylabel("model-steps per second")
  for axis in axes[-1]:
    axis.set_xlabel("size of the ensemble")
  drawing.legend(handles.values(), handles, loc="outside lower center",
                 ncols=3, frameon=False, fontsize=8)
  drawing.suptitle(title, fontsize=10)
  return drawing
