"""Figure 2 (left): a continuum against one function."""

import numpy as np

from reproduce.theory import figure2_left

X = np.linspace(figure2_left.LOW, figure2_left.HIGH, 301)


def test_one_training_point_in_each_piece():
  low, high = figure2_left.TARGET.knots
  assert [p < low for p in figure2_left.POINTS] == [True, False, False]
  assert [p > high for p in figure2_left.POINTS] == [False, False, True]


def test_values_leave_a_continuum():
  found = figure2_left.from_values(20, seed=0)
  for h in found:
    np.testing.assert_allclose(
        h(figure2_left.POINTS), figure2_left.TARGET(figure2_left.POINTS))
    assert len(h.knots) == 2
  curves = np.stack([h(X) for h in found])
  apart = np.abs(curves[:, None] - curves).max(axis=-1)
  assert apart[~np.eye(20, dtype=bool)].min() > .01


def test_derivatives_leave_the_target():
  h = figure2_left.from_values_and_derivatives()
  np.testing.assert_allclose(h(X), figure2_left.TARGET(X), atol=1e-14)


def test_dimensions_of_what_is_open():
  assert figure2_left.open_parameters() == (3, 0)
