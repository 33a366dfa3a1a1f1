"""Figure 1: the two compute graphs, traced and drawn.

Section 2 of https://arxiv.org/abs/1706.04859; `graphs` traces them.
"""

import functools
from typing import Dict, List, Tuple

from matplotlib import patches

from configs import theory as config_lib
from reproduce import experiment, look, run
from reproduce import rows as rows_lib
from reproduce.theory import graphs

_METHODS = {"exact": "a) exact", "stochastic": "b) stochastic"}
_LABELS = {
    "x": "$x$", "f": "$f$", "m": "$m$", "v1": "$v_1$", "v2": "$v_2$",
    "l0": r"$\ell$", "l1": r"$\ell_1$", "l2": r"$\ell_2$", "sum": "loss"}
_DERIVATIVES = {
    "exact": {"D1": r"$D_x {0}$", "D2": r"$D_x^2 {0}$"},
    "stochastic": {
        "D1": r"$D_x\langle {0}, v_1\rangle$",
        "D2": r"$D_x\langle D_x\langle {0}, v_1\rangle, v_2\rangle$"}}
_COLUMNS = {"f": 0., "m": 1.75, "l": 2.95, "s": 3.75, "x": .87, "v": .87}
_ROWS = {"f": 0., "m": 0., "D1": 1., "D2": 2., "l0": .55, "l1": 1.55,
         "l2": 2.55, "sum": 1.55, "x": -.75, "v1": .52, "v2": 1.52}
_HEIGHT = .46
_WIDTHS = {"exact": {"D1": .7, "D2": .7},
           "stochastic": {"D1": .85, "D2": 1.3}}


def parts(config: config_lib.Figure1) -> List[run.Part]:
  """The traces of both losses."""
  return [run.Part("figure1", functools.partial(_compute, config), [
      _table(method, what) for method in _METHODS
      for what in ("nodes", "edges")])]


def _table(method: str, what: str) -> str:
  return f"tables/figure1_{method}_{what}"


def _compute(config: config_lib.Figure1, unused_job: run.Job) -> run.Outcome:
  """Traces both losses and reduces their graphs."""
  rows: List[rows_lib.Row] = []
  tables: Dict[str, run.Table] = {}
  for method in _METHODS:
    graph = getattr(graphs, method)(
        config.batch, config.inputs, config.outputs)
    tables[_table(method, "nodes")] = [n._asdict() for n in graph.nodes]
    tables[_table(method, "edges")] = [
        edge._asdict() | {"trains": int(edge.trains)} for edge in graph.edges]
    rows.append(rows_lib.Row("figure1", method, "operations", sum(
        node.operations for node in graph.nodes)))
  return run.Outcome(rows, tables)


def write(results: experiment.Results) -> str:
  """Draws Figure 1."""
  drawing, axes = look.canvas(11.5, 5., 2)
  shapes = {}
  for axis, (method, title) in zip(axes, _METHODS.items()):
    nodes, edges = (
        results.table(_table(method, what)) for what in ("nodes", "edges"))
    shapes[method] = {node["name"]: node["shape"] for node in nodes}
    _draw(axis, method, nodes, edges)
    axis.set_title(title, fontsize=10)
  look.save(drawing, results.folder / "figure1.png")
  counts = {method: rows_lib.values(results.rows, method=method)[0]
            for method in _METHODS}
  return (
      "### Figure 1: the compute graphs of order 2\n\n"
      "![Figure 1](figure1.png)\n\n"
      "Not a sketch: `SobolevLoss(order=2)` and "
      "`StochasticSobolevLoss(order=2)` are traced by TensorFlow, each "
      "traced operation is assigned to the node it is first computed for, "
      "and edges are the tensors that pass between nodes (those that a longer "
      "path implies are left out). Under each node: the shape of its result, "
      "batch first, as the losses compare it (flattened), and the number of "
      "graph operations in it, each counted once whatever its size. Green: "
      "supervised. Solid: an error signal flows back to the model's weights; "
      "dashed: none does. "
      f"In all {counts['exact']:.0f} graph operations exact, "
      f"{counts['stochastic']:.0f} stochastic; the second derivative is "
      f"{shapes['exact']['D2 m']} exact and "
      f"{shapes['stochastic']['D2 m']} stochastic. "
      "One difference from the paper's drawing: the inner product with v_j "
      "is never formed, v_j is the seed of a vector-Jacobian product. A "
      "direction is computed twice from one random seed, for f and for m.\n")


def _draw(axis, method: str, nodes: List[Dict[str, str]],
          edges: List[Dict[str, str]]) -> None:
  supervised = {edge["source"] for edge in edges
                if edge["target"].startswith("l") and edge["trains"] == "1"}
  drawn = {}
  for node in nodes:
    name, (x, y) = node["name"], _place(node["name"])
    label = _label(method, name)
    outline = _outline(name, x, y, _WIDTHS[method].get(name[:2], .5))
    outline.set(facecolor="#cfe8cf" if name in supervised else "white",
                edgecolor=look.BLACK, zorder=2)
    drawn[name] = axis.add_patch(outline)
    axis.text(x, y + .06, label, ha="center", va="center", fontsize=9.5)
    axis.text(x, y - .13, node["shape"] + (
        "" if node["operations"] == "0" else f" · {node['operations']}"),
              ha="center", va="center", fontsize=6.5, color="#555555")
  for edge in edges:
    trains = edge["trains"] == "1"
    axis.add_patch(patches.FancyArrowPatch(
        _place(edge["source"]), _place(edge["target"]),
        patchA=drawn[edge["source"]], patchB=drawn[edge["target"]],
        shrinkA=1, shrinkB=1, arrowstyle="-|>", mutation_scale=10, zorder=1,
        linestyle="-" if trains else (0, (4, 3)),
        color=look.BLACK if trains else look.GREY,
        linewidth=1.5 if trains else 1.))
  axis.set_xlim(-.75, 4.1)
  axis.set_ylim(-1.05, 2.85)
  axis.set_axis_off()


def _label(method: str, name: str) -> str:
  if " " not in name:
    return _LABELS[name]
  order, of = name.split()
  return _DERIVATIVES[method][order].replace("{0}", of)


def _outline(name: str, x: float, y: float, width: float) -> patches.Patch:
  """A diamond for a function, as in the paper, else a box."""
  if name in ("f", "m"):
    return patches.Polygon(
        [(x - .5, y), (x, y - .4), (x + .5, y), (x, y + .4)])
  return patches.FancyBboxPatch(
      (x - width / 2, y - _HEIGHT / 2), width, _HEIGHT,
      boxstyle="round,pad=0,rounding_size=.06")


def _place(name: str) -> Tuple[float, float]:
  row = name.split()[0]
  column = name.split()[-1][0]
  return _COLUMNS[column], _ROWS[row]
