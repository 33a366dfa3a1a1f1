"""Figure 1: the compute graph of a Sobolev loss, taken from its operations.

Figure 1 of https://arxiv.org/abs/1706.04859 draws Sobolev Training of order 2,
exact (a) and stochastic (b). Here the losses of this library are traced by
TensorFlow, and every traced operation on the way to the loss is assigned to
the first of these nodes that it is computed for:

  x; f, m (what is called as target and model); v_1, v_2 (random directions);
  the derivatives of f, those of m; l, l_1, l_2; the sum.

An edge means that an operation of one node reads a floating-point result of
the other's; edges that a longer path implies are left out.
"""

import functools
from typing import Callable, Dict, List, NamedTuple, Set, Tuple

import sonnet as snt
import tensorflow as tf

from sobolev_tf import losses, targets

_ORDER = 2  # paper Figure 1
_STORED = ("Const", "Placeholder", "ReadVariableOp")  # computes nothing


class Node(NamedTuple):
  """A node of the reduced graph.

  Attributes:
    name: such as "D1 m", the first derivative of the model.
    operations: traced operations it stands for.
    shape: of its result, such as "[8, 3, 4]"; the batch first.
  """
  name: str
  operations: int
  shape: str


class Edge(NamedTuple):
  """An edge of the reduced graph.

  Attributes:
    source: name of the node it comes from.
    target: name of the node that reads it.
    trains: whether an error signal flows back along it to the model.
  """
  source: str
  target: str
  trains: bool


class Graph(NamedTuple):
  """A reduced graph: nodes in the order of computation, and edges."""
  nodes: Tuple[Node, ...]
  edges: Tuple[Edge, ...]


def exact(batch: int, inputs: int, outputs: int) -> Graph:
  """The graph of `SobolevLoss(order=2)` (Figure 1a)."""
  def build(model, target, x, compare):
    loss = losses.SobolevLoss(_ORDER, compare)
    return loss(model, x, targets.from_function(target, x, _ORDER))
  return _trace(build, batch, inputs, outputs)


def stochastic(batch: int, inputs: int, outputs: int) -> Graph:
  """The graph of `StochasticSobolevLoss(order=2)` (Figure 1b)."""
  def build(model, target, x, compare):
    loss = losses.StochasticSobolevLoss(_ORDER, compare)
    return loss(model, x, target, seed=[0, 0])
  return _trace(build, batch, inputs, outputs)


def _trace(build: Callable, batch: int, inputs: int, outputs: int) -> Graph:
  """Traces a loss between small tanh networks and reduces its graph."""
  networks = {name: snt.nets.MLP([5, outputs], activation=tf.tanh)
              for name in ("m", "f")}
  for network in networks.values():
    network(tf.zeros([1, inputs]))
  ends: Dict[str, tf.Tensor] = {}  # node -> its last tensor
  calls: Dict[str, Set[str]] = {}  # "m", "f" -> names of their operations

  def recorded(name, graph):
    def call(x):
      if tf.compat.v1.get_default_graph() is not graph:
        return networks[name](x)  # a trace inside the trace
      before = len(graph.get_operations())
      ends[name] = networks[name](x)
      calls[name] = {op.name for op in graph.get_operations()[before:]}
      return ends[name]
    return call

  def compare(order, target, prediction, weight):
    for name, tensor in (("f", target), ("m", prediction)):
      if order:
        ends[f"D{order} {name}"] = tensor
    return losses.squared_error(target, prediction, weight)

  @tf.function
  def loss(x):
    graph = tf.compat.v1.get_default_graph()
    terms = build(recorded("m", graph), recorded("f", graph), x, [
        functools.partial(compare, order) for order in range(_ORDER + 1)])
    for order, term in enumerate(terms.orders):
      ends[f"l{order}"] = term
    ends["sum"] = terms.reduce()
    return ends["sum"]

  graph = loss.get_concrete_function(
      tf.TensorSpec([batch, inputs], tf.float32)).graph
  return _reduce(graph.inputs[0], ends, calls)


