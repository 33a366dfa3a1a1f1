"""Figures 1 and 2 (left): the traced graphs and the hypotheses."""

import functools
from typing import Dict

import numpy as np

from configs import theory as config_lib
from reproduce.theory import graphs, outcome, three_pieces


def figure1(config: config_lib.Figure1, **unused) -> outcome.Outcome:
  """Traces both losses and reduces their graphs."""
  rows = []
  tables: Dict[str, outcome.Table] = {}
  for method in ("exact", "stochastic"):
    graph = getattr(graphs, method)(
        config.batch, config.inputs, config.outputs)
    tables[f"figure1_{method}_nodes"] = [n._asdict() for n in graph.nodes]
    tables[f"figure1_{method}_edges"] = [
        edge._asdict() | {"trains": int(edge.trains)} for edge in graph.edges]
    rows.append(outcome.row("figure1", method, "operations", sum(
        node.operations for node in graph.nodes)))
  return outcome.Outcome(rows, tables)


def figure2_left(config: config_lib.Figure2Left, **unused) -> outcome.Outcome:
  """Hypotheses that fit values, and the one that fits derivatives, too."""
  target, at = three_pieces.TARGET, three_pieces.POINTS
  x = np.linspace(three_pieces.LOW, three_pieces.HIGH, config.points)
  hypotheses = three_pieces.from_values(config.hypotheses, config.seed)
  only = three_pieces.from_values_and_derivatives()
  curves = {f"hypothesis_{i}": h(x) for i, h in enumerate(hypotheses)}
  stacked = np.stack(list(curves.values()))
  left, right = three_pieces.open_parameters()
  values, both = (functools.partial(outcome.row, "figure2_left", method)
                  for method in ("values", "values+derivatives"))
  return outcome.Outcome([
      values("open_parameters", left),
      values("largest_error_at_points", max(
          np.abs(h(at) - target(at)).max() for h in hypotheses)),
      values("largest_distance_from_target",
             np.abs(stacked - target(x)).max()),
      both("open_parameters", right),
      both("largest_distance_from_target",
           np.abs(only(x) - target(x)).max()),
  ], {
      "figure2_left_curves": outcome.table(
          x=x, target=target(x), only=only(x), **curves),
      "figure2_left_points": outcome.table(
          x=at, y=target(at), dy_dx=target.derivative(at)),
  })
