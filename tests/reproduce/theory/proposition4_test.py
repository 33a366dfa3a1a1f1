"""Proposition 4: gradients are symmetric, free-form fields are not."""

import numpy as np
import pytest

from reproduce.theory import proposition4


@pytest.mark.parametrize("module", proposition4.MODULES)
def test_symmetry_of_random_modules(module):
  measured = proposition4.asymmetries(module, 6, draws=5, seed=0)
  assert measured.shape == (5,)
  if module == "critic":
    assert measured.max() < 1e-14
  else:
    assert measured.min() > .3 and measured.max() < 2
  assert len(np.unique(measured)) > 1  # the draws differ


def test_same_seed_same_numbers():
  first, second, other = (
      proposition4.asymmetries("linear", 3, 2, seed) for seed in (1, 1, 2))
  np.testing.assert_array_equal(first, second)
  assert (first != other).all()
