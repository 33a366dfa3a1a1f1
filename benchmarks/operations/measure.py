"""What is measured about one operation, from its cases to its row."""

import logging
from typing import List, Optional, Sequence

import numpy as np
import tensorflow as tf

from benchmarks.operations.cases.case import Case
from sobolev_tf.checks import differences, directional
from sobolev_tf.derivatives import operations

_ORDERS = ("first", "second", "third")
_TYPES = (tf.float64, tf.float32, tf.bfloat16, tf.float16)
# The verdict of several calls is the worst, ...
_BEST_FIRST = (differences.UNDECIDED, differences.RIGHT, differences.NONE,
               differences.WRONG, differences.MISSING)
_AT_ZERO = ("", "right", "third wrong", "second wrong", "first wrong")
_NO_KERNEL = (tf.errors.OpError, ValueError)  # ... where the call runs at all.


def row(op: str, cases: Sequence[Case]) -> operations.Verdict:
  """Measures an operation.

  Args:
    op: its type.
    cases: how to call it, at least one.

  Returns:
    Its row of the table.
  """
  verdicts: List[str] = []
  notes: List[str] = []
  usual: Optional[Case] = None
  at_zero = ""
  for case in cases:
    found = _orders(case)
    if isinstance(found, str):
      notes.append(f"{case.special}: {found}" if case.special else found)
      continue
    bad = [f"{name} {v.verdict}{f' ({v.note})' if v.note else ''}"
           for name, v in zip(_ORDERS, found)
           if v.verdict in (differences.WRONG, differences.MISSING) or v.note]
    if case.special:
      if bad:
        notes.append(f"{case.special}: {', '.join(bad)}")
      continue
    notes += [note for note in bad if note not in notes]
    usual = usual or case
    verdicts = [max(pair, key=_BEST_FIRST.index) for pair in zip(
        verdicts or [differences.UNDECIDED] * len(found),
        [v.verdict for v in found])]
    at_zero = max(at_zero, _at_zero(case), key=_AT_ZERO.index)
  if usual is None:
    return operations.Verdict(op, note="not run: " + "; ".join(notes))
  orders = sum(v not in (differences.MISSING, differences.NONE)
               for v in verdicts[:2])
  return operations.Verdict(
      op, **dict(zip(_ORDERS, verdicts)), at_zero=at_zero,
      vectorised=_vectorised(usual, orders),
      xla=_compiled(usual, orders),
      dtypes=" ".join(t.name for t in _TYPES if _runs(usual, t, orders)),
      note="; ".join(notes))


def _cast(case: Case, dtype: tf.DType) -> List[tf.Tensor]:
  return [tf.cast(tf.constant(x, tf.float64), dtype) for x in case.inputs]


def _orders(case: Case):
  """Verdicts in float64 or else float32; or why the call does not run."""
  problem = ""
  for dtype in (tf.float64, tf.float32):
    try:
      return directional.check(case.function, _cast(case, dtype), 3)
    except _NO_KERNEL as error:
      problem = str(error)
  if "No kernel" in problem or "registered kernels" in problem or (
      "Could not find device" in problem):
    return "no kernel on a CPU"
  return problem.replace("\n", " ").split("}} ")[-1].split(" [Op")[0][:120]


def _at_zero(case: Case) -> str:
  """The worst verdict where a third of the numbers in one input are 0."""
  if not case.zeros:
    return ""
  rng = np.random.default_rng(1)
  verdicts = []
  for i, x in enumerate(case.inputs):
    inputs = list(case.inputs)
    inputs[i] = np.where(rng.uniform(size=np.shape(x)) < .4, 0., x)
    verdicts.append(_smooth_verdict(case._replace(inputs=tuple(inputs))))
  return max(verdicts, key=_AT_ZERO.index)


def _smooth_verdict(case: Case) -> str:
  """The lowest order that is wrong, "right", or nothing if not smooth."""
  found = _orders(case)
  if isinstance(found, str):
    return ""
  for name, verdict in zip(_ORDERS, found):
    if verdict.verdict == differences.WRONG:
      return f"{name} wrong"
    if verdict.verdict != differences.RIGHT:
      return ""
  return "right"


def level(case: Case, dtype: tf.DType, order: int):
  """What a derivative of some order runs on and its function."""
  x = _cast(case, dtype)
  rng = np.random.default_rng(0)
  z = x + [tf.cast(rng.normal(size=y.shape), dtype) for y in case.function(x)]
  scalar = directional.scalar(
      lambda tensors: [tf.cast(y, dtype) for y in case.function(tensors)],
      len(x), [[tf.cast(rng.normal(size=t.shape), dtype) for t in z]] *
      max(order - 1, 0))
  if order == 0:
    return z, scalar
  return z, lambda z: directional.gradient(scalar, z)


def _runs(case: Case, dtype: tf.DType, orders: int) -> bool:
  try:
    z, function = level(case, dtype, orders)
    function(z)
    return True
  except Exception:  # whatever a kernel that is not there raises
    return False


def _compiled(case: Case, orders: int) -> str:
  """The highest order that XLA compiles."""
  for order in range(orders, -1, -1):
    for dtype in _TYPES[:2]:
      try:
        z, function = level(case, dtype, order)
        tf.function(function, jit_compile=True)(z)
        return str(order)
      except Exception:  # as above
        continue
  return ""


class _Loops(logging.Handler):
  """Counts the operations that pfor turns into a loop."""

  def __init__(self):
    super().__init__()
    self.count = 0

  def emit(self, record):
    self.count += "while_loop" in record.getMessage()


def _vectorised(case: Case, orders: int) -> str:
  """Whether pfor vectorises the highest of both orders."""
  if not orders:
    return ""
  handler, logger = _Loops(), tf.get_logger()
  level_before = logger.level
  logger.setLevel(logging.WARNING)  # whoever has silenced it
  logger.addHandler(handler)
  try:
    for dtype in _TYPES[:2]:
      try:
        z, function = level(case, dtype, orders - 1)
        return _by_pfor(function, z, handler)
      except Exception:  # as above: a kernel that is not there
        continue
  finally:
    logger.removeHandler(handler)
    logger.setLevel(level_before)
  return ""


def _by_pfor(function, z, handler: _Loops) -> str:
  """Compares a Jacobian with one vector-Jacobian product."""
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(z)
    found = function(z)
    found = found if isinstance(found, list) else [found]
    y = tf.concat([tf.reshape(g, [-1]) for g in found if g is not None], 0)
    seed = tf.cast(np.random.default_rng(2).normal(size=y.shape), y.dtype)
    value = tf.reduce_sum(y * seed)
  expected = tape.gradient(value, z)
  try:
    jacobians = tape.jacobian(y, z)  # [M, ...] each
  except Exception:  # whatever pfor raises
    return "fails"
  for jacobian, gradient in zip(jacobians, expected):
    if gradient is not None and not np.allclose(
        tf.tensordot(seed, jacobian, 1), tf.convert_to_tensor(gradient),
        rtol=1e-3, atol=1e-3, equal_nan=True):
      return "wrong"
  return "slow" if handler.count else "yes"
