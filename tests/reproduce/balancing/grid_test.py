"""A grid's parts and its measure of errors."""

import numpy as np

from configs import balancing as config_lib
from reproduce.balancing import grid


def test_a_part_per_size_method_and_strength():
  parts = grid.parts(
      "p", lambda count: [], {20: config_lib.ALL_TRIALS}, None)
  assert [part.name for part in parts if "z-score" in part.name] == [
      "p_n20_z-score_0.1", "p_n20_z-score_1", "p_n20_z-score_10"]
  assert len(parts) == 3 + 5 * 3 and len({part.name for part in parts}) == 18


def test_normalised_error_is_a_mean_over_channels():
  true = np.random.default_rng(0).normal(size=(50, 2, 3)) * [1., 10., 100.]
  np.testing.assert_allclose(
      grid.normalised_error(np.mean(true, 0), true), 1.)
  off = true + .5 * np.array([1., 0., 0.]) * true.std(0)
  np.testing.assert_allclose(grid.normalised_error(off, true), .5 / 3)
