"""Propositions 2 and 3: how many points determine a function of a family.

Section 3 of https://arxiv.org/abs/1706.04859: K_reg(F) is the smallest number
such that for every f* in F and every set of that many distinct points the
values of f* there determine it; K_sob(F) is the same for values and
derivatives. For a family that is linear in its p parameters, f* does not
matter: a set determines every function or none, by the rank of a matrix. Rank
is computed in exact rational arithmetic, so there is no tolerance in it.

"Every set" is what the definition asks for. What can be computed is the rank
on given sets: random ones, and ones chosen to be degenerate.
"""

from fractions import Fraction
import itertools
from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

Point = Tuple[Fraction, ...]
Rows = List[List[Fraction]]
Sampler = Callable[[int], Sequence[Point]]


class Family(NamedTuple):
  """Functions that are linear in their parameters.

  Attributes:
    name: to print.
    parameters: p, their number.
    input_size: d, number of inputs.
    values: a point -> one row `[p]` per output: what multiplies the
      parameters.
    derivatives: a point -> one row `[p]` per output and input.
  """
  name: str
  parameters: int
  input_size: int
  values: Callable[[Point], Rows]
  derivatives: Callable[[Point], Rows]


def polynomials(degree: int) -> Family:
  """c_0 + c_1 x + ... + c_n x^n."""
  powers = range(degree + 1)
  return Family(
      f"polynomials of degree {degree}", degree + 1, 1,
      lambda point: [[point[0]**k for k in powers]],
      lambda point: [[k * point[0]**(k - 1) if k else Fraction(0)
                      for k in powers]])


def hyperplanes(size: int) -> Family:
  """<w, x> + b with x in R^d."""
  return Family(
      f"hyperplanes over R^{size}", size + 1, size,
      lambda point: [[*point, Fraction(1)]],
      lambda point: [_unit(i, size + 1) for i in range(size)])


def elementwise_linear(size: int) -> Family:
  """[A_1 x_1 + b_1, ..., A_n x_n + b_n], the paper's F_PL."""
  def values(point):
    return [[x * entry for entry in _unit(2 * i, 2 * size)[:2 * i + 1]] +
            _unit(0, 2 * size - 2 * i - 1) for i, x in enumerate(point)]

  def derivatives(unused_point):
    rows = []
    for i, j in itertools.product(range(size), repeat=2):
      rows.append(_unit(2 * i, 2 * size) if i == j
                  else [Fraction(0)] * (2 * size))
    return rows

  return Family(f"element-wise linear maps of R^{size}", 2 * size, size,
                values, derivatives)


def _unit(index: int, size: int) -> List[Fraction]:
  return [Fraction(int(i == index)) for i in range(size)]


def rank(rows: Rows) -> int:
  """The rank of a matrix of rational numbers, exactly."""
  rows = [list(row) for row in rows]
  found = 0
  for column in range(len(rows[0]) if rows else 0):
    pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
    if pivot is None:
      continue
    rows[found], rows[pivot] = rows[pivot], rows[found]
    for i in range(found + 1, len(rows)):
      if rows[i][column]:
        ratio = rows[i][column] / rows[found][column]
        rows[i] = [a - ratio * b for a, b in zip(rows[i], rows[found])]
    found += 1
  return found


def determines(family: Family, points: Sequence[Point],
               with_derivatives: bool) -> bool:
  """Whether what is known at some points determines the function.

  Args:
    family: the functions.
    points: distinct.
    with_derivatives: whether derivatives are known beside values.

  Returns:
    True if the linear system for the parameters has one solution.
  """
  rows: Rows = []
  for point in points:
    rows.extend(family.values(point))
    if with_derivatives:
      rows.extend(family.derivatives(point))
  return rank(rows) == family.parameters


def fewest_points(family: Family, samplers: Sequence[Sampler],
                  with_derivatives: bool, limit: int) -> Optional[int]:
  """The smallest number of points that determines the function in every set.

  Args:
    family: the functions.
    samplers: each gives one set of a given size.
    with_derivatives: False for K_reg, True for K_sob.
    limit: the largest size to try.

  Returns:
    The size; None if even sets of `limit` points leave it open.
  """
  for size in range(1, limit + 1):
    if all(determines(family, sampler(size), with_derivatives)
           for sampler in samplers):
      return size
  return None


def random_points(input_size: int, seed: int) -> Sampler:
  """Random rational points, which no two share a component."""
  def sample(size):
    random = np.random.default_rng([seed, size])
    columns = [random.permutation(10_000)[:size] for _ in range(input_size)]
    return [tuple(Fraction(int(entry) - 5_000, 997) for entry in point)
            for point in zip(*columns)]
  return sample


def collinear_points(input_size: int) -> Sampler:
  """Points of the first axis: distinct, but equal in all but a component."""
  def sample(size):
    return [(Fraction(k),) + (Fraction(0),) * (input_size - 1)
            for k in range(size)]
  return sample


def largest_open_set(family: Family, side: int) -> int:
  """The most points of a finite grid whose values leave the function open.

  Args:
    family: the functions; the grid is {0, ..., side - 1}^d.
    side: points per axis; every subset of the grid is tried.

  Returns:
    Their number; on that grid K_reg, read literally, is one more.
  """
  points = [tuple(map(Fraction, point)) for point in itertools.product(
      range(side), repeat=family.input_size)]
  for size in range(len(points), 0, -1):
    if any(not determines(family, subset, False)
           for subset in itertools.combinations(points, size)):
      return size
  return 0
