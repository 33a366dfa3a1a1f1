"""Slopes by central differences, and their agreement with those of a tape."""

from typing import Callable, NamedTuple, Tuple

import numpy as np
import tensorflow as tf

RIGHT, WRONG, UNDECIDED = "right", "wrong", "undecided"
MISSING, NONE = "missing", "none"


class Precision(NamedTuple):
  """How to difference in a floating-point type.

  Attributes:
    tolerance: the largest relative error that counts as right.
    steps: step lengths; the shorter is for points near a kink.
  """
  tolerance: float
  steps: Tuple[float, float]


# Five-point differences: the error is about eps / step + step^4, in units of
# the scale over which the function changes. Ours, with two digits to spare.
PRECISION = {
    tf.float64: Precision(1e-6, (1e-4, 1e-6)),
    tf.float32: Precision(2e-2, (3e-2, 1e-2)),
}


class Verdict(NamedTuple):
  """What a comparison found.

  Attributes:
    verdict: right, wrong, undecided (the differences do not converge, as at a
      kink), missing (no gradient is registered, or it raises) or none (the
      gradient is None, that of a constant).
    error: the relative error; NaN unless right or wrong.
    note: which operation or path is at fault, or nothing.
  """
  verdict: str
  error: float = float("nan")
  note: str = ""


class Difference(NamedTuple):
  """A slope by central differences.

  Attributes:
    slope: `[...]`, like the function's values.
    smooth: `[...]`, whether two step lengths agree.
    noise: `[...]`, the rounding error to expect.
    tolerance: the largest relative error that counts as right.
    bend: `[...]`, how much the slopes of both sides differ; the same at every
      step length at a kink.
  """
  slope: np.ndarray
  smooth: np.ndarray
  noise: np.ndarray
  tolerance: float
  bend: np.ndarray = np.array(0.)


def difference(along: Callable[[float], tf.Tensor],
               dtype: tf.DType) -> Difference:
  """d along(t) / d t at 0, by five-point central differences.

  At a kink central differences settle, too, half-way between the slopes of
  both sides; but the second difference then falls like the step instead of its
  square.

  Args:
    along: maps a distance to values `[...]`, each judged on its own.
    dtype: the type in which they are computed, float64 or float32. Some
      operations compute in float32 whatever they are given; where float64
      decides nothing and kinks are not why, the steps of float32 are tried.

  Returns:
    Slopes at the longest step length where halving it changes nothing and
    both sides agree.
  """
  long, short = PRECISION[dtype].steps
  first = _slope(along, long, dtype)
  if first.smooth.all():
    return first
  second = _slope(along, short, dtype)
  found = second._replace(**{
      name: np.where(first.smooth, getattr(first, name), getattr(second, name))
      for name in ("slope", "smooth", "noise")})
  kinks = np.isclose(first.bend, second.bend, rtol=.1)
  if dtype == tf.float64 and not (found.smooth | kinks).any():
    return difference(along, tf.float32)
  return found


def _slope(along: Callable[[float], tf.Tensor], step: float,
           dtype: tf.DType) -> Difference:
  values = {t: np.asarray(along(t * step), np.float64)
            for t in (-2., -1., -.5, 0., .5, 1., 2.)}
  wide = (8 * (values[1.] - values[-1.]) -
          (values[2.] - values[-2.])) / (12 * step)
  narrow = (8 * (values[.5] - values[-.5]) -
            (values[1.] - values[-1.])) / (6 * step)
  bend = (values[1.] + values[-1.] + 6 * values[0.] -
          4 * (values[.5] + values[-.5])) / step
  size = np.max([np.abs(value) for value in values.values()], axis=0)
  noise = 20 * np.finfo(dtype.as_numpy_dtype).eps * size / step
  tolerance = PRECISION[dtype].tolerance
  smooth = np.maximum(np.abs(wide - narrow), np.abs(bend)) <= np.maximum(
      tolerance / 4 * np.abs(narrow), noise)  # NaN is not smooth
  return Difference(narrow, smooth, noise, tolerance, bend)


def agreement(computed: tf.Tensor, expected: Difference) -> Verdict:
  """Compares slopes of the tapes with slopes by differences.

  Args:
    computed: by automatic differentiation, `[...]`.
    expected: by differences, `[...]`; what is not smooth is left out.

  Returns:
    The verdict over all that is smooth.
  """
  if not expected.smooth.any():
    return Verdict(UNDECIDED, note="differences do not converge")
  got, slope, noise = (np.asarray(a, np.float64)[expected.smooth] for a in (
      computed, expected.slope, expected.noise))
  if not np.isfinite(got).all():
    return Verdict(WRONG, float("inf"), "not finite")
  scale = max(np.abs(got).max(), np.abs(slope).max(),
              noise.max() / expected.tolerance, np.finfo(np.float64).tiny)
  error = float(np.abs(got - slope).max() / scale)
  return Verdict(RIGHT if error <= expected.tolerance else WRONG, error)
