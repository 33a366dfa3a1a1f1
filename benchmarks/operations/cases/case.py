"""A call of an operation with arguments that work."""

from typing import Any, Callable, List, NamedTuple, Tuple

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_def_registry


class Case(NamedTuple):
  """What is differentiated, and where.

  Attributes:
    op: the type of the operation.
    function: maps floating-point tensors to floating-point tensors.
    inputs: arrays of float64, to be cast.
    zeros: whether the operation is also tried at zeros.
    special: what is unusual about the call. What goes wrong there is noted but
      is not the operation's verdict.
  """
  op: str
  function: Callable[[List[tf.Tensor]], List[tf.Tensor]]
  inputs: Tuple[np.ndarray, ...]
  zeros: bool = True
  special: str = ""


def call(op: str, *inputs: np.ndarray, zeros: bool = True, special: str = "",
         **constants) -> Case:
  """A call whose first arguments are differentiated.

  Args:
    op: the type of the operation.
    *inputs: its arguments that are differentiated: those that `constants` does
      not name, in the order of the operation's definition.
    zeros: see `Case`.
    special: see `Case`.
    **constants: the other arguments and attributes; `like(...)` for numbers of
      the type of `inputs`.

  Returns:
    The case.
  """
  raw = getattr(tf.raw_ops, op)
  names = [arg.name for arg in op_def_registry.get(op).input_arg
           if arg.name not in constants]

  def function(tensors):
    rest = {name: value(tensors[0].dtype) if callable(value) else value
            for name, value in constants.items()}
    return floats(raw(**dict(zip(names, tensors)), **rest))

  return Case(op, function, inputs, zeros, special)


def of(op: str, function: Callable, *inputs: np.ndarray,
       zeros: bool = True, special: str = "") -> Case:
  """A call in a function of its own, given the raw operation and tensors."""
  raw = getattr(tf.raw_ops, op)
  return Case(op, lambda tensors: floats(function(raw, *tensors)), inputs,
              zeros, special)


def each(names: str, make: Callable[[str], Case]) -> List[Case]:
  """Cases of operations that are called alike; names separated by blanks."""
  return [make(name) for name in names.split()]


def like(value: Any) -> Callable[[tf.DType], tf.Tensor]:
  """A constant of the type that the differentiated arguments have."""
  return lambda dtype: tf.cast(tf.constant(value, tf.float64), dtype)


def floats(result: Any) -> List[tf.Tensor]:
  """The real tensors among an operation's outputs, complex ones in parts."""
  tensors = [t for t in tf.nest.flatten(result) if isinstance(t, tf.Tensor)]
  parts = [[tf.math.real(t), tf.math.imag(t)] if t.dtype.is_complex else [t]
           for t in tensors]
  return [t for part in parts for t in part if t.dtype.is_floating]


def int64(values: Any) -> np.ndarray:
  """Indices or shapes."""
  return np.array(values, np.int64)


def float32(values: Any) -> np.ndarray:
  """Numbers that stay float32 whatever is differentiated."""
  return np.array(values, np.float32)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
  """Independent standard normal numbers."""
  return np.random.default_rng([seed, *shape]).normal(size=shape)


def apart(*shape: int) -> np.ndarray:
  """Numbers in random order, no two closer than 0.5: no kink is near."""
  size = int(np.prod(shape))
  order = np.random.default_rng(0).permutation(size)
  return (order - size / 2).reshape(shape) / 2


def uniform(low: float, high: float, *shape: int, seed: int = 0) -> np.ndarray:
  """Independent uniform numbers."""
  return np.random.default_rng([seed, *shape]).uniform(low, high, shape)
