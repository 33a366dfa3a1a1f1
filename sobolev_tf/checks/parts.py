"""The layers of a model, each with what it was called with.

A layer is checked by itself at the inputs that the model gives it, so that an
error anywhere else does not reach it.
"""

import copy
from typing import (
  Any,
  Dict,
  Iterator,
  List,
  NamedTuple,
  Sequence,
  Tuple,
)

import tensorflow as tf

from sobolev_tf.checks import copies, differences, directional
from sobolev_tf.derivatives import gradients


class Part(NamedTuple):
  """A layer or submodule and its first call.

  Attributes:
    name: its path in a Keras model or its name scope.
    module: the layer or module.
    arguments: positional and named.
  """
  name: str
  module: Any
  arguments: Tuple[tuple, Dict[str, Any]]


def responsible(copy_: copies.Copy, x: tf.Tensor,
                order: int) -> List[Tuple[str, differences.Verdict]]:
  """The innermost layers that are wrong by themselves.

  Args:
    copy_: the model.
    x: points.
    order: up to which each layer's derivatives are checked.

  Returns:
    Names and the first verdict that is not right; nothing if every layer is
    right, or if the model has none.
  """
  found: Dict[int, Tuple[str, differences.Verdict]] = {}
  for part in reversed(record(copy_, x)):  # what is inside comes first
    if any(id(inner) in found for inner in _inside(part.module)):
      continue
    with gradients.right_gradients():  # as the tapes of this library have
      verdict = _check(part, order)
    if verdict is not None:
      found[id(part.module)] = part.name, verdict
  return list(found.values())[::-1]


def record(copy_: copies.Copy, x: tf.Tensor) -> List[Part]:
  """Runs a model once and keeps the first call of each of its layers.

  Args:
    copy_: the model.
    x: points.

  Returns:
    The parts, in the order of their calls.
  """
  parts: Dict[int, Part] = {}
  changed = []
  for module, name in _all(copy_.modules):
    method = "call" if hasattr(module, "call") else "__call__"
    if not hasattr(type(module), method):
      continue
    original = type(module)
    changed.append((module, original))
    object.__setattr__(module, "__class__", _recording(
        original, method, name, parts))
  try:
    copy_.function(x)
  finally:
    for module, original in changed:
      object.__setattr__(module, "__class__", original)
  return list(parts.values())


def _recording(cls: type, method: str, name: str,
               parts: Dict[int, Part]) -> type:
  """A class whose objects note down how they are called."""
  inner = getattr(cls, method)

  def call(self, *args, **kwargs):
    tensors = [t for t in tf.nest.flatten((args, kwargs)) if tf.is_tensor(t)]
    if all(hasattr(t, "numpy") for t in tensors):  # not inside of a graph
      parts.setdefault(id(self), Part(name, self, (args, kwargs)))
    return inner(self, *args, **kwargs)

  new = type.__new__(type(cls), cls.__name__, (cls,), {})
  type.__setattr__(new, method, call)
  return new


def _all(modules: Sequence[Any]) -> Iterator[Tuple[Any, str]]:
  seen = set()
  for root in modules:
    for module in [root, *_inside(root)]:
      if id(module) not in seen:
        seen.add(id(module))
        yield module, _name(module).removeprefix(f"{root.name}/")


def _inside(module: Any) -> List[Any]:
  """Layers, operations and modules that are part of another."""
  if hasattr(module, "_flatten_layers"):
    layers = list(module._flatten_layers(include_self=False))
    known = {id(layer) for layer in layers}
    return layers + [op for model in [module, *layers]
                     for op in getattr(model, "operations", ())
                     if id(op) not in known]
  return list(getattr(module, "submodules", ()))


def _name(module: Any) -> str:
  if hasattr(module, "name_scope") and not hasattr(module, "call"):
    return module.name_scope.name.rstrip("/")
  return getattr(module, "path", None) or module.name


def _check(part: Part, order: int):
  """The first verdict that is not right, or None."""
  args, kwargs = part.arguments
  flat = tf.nest.flatten((args, kwargs))
  places = [i for i, t in enumerate(flat)
            if tf.is_tensor(t) and t.dtype.is_floating]
  stateless, weights = _stateless(part)
  inputs = [flat[i] for i in places] + weights
  if not places:
    return None

  def function(tensors):
    filled = list(flat)
    for i, tensor in zip(places, tensors):
      filled[i] = tensor
    new_args, new_kwargs = tf.nest.pack_sequence_as((args, kwargs), filled)
    return [y for y in tf.nest.flatten(stateless(
        tensors[len(places):], *new_args, **new_kwargs))
        if tf.is_tensor(y) and y.dtype.is_floating]

  try:
    verdicts = directional.check(function, inputs, order)
  except Exception:  # a layer that cannot be called by itself
    return None
  bad = [v for v in verdicts
         if v.verdict in (differences.WRONG, differences.MISSING)]
  return bad[0] if bad else None


def _stateless(part: Part):
  """The call as a function of weights, too."""
  module = part.module
  if hasattr(module, "stateless_call"):
    fixed = [v.value for v in module.non_trainable_variables]
    return lambda weights, *args, **kwargs: module.stateless_call(
        weights, fixed, *args, **kwargs)[0], [
            tf.convert_to_tensor(v.value) for v in module.trainable_variables]
  if not isinstance(module, tf.Module):  # a Keras operation
    return lambda weights, *args, **kwargs: module.call(*args, **kwargs), []
  variables = tf.Module.trainable_variables.fget(module)  # may be none

  def call(weights, *args, **kwargs):
    # The copy reads tensors where the module has variables.
    memo: Dict[int, Any] = {id(v): w for v, w in zip(variables, weights)}
    return copy.deepcopy(module, memo)(*args, **kwargs)

  return call, [v.read_value() for v in variables]
