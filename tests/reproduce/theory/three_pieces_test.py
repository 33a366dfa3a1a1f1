"""Figure 2 (left): a continuum against one function."""

import numpy as np

from reproduce.theory import three_pieces

X = np.linspace(three_pieces.LOW, three_pieces.HIGH, 301)


def test_one_training_point_in_each_piece():
  low, high = three_pieces.TARGET.knots
  assert [p < low for p in three_pieces.POINTS] == [True, False, False]
  assert [p > high for p in three_pieces.POINTS] == [False, False, True]


def test_values_leave_a_continuum():
  found = three_pieces.from_values(20, seed=0)
  for h in found:
    np.testing.assert_allclose(
        h(three_pieces.POINTS), three_pieces.TARGET(three_pieces.POINTS))
    assert len(h.knots) == 2
  curves = np.stack([h(X) for h in found])
  apart = np.abs(curves[:, None] - curves).max(axis=-1)
  assert apart[~np.eye(20, dtype=bool)].min() > .01


def test_derivatives_leave_the_target():
  h = three_pieces.from_values_and_derivatives()
  np.testing.assert_allclose(h(X), three_pieces.TARGET(X), atol=1e-14)


def test_dimensions_of_what_is_open():
  assert three_pieces.open_parameters() == (3, 0)
