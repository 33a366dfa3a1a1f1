"""Copies of models that may be cast and moved.

Central differences need float64 and weights that move. A copy gives both
without touching the user's model: a Keras model is cloned layer by layer, a
Sonnet module copied with its variables replaced, and a plain function is built
again around copies of what it closes over.
"""

import copy as copy_lib
import sys
import types
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

import numpy as np
import tensorflow as tf

from sobolev_tf.derivatives import memory


class Copy(NamedTuple):
  """A model ready to be checked.

  Attributes:
    function: maps points to outputs.
    modules: the Keras models and layers and the modules that it is made of.
  """
  function: Callable[[tf.Tensor], tf.Tensor]
  modules: Tuple[Any, ...]


def cast(model: Any, x: tf.Tensor) -> Tuple[Copy, tf.Tensor]:
  """The most precise copy that computes what the model does.

  Args:
    model: a function, module or Keras model.
    x: points `[B, *event]`.

  Returns:
    The copy and the points in its type: float64, or the type of `x` where the
    model cannot be cast; the model itself where it cannot be copied at all.
  """
  y = model(x)
  for dtype in dict.fromkeys((tf.float64, x.dtype)):
    points = tf.cast(x, dtype)
    try:
      modules: List[Any] = []
      function = _copy(model, _Memo(x.dtype, dtype, modules))
      found = function(points)
      if found.dtype == dtype and np.allclose(
          tf.cast(found, tf.float64), tf.cast(y, tf.float64), rtol=1e-2,
          atol=1e-3 * float(tf.reduce_max(tf.abs(y)))):
        return Copy(function, tuple(modules)), points
    except Exception:  # whatever a model that is not made for it raises
      continue
  return Copy(model, tuple(_modules_of(model))), x


class _Memo(dict):
  """What was copied already, by identity, as `copy.deepcopy` has it.

  Attributes:
    old: the floating-point type that is replaced ...
    new: ... and by which.
    modules: collects the copies of modules and layers.
  """

  def __init__(self, old: tf.DType, new: tf.DType, modules: List[Any]):
    super().__init__({id(old): new})  # a module may hold its type
    self.old, self.new, self.modules = old, new, modules
    self.functions: Dict[int, Any] = {}


def _is_keras(value: Any) -> bool:
  keras = sys.modules.get("keras")
  return keras is not None and isinstance(value, keras.layers.Layer)


def _modules_of(value: Any) -> List[Any]:
  return [value] if _is_keras(value) or isinstance(value, tf.Module) else []


def _copy(value: Any, memo: _Memo) -> Any:
  """Copies what holds variables; anything else is returned as it is."""
  if id(value) in memo.functions:
    return memo.functions[id(value)]
  if _is_keras(value):
    new = _clone(value, memo.new.name)
    memo.modules.append(new)
  elif isinstance(value, tf.Variable):
    new = _variable(value, memo)
  elif isinstance(value, tf.Module):
    for variable in tf.Module.variables.fget(value):  # may be none
      _variable(variable, memo)
    new = copy_lib.deepcopy(value, memo)
    memo.modules.append(new)
  elif isinstance(value, tf.Tensor) and value.dtype == memo.old:
    new = tf.cast(value, memo.new)
  elif isinstance(value, types.MethodType):
    new = types.MethodType(value.__func__, _copy(value.__self__, memo))
  elif hasattr(value, "python_function"):
    new = _copy(value.python_function, memo)
  elif isinstance(value, types.FunctionType):
    return _function(value, memo)
  elif isinstance(value, (list, tuple)) and type(value) in (list, tuple):
    new = type(value)(_copy(item, memo) for item in value)
  elif type(value) is dict:
    new = {key: _copy(item, memo) for key, item in value.items()}
  else:
    return value
  memo.functions[id(value)] = new
  return new


def _variable(variable: tf.Variable, memo: _Memo) -> tf.Variable:
  if id(variable) not in memo:
    value = variable.read_value()
    memo[id(variable)] = tf.Variable(
        tf.cast(value, memo.new) if value.dtype == memo.old else value,
        trainable=variable.trainable, name=variable.name.split(":")[0])
  return memo[id(variable)]


def _function(function: types.FunctionType, memo: _Memo):
  """The same code around copies of its closure, defaults and globals."""
  new = types.FunctionType(
      function.__code__, dict(function.__globals__), function.__name__,
      None, tuple(types.CellType() for _ in function.__closure__ or ()))
  memo.functions[id(function)] = new  # before its contents: it may be recursive
  new.__kwdefaults__ = _copy(function.__kwdefaults__, memo)
  new.__defaults__ = _copy(function.__defaults__, memo)
  for cell, old in zip(new.__closure__ or (), function.__closure__ or ()):
    cell.cell_contents = _copy(old.cell_contents, memo)
  for name in function.__globals__.keys() & memory.names_used(
      function.__code__):
    value = function.__globals__[name]
    library = isinstance(value, types.FunctionType) and (
        value.__module__ != function.__module__)
    if not library:
      new.__globals__[name] = _copy(value, memo)
  return new


def _clone(layer: Any, dtype: str) -> Any:
  """A Keras layer or model of another type, with the same weights."""
  import keras  # the caller has it
  with keras.saving.custom_object_scope({
      name: type(part) for part in layer._flatten_layers() for name in (
          type(part).__name__, keras.saving.get_registered_name(type(part)))}):
    new = _rebuild(layer, dtype)
  if layer.built and not new.built:
    new.build(layer.get_build_config()["input_shape"])
  new.set_weights([np.asarray(w) for w in layer.get_weights()])
  return new


def _rebuild(layer: Any, dtype: str) -> Any:
  import keras
  sequential = type(layer) is keras.Sequential
  if sequential or type(layer).__name__ == "Functional":
    inputs = keras.tree.map_structure(
        lambda i: keras.Input(
            batch_shape=i.shape, name=i.name,
            dtype=dtype if "float" in i.dtype else i.dtype),
        (layer.inputs if sequential else layer.input)) if layer.built else None
    return keras.models.clone_model(
        layer, input_tensors=inputs,
        clone_function=lambda inner: _rebuild(inner, dtype))
  if type(layer) is keras.layers.Lambda:
    return keras.layers.Lambda(
        layer.function, layer._output_shape, layer.mask, layer.arguments,
        name=layer.name, dtype=dtype)
  return type(layer).from_config(_with_type(layer.get_config(), dtype))


def _with_type(config: Any, dtype: str) -> Any:
  """A configuration with every floating-point policy replaced."""
  if isinstance(config, dict):
    if config.get("class_name") == "DTypePolicy":
      return {**config, "config": {"name": dtype}}
    return {key: dtype if key == "dtype" and isinstance(value, str) and
            "float" in value else _with_type(value, dtype)
            for key, value in config.items()}
  if isinstance(config, (list, tuple)):
    return type(config)(_with_type(item, dtype) for item in config)
  return config
