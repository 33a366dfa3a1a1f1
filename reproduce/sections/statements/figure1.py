"""Figure 1: the two compute graphs, drawn from the traced operations."""

import pathlib
from typing import Dict, List, Sequence

from reproduce.sections.statements import common
from sobolev_tf import results

_METHODS = {"exact": "a) exact", "stochastic": "b) stochastic"}
_LABELS = {
    "x": "$x$", "f": "$f$", "m": "$m$", "v1": "$v_1$", "v2": "$v_2$",
    "l0": r"$\ell$", "l1": r"$\ell_1$", "l2": r"$\ell_2$", "sum": "loss"}
_DERIVATIVES = {
    "exact": {"D1": r"$D_x {0}$", "D2": r"$D_x^2 {0}$"},
    "stochastic": {
        "D1": r"$D_x\langle {0}, v_1\rangle$",
        "D2": r"$D_x\langle D_x\langle {0}, v_1\rangle, v_2\rangle$"}}
_COLUMNS = {"f": 0., "m": 1.25, "l": 2.25, "s": 3.1, "x": .62, "v": .62}
_ROWS = {"f": 0., "m": 0., "D1": 1., "D2": 2., "l0": .4, "l1": 1.4, "l2": 2.4,
         "sum": 1.4, "x": -.9, "v1": .55, "v2": 1.55}


def write(rows: Sequence[results.Row], tables: pathlib.Path,
          folder: pathlib.Path) -> str:
  """Draws Figure 1; arguments as `reproduce.sections.theory.write`."""
  drawing, axes = common.canvas(11.5, 5., 2)
  shapes = {}
  for axis, (method, title) in zip(axes, _METHODS.items()):
    nodes, edges = (
        results.read_table(tables / f"figure1_{method}_{what}.csv")
        for what in ("nodes", "edges"))
    shapes[method] = {node["name"]: node["shape"] for node in nodes}
    _draw(axis, method, nodes, edges)
    axis.set_title(title, fontsize=10)
  drawing.savefig(folder / "figure1.png", dpi=common.DPI)
  counts = {method: common.values(rows, method=method)[0]
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
      "floating-point operations in it. Green: supervised. Solid: an "
      "error signal flows back to the model's weights; dashed: none does. "
      f"In all {counts['exact']:.0f} operations exact, "
      f"{counts['stochastic']:.0f} stochastic; the second derivative is "
      f"{shapes['exact']['D2 m']} exact and "
      f"{shapes['stochastic']['D2 m']} stochastic. "
      "One difference from the paper's drawing: the inner product with v_j "
      "is never formed, v_j is the seed of a vector-Jacobian product.\n")


def _draw(axis, method: str, nodes: List[Dict[str, str]],
          edges: List[Dict[str, str]]) -> None:
  places = {node["name"]: _place(node["name"]) for node in nodes}
  supervised = {edge["source"] for edge in edges
                if edge["target"].startswith("l") and edge["trains"] == "1"}
  for edge in edges:
    trains = edge["trains"] == "1"
    axis.annotate(
        "", places[edge["target"]], places[edge["source"]], arrowprops={
            "arrowstyle": "-|>", "linestyle": "-" if trains else (0, (4, 3)),
            "color": common.TARGET if trains else common.GREY,
            "linewidth": 1.5 if trains else 1., "shrinkA": 17, "shrinkB": 19})
  for node in nodes:
    name = node["name"]
    if " " in name:
      order, of = name.split()
      label = _DERIVATIVES[method][order].replace("{0}", of)
    else:
      label = _LABELS[name]
    under = node["shape"] if node["operations"] == "0" else (
        f"{node['shape']} · {node['operations']}")
    function = name in ("f", "m")
    axis.text(
        *places[name], f"{label}\n", ha="center", va="center", fontsize=11,
        color="none", linespacing=1.3, bbox={
            "boxstyle": "darrow,pad=.1" if function else "round,pad=.25",
            "facecolor": "#cfe8cf" if name in supervised else "white",
            "edgecolor": common.TARGET, "linewidth": 1.})
    x, y = places[name]
    axis.text(x, y + .07, label, ha="center", va="center", fontsize=10)
    axis.text(x, y - .14, under, ha="center", va="center", fontsize=6.5,
              color="#555555")
  axis.set_xlim(-.55, 3.5)
  axis.set_ylim(-1.25, 2.8)
  axis.set_axis_off()


def _place(name: str):
  row = name.split()[0]
  column = name.split()[-1][0]
  return _COLUMNS[column], _ROWS[row]
