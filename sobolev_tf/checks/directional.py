"""Derivatives of a function of several tensors against central differences.

What a Sobolev loss needs of an operation is more than its gradient: the weight
gradient of a loss on D_x f goes through the vector-Jacobian product twice, to
its argument and to the seed that comes in from above (Figure 1 of
https://arxiv.org/abs/1706.04859). So the function x -> f(x) is followed by

  s_0(x, v) = <v, f(x)>
  s_1(x, v) = <D_x s_0, u_1>
  s_k(x, v) = <D_(x, v) s_(k-1), u_k>,  k >= 2,

with fixed random u, and order k is right if the tapes' s_k agrees with central
differences of s_(k-1) along u_k. JAX's `check_grads` and PyTorch's
`gradgradcheck` work alike.
"""

import re
from typing import Callable, List, Optional, Sequence

import numpy as np
import tensorflow as tf

from sobolev_tf.checks import differences
from sobolev_tf.checks.differences import Verdict

# What TensorFlow raises where an operation has no gradient of some order.
NO_GRADIENT = (LookupError, NotImplementedError, TypeError)
Tensors = List[tf.Tensor]
Function = Callable[[Tensors], Sequence[tf.Tensor]]


def check(function: Function, inputs: Sequence[tf.Tensor], order: int,
          seed: int = 0) -> List[Verdict]:
  """Checks the derivatives of a function, those through its seed included.

  An input without a gradient is named in the first verdict's note and kept
  fixed.

  Args:
    function: maps a list of floating-point tensors to such a list.
    inputs: where to check, all of one type, float64 or float32.
    order: the highest order K, at least 1.
    seed: of the random directions.

  Returns:
    K verdicts, or fewer: a missing order, or a function whose gradient is
    None for all inputs, is the last.
  """
  rng = np.random.default_rng(seed)
  x = [tf.convert_to_tensor(a) for a in inputs]
  dtype = x[0].dtype

  def whole(tensors):
    return [tf.cast(y, dtype) for y in function(tensors)]

  def normal(like):
    return [tf.constant(rng.normal(size=t.shape), dtype) for t in like]

  z = x + normal(whole(x))
  directions = [normal(z) for _ in range(order)]
  directions[0][len(x):] = [tf.zeros_like(v) for v in z[len(x):]]
  verdicts: List[Verdict] = []
  note = ""
  for k in range(1, order + 1):
    lower = scalar(whole, len(x), directions[:k - 1])
    try:
      if k == 1:
        fixed = [i for i, g in enumerate(gradient(lower, z)[:len(x)])
                 if g is None]
        if len(fixed) == len(x):
          return [Verdict(differences.NONE)]
        for direction in directions:
          for i in fixed:
            direction[i] = tf.zeros_like(z[i])
        note = ", ".join(f"no gradient to input {i + 1}" for i in fixed)
      verdict = _compare(lower, z, directions[k - 1], dtype)
      if verdict.verdict == differences.WRONG and k > 1:
        verdict = _locate(lower, z, directions[k - 1], len(x), verdict)
    except NO_GRADIENT as error:
      verdict = Verdict(differences.MISSING, note=missing(error))
    if k == 1 and note:
      verdict = verdict._replace(note=note)
    verdicts.append(verdict)
    if verdict.verdict == differences.MISSING:
      break
  return verdicts


def missing(error: Exception) -> str:
  """The operation that has no gradient, or what its gradient says."""
  text = str(error)
  named = re.search(r"no entry for: (\w+)|op type: (\w+)", text)
  if named:
    return named[1] or named[2]
  return text.strip("'\"").split("\n")[0][:100]


def inner(a: Sequence[Optional[tf.Tensor]],
          b: Sequence[tf.Tensor]) -> tf.Tensor:
  """The inner product of two lists of tensors, a scalar; None counts as 0."""
  return tf.add_n([tf.zeros([], b[0].dtype)] + [
      tf.reduce_sum(x * y) for x, y in zip(a, b) if x is not None])


def scalar(function: Function, count: int, directions: Sequence[Tensors]):
  """The function s_k of the tensors (x, v).

  Args:
    function: f.
    count: the number of tensors in x.
    directions: u_1, ..., u_k, each a tensor per tensor of (x, v).

  Returns:
    A function from a list of tensors to a scalar.
  """
  if not directions:
    return lambda z: inner(function(z[:count]), z[count:])
  lower = scalar(function, count, directions[:-1])
  return lambda z: inner(gradient(lower, z), directions[-1])


def gradient(function: Callable[[Tensors], tf.Tensor],
             z: Tensors) -> List[Optional[tf.Tensor]]:
  """The gradient of a scalar function of a list of tensors, None included."""
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(z)
    s = function(z)
  return [None if g is None else tf.convert_to_tensor(g)
          for g in tape.gradient(s, z)]


def _compare(scalar, z: Tensors, direction: Tensors,
             dtype: tf.DType) -> Verdict:
  return differences.agreement(
      inner(gradient(scalar, z), direction), differences.difference(
          lambda t: scalar([a + t * u for a, u in zip(z, direction)]), dtype))


def _locate(scalar, z: Tensors, direction: Tensors, count: int,
            verdict: Verdict) -> Verdict:
  """Says whether the path to the argument or to the seed is wrong."""
  at_fault = []
  for path, kept in (("argument", range(count)),
                     ("seed", range(count, len(z)))):
    part = [u if i in kept else tf.zeros_like(u)
            for i, u in enumerate(direction)]
    if _compare(scalar, z, part, z[0].dtype).verdict == differences.WRONG:
      at_fault.append(path)
  return verdict._replace(note=f"path to the {' and the '.join(at_fault)}"
                          if at_fault else verdict.note)
