"""Pools and errors of the reactor's data."""

import numpy as np

from reproduce.balancing import fit, grid
from reproduce.balancing.units import Units
from reproduce.surrogate import data


def test_a_smaller_training_set_is_the_beginning_of_a_larger_one():
  np.testing.assert_array_equal(data.pool(0, 16).x[:8], data.pool(0, 8).x)
  assert not np.isclose(data.pool(1, 8).x, data.pool(0, 8).x).any()


def test_errors_of_the_truth_and_of_its_mean():
  member = data.member(0, 8, 30, "test", split=True)
  assert len(member.train.x) == 6 and len(member.x) == 32
  np.testing.assert_array_equal(
      member.train.x, Units.of(data.pool(0, 6)).apply(data.pool(0, 6)).x)
  units = Units.of(data.pool(0, 6))
  held_out = [units.apply(d) for d in (
      data.sample(30, data.TEST_SEED), data.pool(0, 8))]
  truth = fit.Data(member.x, *(
      np.concatenate([arrays[0], arrays[1][6:]])
      for arrays in zip(*(d[1:] for d in held_out))))
  measured = member.measure(truth)
  assert set(measured) == {grid.VALIDATION, grid.VALUE, grid.DERIVATIVE}
  np.testing.assert_allclose(list(measured.values()), 0., atol=1e-10)
  mean = truth._replace(
      y=np.broadcast_to(truth.y[:30].mean(0), truth.y.shape))
  np.testing.assert_allclose(member.measure(mean)[grid.VALUE], 1.)
  assert set(data.member(0, 8, 30, "validation").measure(truth._replace(
      x=truth.x[:30], y=truth.y[:30], dy_dx=truth.dy_dx[:30]))) == {
          grid.VALIDATION}
