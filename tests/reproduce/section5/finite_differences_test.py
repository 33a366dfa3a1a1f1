"""The error of gradients by differences."""

import pytest

from reproduce.section5 import black_box, finite_differences
from sobolev_tf import functions

BOOTH = functions.by_name("booth")


@pytest.mark.parametrize("method", ["exact", "differences"])
def test_the_error_of_target_gradients(method):
  data, _ = black_box.training_data(method, BOOTH, .1, 50, .5, seed=3)
  measured = finite_differences._gradient_error(data, BOOTH)
  assert measured == 0 if method == "exact" else .01 < measured < .5
