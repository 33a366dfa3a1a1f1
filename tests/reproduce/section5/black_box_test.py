"""What a black box's calls are spent on."""

import numpy as np
import pytest
import tensorflow as tf

from reproduce.section5 import black_box
from sobolev_tf import derivatives, functions

BOOTH = functions.by_name("booth")


@pytest.mark.parametrize("method, calls, points", [
    ("values", 8, 8), ("exact", 8, 8), ("differences", 24, 8),
    ("stencil", 24, 24), ("more points", 24, 24)])
def test_methods_pay_for_their_calls(method, calls, points):
  data, paid = black_box.training_data(method, BOOTH, 0., 8, .5, seed=3)
  assert (paid, len(data.x), len(data.y)) == (calls, points, points)
  np.testing.assert_allclose(data.y[:, 0], BOOTH(data.x), rtol=1e-12)
  known = np.isfinite(data.dy_dx).all(axis=1)
  assert known.sum() == {"exact": 8, "differences": 4}.get(method, 0)
  true = derivatives.gradient(BOOTH, tf.constant(data.x)).numpy()
  np.testing.assert_allclose(data.dy_dx[known], true[known], rtol=1e-3)


def test_noise_is_a_share_of_the_functions_deviation():
  x = np.zeros([4000, 2])
  first, again = (black_box.BlackBox(BOOTH, .1, seed=1) for _ in range(2))
  noise = first(x) - BOOTH(x[:1]).numpy()
  assert noise.std() == pytest.approx(first.deviation, rel=.05)
  np.testing.assert_array_equal(again(x), noise + BOOTH(x[:1]).numpy())
  assert first.calls == 4000
  assert black_box.BlackBox(BOOTH, .2, 1).deviation == pytest.approx(
      2 * first.deviation)
