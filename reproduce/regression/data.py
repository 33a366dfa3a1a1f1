"""Data of Section 4.1: points drawn uniformly from a function's domain."""

import dataclasses
from typing import List, Optional, Sequence
import zlib

import numpy as np
import tensorflow as tf

from sobolev_tf import derivatives, errors, functions

Domain = Sequence[Sequence[float]]  # per input, its lowest and highest value


@dataclasses.dataclass(frozen=True)
class RegressionData:
  """Points with values and derivatives, for one model or an ensemble.

  Attributes:
    x: `[..., N, D]`.
    y: `[..., N, 1]`.
    dy_dx: `[..., N, D]`.
    d2y_dx2: `[..., N, D, D]`, or None if only order 1 was asked for.
  """
  x: np.ndarray
  y: np.ndarray
  dy_dx: np.ndarray
  d2y_dx2: Optional[np.ndarray] = None


def sample(function: functions.BenchmarkFunction, count: int, *,
           seed: int, stream: str, order: int = 1) -> RegressionData:
  """Draws points uniformly from the domain (Section 4.1).

  Args:
    function: the benchmark function.
    count: number of points N, at least 1.
    seed: the same arguments give the same points.
    stream: names the use ("train", "validation", "test"): different streams
      are independent of each other, whatever their seeds.
    order: 1, or 2 for Hessians also; the points do not depend on it.

  Returns:
    Points, values and derivatives in float64.

  Raises:
    UserError: if `count` is below 1 or `seed` below 0.
  """
  if count < 1:
    raise errors.UserError(f"A data set needs at least 1 point, got {count}.")
  if seed < 0:
    raise errors.UserError(f"Seeds of data must be >= 0, got {seed}.")
  key = [seed, count, *(zlib.crc32(text.encode())
                        for text in (function.name, stream))]
  low, high = np.array(function.domain).T
  x = np.random.default_rng(key).uniform(low, high, (count, len(low)))
  y, *higher = derivatives.value_and_derivatives(
      function, tf.constant(x), order)
  return RegressionData(
      x, y.numpy()[:, None], *(derivative.numpy() for derivative in higher))


def held_out(targets: Sequence[functions.BenchmarkFunction], count: int,
             stream: str, order: int = 1) -> List[RegressionData]:
  """The held-out points of each of several functions.

  Args:
    targets: the functions; those that come more than once share their points,
      which are drawn once.
    count: number of points N of each, at least 1.
    stream: as `sample` takes it.
    order: as `sample` takes it.

  Returns:
    A data set per entry of `targets`, of seed 0.

  Raises:
    UserError: as `sample`.
  """
  drawn = {
      function: sample(function, count, seed=0, stream=stream, order=order)
      for function in set(targets)}
  return [drawn[function] for function in targets]


def stack(members: Sequence[RegressionData]) -> RegressionData:
  """Puts the data of E members side by side, `[E, N, ...]`."""
  fields = [[getattr(member, field.name) for member in members]
            for field in dataclasses.fields(RegressionData)]
  return RegressionData(*(
      np.stack(arrays) for arrays in fields if arrays[0] is not None))
