"""Logarithms of errors by seed, and their differences."""

import numpy as np
import pytest

from reproduce import decades, rows


def row(metric, value, seed=0, **settings):
  return rows.Row("internal", "kl", metric, value, n=20, seed=seed, step=1,
                  settings=settings)


def test_errors_are_means_of_logarithms_by_seed():
  measured = [row("test_kl", value, seed, function=function)
              for value, seed, function in (
                  (1., 1, "a"), (100., 1, "b"), (10., 0, "a"), (.1, 0, "b"))]
  np.testing.assert_allclose(decades.log_errors(measured, "test_kl"), [0., 1.])
  np.testing.assert_allclose(
      decades.log_errors(measured, "test_kl", function="b"), [-1., 2.])
  assert np.isnan(decades.log_errors([row("test_kl", np.nan)], "test_kl")[0])


@pytest.mark.parametrize("spread, bold", [(.01, True), (5., False)])
def test_a_difference_is_bold_if_its_interval_leaves_zero_out(spread, bold):
  second = np.array([-1., 0., 1.])
  text = decades.difference(
      second + 1. + spread * np.array([-1., 0., 1.]), second)
  assert text.strip("*").startswith("1.00 [")
  assert text.startswith("**") == text.endswith("**") == bold
