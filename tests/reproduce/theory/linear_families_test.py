"""Propositions 2 and 3: numbers of points against closed forms."""

from fractions import Fraction

import numpy as np
import pytest

from reproduce.theory import linear_families as families


def generic(size, sets=3):
  return [families.random_points(size, seed) for seed in range(sets)]


def both(family, samplers, limit=12):
  return tuple(families.fewest_points(family, samplers, known, limit)
               for known in (False, True))


@pytest.mark.parametrize("degree", range(8))
def test_polynomials(degree):
  # Distinct points are all it takes: Vandermonde, also confluent.
  samplers = generic(1) + [families.collinear_points(1)]
  assert both(families.polynomials(degree), samplers) == (
      degree + 1, (degree + 2) // 2)


def test_erratum_one_point_does_not_determine_a_parabola():
  # x^2 and 0 agree at 0 in value and derivative: the printed 2/2 = 1 fails.
  at_zero = [(Fraction(0),)]
  assert not families.determines(families.polynomials(2), at_zero, True)
  assert families.determines(
      families.polynomials(2), at_zero + [(Fraction(1),)], True)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_hyperplanes(size):
  family = families.hyperplanes(size)
  assert both(family, generic(size)) == (size + 1, 1)
  degenerate = generic(size) + [families.collinear_points(size)]
  assert both(family, degenerate) == (2 if size == 1 else None, 1)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_elementwise_linear_maps(size):
  family = families.elementwise_linear(size)
  assert both(family, generic(size)) == (2, 1)
  degenerate = generic(size) + [families.collinear_points(size)]
  assert both(family, degenerate) == (2 if size == 1 else None, 1)


def test_k_reg_of_a_finite_domain():
  # The largest set that shares a component has side^(d - 1) points.
  assert families.largest_open_set(families.elementwise_linear(1), 4) == 1
  assert families.largest_open_set(families.elementwise_linear(2), 3) == 3
  assert families.largest_open_set(families.elementwise_linear(3), 2) == 4


@pytest.mark.parametrize("family", [
    families.polynomials(3), families.hyperplanes(3),
    families.elementwise_linear(3)])
def test_rows_are_those_of_the_functions(family):
  """Rows times parameters: values, and derivatives by central differences."""
  c = np.random.default_rng(0).normal(size=family.parameters)
  point = families.random_points(family.input_size, 1)(1)[0]

  def value(x):
    return np.array(family.values(x), float) @ c

  step = Fraction(1, 10**6)
  columns = []
  for i in range(family.input_size):
    ahead, behind = (
        tuple(p + sign * step * (i == j) for j, p in enumerate(point))
        for sign in (1, -1))
    columns.append((value(ahead) - value(behind)) / 2e-6)
  np.testing.assert_allclose(
      (np.array(family.derivatives(point), float) @ c),
      np.stack(columns, axis=-1).ravel(), rtol=1e-6, atol=1e-6)


def test_elementwise_linear_values_by_hand():
  family = families.elementwise_linear(2)  # A1, b1, A2, b2
  rows = np.array(family.values((Fraction(3), Fraction(5))), float)
  np.testing.assert_array_equal(rows @ [10., 1., 100., 2.], [31., 502.])


def test_rank_is_exact():
  tiny = Fraction(1, 10**30)
  assert families.rank([[Fraction(1), Fraction(1)],
                        [Fraction(1), 1 + tiny]]) == 2
  assert families.rank([[Fraction(1, 3), Fraction(1)],
                        [Fraction(1), Fraction(3)]]) == 1
  assert families.rank([]) == 0


def test_samplers():
  points = families.random_points(3, 0)(50)
  for component in zip(*points):
    assert len(set(component)) == 50
  line = families.collinear_points(3)(5)
  assert len(set(line)) == 5
  assert {point[1:] for point in line} == {(0, 0)}
