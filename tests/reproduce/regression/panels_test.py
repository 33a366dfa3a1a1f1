"""Rows of a grid, arranged for tables and figures."""

from made_up import ROWS, cell
import numpy as np
import pytest

from reproduce.regression import panels
from sobolev_tf import errors


def test_grid_pairs_by_seed():
  rows = [r for r in cell("booth", 20, 1.)
          if (r.method, r.seed) not in {("regular", 1), ("sobolev", 4)}]
  cells = panels.Grid(rows, "test_mse")
  for method, shift in (("regular", 0.), ("sobolev", 1.)):
    np.testing.assert_allclose(
        cells.errors("booth", 20, method),
        [2. + 50 * e - shift - e * (shift > 0) for e in (-.02, 0., .02)],
        atol=1e-12)


def test_grid_without_rows():
  with pytest.raises(errors.UserError, match="No row has the metric 'mse'"):
    panels.Grid(ROWS, "mse")


def test_panels_are_of_one_scaling_and_name_the_rates_by_method():
  first = cell("booth", 20, 1., inputs="standardised", rate=.1)
  other = cell("booth", 20, 1., rate=3e-5)
  raw = "inputs=raw targets=raw learning_rate=3e-05 activation=relu"
  assert panels.by_scaling(other) == {raw: other}
  mixed = [row for row in first if row.method == "regular"] + [
      row for row in cell("booth", 20, 1., inputs="standardised", rate=.2)
      if row.method == "sobolev"]
  assert panels.by_scaling(mixed + other) == {
      "inputs=standardised targets=raw learning_rate=0.1/0.2 activation=relu":
          mixed,
      raw: other}
