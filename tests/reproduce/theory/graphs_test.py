"""Figure 1: the traced graphs have the paper's structure."""

import pytest

from reproduce.theory import graphs

BATCH, INPUTS, OUTPUTS = 5, 4, 3


@pytest.fixture(scope="module")
def traced():
  return {"exact": graphs.exact(BATCH, INPUTS, OUTPUTS),
          "stochastic": graphs.stochastic(BATCH, INPUTS, OUTPUTS)}


def edges(graph):
  return {(edge.source, edge.target) for edge in graph.edges}


CHAINS = {(f"{a}", f"{b}") for f in "fm" for a, b in (
    ("x", f), (f, f"D1 {f}"), (f"D1 {f}", f"D2 {f}"),
    (f, "l0"), (f"D1 {f}", "l1"), (f"D2 {f}", "l2"))} | {
        (f"l{j}", "sum") for j in range(3)}


def test_exact_graph(traced):
  assert edges(traced["exact"]) == CHAINS


def test_stochastic_graph_adds_the_same_directions_to_both(traced):
  assert edges(traced["stochastic"]) == CHAINS | {
      (f"v{j}", f"D{j} {f}") for j in (1, 2) for f in "fm"}


@pytest.mark.parametrize("method", ["exact", "stochastic"])
def test_error_signal_reaches_the_model_only(traced, method):
  trains = {(e.source, e.target) for e in traced[method].edges if e.trains}
  assert trains == {
      ("m", "D1 m"), ("D1 m", "D2 m"), ("m", "l0"), ("D1 m", "l1"),
      ("D2 m", "l2"), ("l0", "sum"), ("l1", "sum"), ("l2", "sum")}


def test_sizes(traced):
  shapes = {method: {node.name: node.shape for node in graph.nodes}
            for method, graph in traced.items()}
  for method, second in (("exact", OUTPUTS * INPUTS**2),
                         ("stochastic", INPUTS)):
    assert shapes[method]["D2 m"] == f"[{BATCH}, {second}]"
    assert shapes[method]["m"] == f"[{BATCH}, {OUTPUTS}]"
    assert shapes[method]["l2"] == f"[{BATCH}]"
    assert shapes[method]["sum"] == "[]"
  assert shapes["stochastic"]["v1"] == f"[{BATCH}, {OUTPUTS}]"
  assert shapes["stochastic"]["v2"] == f"[{BATCH}, {INPUTS}]"


def test_every_node_but_x_computes_something(traced):
  for graph in traced.values():
    assert {node.name for node in graph.nodes if not node.operations} == {"x"}
