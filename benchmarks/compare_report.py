"""Speed of this library and its peers: the figure and tables of `compare`."""

from typing import Dict, List, NamedTuple, Sequence

from matplotlib import figure

from benchmarks.peers import ours
from benchmarks.work import Algorithm
from reproduce import experiment, look, markdown
from reproduce import rows as rows_lib
from reproduce.regression import panels

_COMPARED = (  # a Sobolev and a regular step of ours, on equal terms
    (ours.FOUR._replace(compiler=ours.XLA),
     ours.REGULAR._replace(compiler=ours.XLA)),
    (ours.FOUR, ours.REGULAR), (ours.NESTED, ours.REGULAR))


class _Way(NamedTuple):
  """A library and how it does the work."""
  peer: str
  algorithm: Algorithm

  def __str__(self) -> str:
    return f"{self.peer}: {self.algorithm}"


class _Cell(NamedTuple):
  """Which measurement."""
  method: str
  way: _Way
  n: int
  members: int


class _Rows:
  """Measurements by cell and metric."""

  def __init__(self, rows: Sequence[rows_lib.Row]):
    self._values: Dict[_Cell, Dict[str, float]] = {}
    for row in rows:
      algorithm = Algorithm(row.settings["algorithm"], row.settings["compiler"])
      cell = _Cell(row.method, _Way(row.task, algorithm), row.n,
                   row.settings["members"])
      self._values.setdefault(cell, {})[row.metric] = row.value
    self.sizes = sorted({cell.n for cell in self._values})
    self.members = sorted({cell.members for cell in self._values})

  def ways(self, method: str, n: int) -> List[_Way]:
    """What was measured, in the order of the rows."""
    return list(dict.fromkeys(
        c.way for c in self._values if (c.method, c.n) == (method, n)))

  def get(self, cell: _Cell) -> Dict[str, float]:
    """The metrics of a cell; empty if it was not measured."""
    return self._values.get(cell, {})

  def seconds(self, cell: _Cell) -> float:
    """Per model-step; infinite if it was not measured."""
    return self.get(cell).get("seconds_per_model_step", float("inf"))


def write(results: experiment.Results) -> str:
  """Draws the figure and writes the section of the report."""
  settings = results.settings
  cells = _Rows(results.rows)
  look.save(draw(cells, settings["machine"]), results.folder / "speed.png")
  parts = [
      f"### {settings['machine']}; {', '.join(settings['peers'])}\n\n"
      "2-256-256-1 networks, minibatches of at most "
      f"{settings['batch_size']}; interleaved in one process, medians of "
      f"{settings['repeats']}. Equal losses were checked before timing, "
      "except for JENN's (float64), which begins Adam anew with every call. "
      "Shares are of the rate of the same batched products alone, counting "
      "only the products a step needs; memory is what the process grew by "
      "while stepping. Our large ensembles that XLA compiles train in turn, a "
      "part at a time; all others at once.\n\n![speed](speed.png)\n"]
  parts += [f"n = {n:,}:\n\n{table(cells, n)}" for n in cells.sizes]
  parts.append(ratios(cells))
  return "\n".join(parts)


def table(cells: _Rows, n: int) -> str:
  """Everything measured at one size."""
  body = []
  for method in panels.METHODS:
    for way in cells.ways(method, n):
      row = [f"{panels.LABELS[method]}, {way}"]
      for members in cells.members:
        found = cells.get(_Cell(method, way, n, members))
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
      pairs = [(_Cell("sobolev", _Way(ours.NAME, sobolev), n, members),
                _Cell("regular", _Way(ours.NAME, regular), n, members))
               for sobolev, regular in _COMPARED]
      row = [f"{n:,}", str(members)] + [
          f"{cells.seconds(sobolev) / cells.seconds(regular):.2f}"
          for sobolev, regular in pairs]
      best = pairs[0][0]
      peers = [way for way in cells.ways("sobolev", n)
               if way.peer != ours.NAME]
      for fast in (False, True):
        times = {way: cells.seconds(best._replace(way=way)) for way in peers
                 if (way.algorithm.name == ours.FOUR.name) == fast}
        first = min(times, key=times.__getitem__, default=None)
        row.append("none installed" if first is None else
                   f"{times[first] / cells.seconds(best):.2f} ({first})")
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
  for line, method in zip(axes, panels.METHODS):
    for axis, n in zip(line, cells.sizes):
      ways = cells.ways(method, n)
      peers = list(dict.fromkeys(way.peer for way in ways))
      for way in ways:
        found = {m: cells.seconds(cell) for m in cells.members
                 if cells.get(cell := _Cell(method, way, n, m))}
        style = [w for w in ways if w.peer == way.peer].index(way)
        (handles[f"{panels.LABELS[method]}, {way}"],) = axis.plot(
            list(found), [1 / s for s in found.values()],
            marker="o", markersize=4, color=f"C{peers.index(way.peer)}",
            linestyle=("-", "--", ":")[style % 3],
            linewidth=2.5 if way.peer == ours.NAME else 1.)
      axis.set(xscale="log", yscale="log",
               title=f"{panels.LABELS[method]}, n = {n:,}")
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