def _reduce(x: tf.Tensor, ends: Dict[str, tf.Tensor],
            calls: Dict[str, Set[str]]) -> Graph:
  operations = _ancestors(ends["sum"])
  node_of = {x.op.name: "x"}
  for name in ("f", "m"):
    node_of |= dict.fromkeys(calls[name], name)
  ends = {"x": x} | ends
  for name, op in _directions(operations, set(node_of)).items():
    for drawn in op:
      node_of[drawn.name] = name
      ends.setdefault(name, drawn.outputs[0])
  derivatives = [f"D{j} {f}" for f in "fm" for j in range(1, _ORDER + 1)]
  for name in derivatives + [f"l{j}" for j in range(_ORDER + 1)] + ["sum"]:
    for op in _ancestors(ends[name]):
      node_of.setdefault(op.name, name)
  trained = _trained(operations, calls["m"])
  edges: Dict[Tuple[str, str], bool] = {}
  for op in operations:
    for source in _sources(op):
      ends_of = node_of[source.name], node_of[op.name]
      if ends_of[0] != ends_of[1] and source.type != "Const":
        edges[ends_of] = edges.get(ends_of, False) or source.name in trained
  names = list(dict.fromkeys(node_of[op.name] for op in operations))
  return Graph(
      tuple(Node(name, sum(node_of[op.name] == name and op.type not in _STORED
                           for op in operations),
                 str(ends[name].shape.as_list())) for name in names),
      tuple(Edge(*pair, trains) for pair, trains in edges.items()
            if not _implied(pair, set(edges))))


def _sources(op: tf.Operation) -> List[tf.Operation]:
  """The operations whose floating-point results an operation reads."""
  return [t.op for t in op.inputs if t.dtype.is_floating]


def _ancestors(tensor: tf.Tensor) -> List[tf.Operation]:
  """What a tensor is computed by, itself included, in order of creation."""
  found: Dict[str, tf.Operation] = {}
  waiting = [tensor.op]
  while waiting:
    op = waiting.pop()
    if op.name not in found:
      found[op.name] = op
      waiting.extend(_sources(op))
  order = {op.name: i for i, op in enumerate(tensor.graph.get_operations())}
  return sorted(found.values(), key=lambda op: order[op.name])


def _directions(operations: List[tf.Operation], functions: Set[str]
                ) -> Dict[str, List[tf.Operation]]:
  """What draws v_1, v_2: operations that depend on random numbers alone.

  A direction is drawn once for f and once for m, from one seed: one node.
  """
  seed_of: Dict[str, str] = {}  # operation -> the seed it depends on
  inside = set(functions)
  for op in operations:
    sources = _sources(op)
    if op.name in inside or any(s.name in inside for s in sources):
      inside.add(op.name)
    elif op.type.startswith("StatelessRandom"):
      seed_of[op.name] = op.inputs[1].op.inputs[0].name  # through its key
    else:
      seeds = {seed_of[s.name] for s in sources if s.name in seed_of}
      if seeds:
        seed_of[op.name], = seeds
  names = {seed: f"v{i}" for i, seed in enumerate(
      dict.fromkeys(seed_of.values()), start=1)}
  found: Dict[str, List[tf.Operation]] = {}
  for op in reversed(operations):  # the direction itself first
    if op.name in seed_of:
      found.setdefault(names[seed_of[op.name]], []).append(op)
  return found


def _trained(operations: List[tf.Operation], model: Set[str]) -> Set[str]:
  """Names of the operations through which an error reaches the model."""
  found = set()
  for op in operations:
    if op.type != "StopGradient" and (
        op.name in model and op.type == "ReadVariableOp" or
        any(source.name in found for source in _sources(op))):
      found.add(op.name)
  return found


def _implied(pair: Tuple[str, str], edges: Set[Tuple[str, str]]) -> bool:
  """Whether a longer path leads from one node to the other."""
  reached = {target for source, target in edges - {pair} if source == pair[0]}
  while True:
    more = reached | {t for s, t in edges if s in reached}
    if more == reached:
      return pair[1] in reached
    reached = more
