"""Units for training, and derivatives in them."""

import numpy as np
import pytest

from reproduce.balancing import fit
from reproduce.balancing.units import Units

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("outputs", [1, 4])
def test_units_change_derivatives_by_the_chain_rule(outputs):
  shape = (8, 3) if outputs == 1 else (8, outputs, 3)
  train = fit.Data(RANDOM.normal(2., 3., [8, 3]),
                   RANDOM.normal(-1., 5., [8, outputs]),
                   RANDOM.normal(size=shape))
  units = Units.of(train)
  scaled = units.apply(train)
  for array in scaled[:2]:
    np.testing.assert_allclose(array.mean(0), 0., atol=1e-12)
    np.testing.assert_allclose(array.std(0), 1.)
  one, other = (data.dy_dx.reshape(8, outputs, 3)[:, -1, 1]
                for data in (scaled, train))
  np.testing.assert_allclose(
      one, other * train.x[:, 1].std() / train.y[:, -1].std())
  for back, given in zip(units.invert(scaled), train):
    np.testing.assert_allclose(back, given)


def test_units_of_values_leave_inputs_of_any_shape():
  train = fit.Data(RANDOM.normal(size=[5, 4, 3]), RANDOM.normal(size=[5, 1]),
                   RANDOM.normal(size=[5, 4, 3]))
  scaled = Units.of_values(train).apply(train)
  np.testing.assert_array_equal(scaled.x, train.x)
  np.testing.assert_allclose(scaled.dy_dx, train.dy_dx / train.y.std())
