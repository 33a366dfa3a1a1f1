"""Learning curves of Figure 2 say what the rows say."""

import dataclasses

from made_up import NOISE, results
from made_up import row as made_up_row
import numpy as np
import pytest

from reproduce.regression import curves, figure2

STEPS = (10, 20, 30, 40, 50)


def curve(method, task, n, logs, seeds=NOISE):
  """Rows of one cell: log10 errors by step, shifted by a noise per seed."""
  return [
      dataclasses.replace(
          made_up_row(method, task, n, seed, 10**(log + noise),
                      "validation_mse"), step=step)
      for seed, noise in enumerate(seeds) for step, log in zip(STEPS, logs)]


FALLING, FLAT_END = (2., 1.5, 1., .5, 0.), (2., .4, .3, .3, .31)
ROWS = (curve("regular", "booth", 20, FLAT_END) +
        curve("sobolev", "booth", 20, FALLING) +
        curve("regular", "ackley", 20, FALLING) +
        curve("sobolev", "ackley", 20, FLAT_END))


def test_curves_are_arranged_by_seed_and_step():
  steps, values, seeds = curves.Curves(ROWS[::-1]).of("booth", 20, "regular")
  np.testing.assert_array_equal(steps, STEPS)
  assert seeds == list(range(len(NOISE)))
  np.testing.assert_allclose(
      np.log10(values), np.add.outer(NOISE, FLAT_END), atol=1e-12)


def test_other_metrics_are_not_curves():
  assert curves.Curves([made_up_row("regular", "booth", 20, 0, 1.)]).sizes == []


def test_change_over_the_last_fifth():
  found = curves.Curves(ROWS)
  assert found.late_change("booth", 20, "regular") == pytest.approx(.01)
  assert found.late_change("booth", 20, "sobolev") == pytest.approx(-.5)
  assert np.isnan(found.late_change("booth", 100, "regular"))


def test_cells_that_are_not_flat_are_named():
  regular, sobolev = curves.flatness(curves.Curves(ROWS)).split(". ")[:2]
  assert regular == (
      "regular networks' validation error is flat in 1 of 2 cells; not in: "
      "ackley at n = 20 (-0.50)")
  assert sobolev.endswith("1 of 2 cells; not in: booth at n = 20 (-0.50)")


@pytest.mark.parametrize("steps, change", [
    ([30], None), ([20, 30], -1.), ([23, 24, 30], -1.), ([24, 25, 30], -2.),
    ([25, 30], None)])
def test_change_is_since_the_last_measurement_before(steps, change):
  rows = [dataclasses.replace(made_up_row(
      "regular", "booth", 20, 0, 10.**-i, "validation_mse"), step=step)
          for i, step in enumerate(steps)]
  found = curves.Curves(rows).late_change("booth", 20, "regular")
  assert found == pytest.approx(
      np.nan if change is None else change, nan_ok=True)
  assert ("it is not known" in curves.flatness(curves.Curves(rows))) == (
      change is None)


def test_who_reaches_whose_end():
  # Sobolev's curve of booth is below regular's last value, .31, at step 50.
  assert ("| booth | 20 | at step 50 of 50 (5 of 5 seeds) | in 0 of 5" in
          curves.reaching_table(curves.Curves(ROWS)))
  assert curves.reaching_table(
      curves.Curves(curve("regular", "booth", 20, FALLING))) == ""


def test_divergence_does_not_break_the_section(tmp_path):
  broken = [dataclasses.replace(row, value=np.nan)
            if row.seed == 1 and row.step > 20 else row for row in ROWS]
  text = curves.write(broken, "title", tmp_path / "curves.png")
  assert "curves.png" in text and (tmp_path / "curves.png").exists()
  assert curves.Curves(broken).late_change(
      "booth", 20, "regular") == pytest.approx(.01)


def test_section_has_curves_only_where_they_were_measured(tmp_path):
  ends = [made_up_row(row.method, row.task, row.n, row.seed, row.value, metric)
          for row in ROWS for metric in ("test_mse", "test_gradient_mse")
          if row.step == STEPS[-1]]
  without = figure2.write(results(ends, tmp_path))
  assert "Learning curves" not in without
  text = figure2.write(results(ends + ROWS, tmp_path))
  assert "**Learning curves**" in text and "60 steps" in text
  assert (tmp_path / "figure2-0-curves.png").exists()
