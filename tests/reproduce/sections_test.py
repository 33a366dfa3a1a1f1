"""Tests that the sections say what the rows say."""

import math

import numpy as np
import pytest

from reproduce import markdown, stats
from reproduce import rows as results
from reproduce.regression import figure2, sensitivity
from reproduce.regression import panels as grid
from sobolev_tf import errors

NOISE = (-.02, .01, 0., .02, -.01)  # decades, one per seed; mean 0
NAN = math.nan


def row(method, task, n, seed, value, metric="test_mse", setting="s"):
  return results.Row(
      "figure2", "smoke", setting, method, task, n, seed, 60, metric, value)


def cell(task, n, gain, level=2., metrics=("test_mse", "test_gradient_mse"),
         setting="s"):
  """Five seeds whose errors differ by `gain` decades on average.

  The level varies far more between seeds than the methods differ.
  """
  rows = []
  for seed, noise in enumerate(NOISE):
    regular = level + 50 * noise
    for metric in metrics:
      rows += [
          row("regular", task, n, seed, 10**regular, metric, setting),
          row("sobolev", task, n, seed, 10**(regular - gain - noise), metric,
              setting)]
  return rows


ROWS = (cell("booth", 20, 1.) + cell("booth", 100, .003) +
        cell("ackley", 20, .5) + cell("ackley", 100, -2.))


def cells_of(line):
  return [text.strip() for text in line.strip().strip("|").split("|")]


def table(rows):
  """The table as {(function, n): [cells]}."""
  lines = figure2.table(grid.Grid(rows, "test_mse")).splitlines()[2:]
  return {tuple(cells_of(line)[:2]): cells_of(line)[2:] for line in lines}


def test_table_shows_the_rows():
  shown = table(ROWS)
  assert list(shown) == [("ackley", "20"), ("ackley", "100"),
                         ("booth", "20"), ("booth", "100")]
  # Means of log10 errors; the interval: t(0.975, 4) = 2.776, deviation of
  # the noise sqrt(0.001 / 4), so 1 ± 2.776 sqrt(0.00025 / 5) = 1 ± 0.0196.
  regular, sobolev, difference, verdict, claim = shown["booth", "20"]
  assert regular.startswith("2.00 [") and sobolev.startswith("1.00 [")
  assert difference == "1.00 [0.98, 1.02]"
  assert (verdict, claim) == ("Sobolev better", "Sobolev better")
  assert shown["booth", "100"][2:] == [
      "0.00 [-0.02, 0.02]", "no difference", "Sobolev better"]
  assert shown["ackley", "20"][2:] == [
      "0.50 [0.48, 0.52]", "Sobolev better", "regular better"]
  assert shown["ackley", "100"][2:] == [
      "-2.00 [-2.02, -1.98]", "regular better", "regular better"]


def test_order_of_the_rows_does_not_matter():
  shuffled = [ROWS[i] for i in np.random.default_rng(0).permutation(len(ROWS))]
  assert table(shuffled) == table(ROWS)


def test_summary_counts_and_names_contradictions():
  text = figure2.summary(grid.Grid(ROWS, "test_mse"))
  assert text.startswith(
      "Of 4 cells: Sobolev better in 2, regular better in 1, no difference "
      "in 1. 2 agree with the paper's text; the opposite of it: ackley at "
      "n = 20. ")


def test_cell_that_the_paper_does_not_have():
  shown = table(cell("booth", 50, 1.))
  assert shown["booth", "50"][3:] == ["Sobolev better", "none"]
  assert "0 agree" in figure2.summary(
      grid.Grid(cell("booth", 50, 1.), "test_mse"))


def test_one_seed_gives_no_verdict():
  shown = table([r for r in ROWS if r.seed == 0])
  assert shown["booth", "20"] == [
      "1.00", "0.02", "0.98", "too few seeds", "Sobolev better"]


def test_section_with_figure(tmp_path):
  rows = ROWS + [
      r for other in ROWS for r in [
          results.Row(**{**vars(other), "setting": "other"})]]
  text = figure2.write(rows, tmp_path)
  assert (tmp_path / "section.md").read_text(encoding="utf-8") == text
  for number in (0, 1):
    drawn = (tmp_path / f"figure2-{number}.png").read_bytes()
    assert drawn.startswith(b"\x89PNG") and len(drawn) > 5000
    assert f"(figure2-{number}.png)" in text
  assert text.count("| booth | 20 |") == 2
  assert "### Preset `smoke`: other, 60 steps" in text
  assert "n = 20: lower for Sobolev on 2 of 2 functions, by 0.75 decades" in (
      text)
  assert "n = 100: lower for Sobolev on 0 of 2 functions, by -1.00" in text
  assert "diverged" not in text


def diverge(rows, method, task, n, seed):
  """Makes one run one that diverged, as the grid writes it."""
  changed = [
      results.Row(**{**vars(r), "value": NAN}) if (
          r.method, r.task, r.n, r.seed) == (method, task, n, seed) else r
      for r in rows]
  kinds = {r.metric.split("_")[0] for r in rows}
  return changed + [
      row(method, task, n, seed, 30., f"{kinds.pop()}_diverged_at")]


def test_diverged_runs_are_reported_and_left_out(tmp_path):
  rows = diverge(ROWS, "regular", "booth", 20, 3)
  text = figure2.write(rows, tmp_path)
  assert "1 runs diverged" in text and "regular booth n=20 seed 3" in text
  # Seed 3's gain of 1.02 is gone: (0.98 + 1.01 + 1 + 0.99) / 4.
  difference = table(rows)["booth", "20"][2]
  assert difference.startswith("0.99 [") or difference.startswith("1.00 [")
  assert grid.Grid(rows, "test_mse").difference("booth", 20).estimate == (
      pytest.approx(.995))
  assert table(rows)["ackley", "20"] == table(ROWS)["ackley", "20"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_cell_of_which_every_run_diverged(tmp_path):
  rows = ROWS
  for seed in range(5):
    for method in grid.METHODS:
      rows = diverge(rows, method, "booth", 20, seed)
  text = figure2.write(rows, tmp_path)
  assert table(rows)["booth", "20"] == [
      "all diverged", "all diverged", "all diverged", "too few seeds",
      "Sobolev better"]
  assert "10 runs diverged" in text


def test_grid_pairs_by_seed():
  rows = [r for r in cell("booth", 20, 1.)
          if (r.method, r.seed) not in {("regular", 1), ("sobolev", 4)}]
  cells = grid.Grid(rows, "test_mse")
  for method, shift in (("regular", 0.), ("sobolev", 1.)):
    np.testing.assert_allclose(
        cells.errors("booth", 20, method),
        [2. + 50 * e - shift - e * (shift > 0) for e in (-.02, 0., .02)],
        atol=1e-12)


def test_grid_without_rows():
  with pytest.raises(errors.UserError, match="No row has the metric 'mse'"):
    grid.Grid(ROWS, "mse")


def test_interval_in_words():
  assert markdown.interval(stats.Interval(1.234, 1., 2., 5)) == (
      "1.23 [1.00, 2.00]")
  assert markdown.interval(stats.Interval(1.2, NAN, NAN, 1), 1) == "1.2"
  assert markdown.interval(stats.Interval(NAN, NAN, NAN, 0)) == "all diverged"


def trial(setting, regular, sobolev):
  """Validation rows of one setting, with the same errors in every cell."""
  rows = []
  for n in (20, 100):
    for task in ("ackley", "booth"):
      rows += cell(task, n, regular - sobolev, regular, ("validation_mse",),
                   setting)
  return rows


# Scaling a is best for Sobolev at rate 1 and for regular at rate 2.
SWEEP = (trial("a learning_rate=1", 3., 0.) + trial("a learning_rate=2", 1., 5.)
         + trial("b learning_rate=1", 2., 1.)
         + trial("b learning_rate=2", 2.5, 1.5))


def test_each_method_gets_its_best_rate_and_both_one_scaling(tmp_path):
  best, other = sensitivity.rank(SWEEP)
  assert best == ("a", {"regular": "2", "sobolev": "1"}, 1.)
  assert other == ("b", {"regular": "1", "sobolev": "1"}, 2.)
  assert sensitivity.choose(SWEEP) == best
  text = sensitivity.write(SWEEP, tmp_path)
  assert ("`tuned` preset: a, learning rate 2 (regular) and 1 "
          "(Sobolev).\n") in text
  assert "| **a** | 2 | 1 | 1.00 | 4 | 1.00 |" in text
  assert "| b | 1 | 1 | 2.00 | 4 | 1.00 |" in text
  assert (tmp_path / "section.md").read_text(encoding="utf-8") == text


def test_both_methods_count_in_the_ranks():
  rows = [*trial("a learning_rate=1", 1., 3.),
          *trial("b learning_rate=1", 2., 1.),
          *trial("c learning_rate=1", 3., 2.)]
  assert [(choice.scaling, choice.rank) for choice in sensitivity.rank(rows)
          ] == [("b", 1.5), ("a", 2.), ("c", 2.5)]


def test_diverged_run_ranks_last():
  rows = [
      results.Row(**{**vars(r), "value": NAN})
      if (r.setting, r.method, r.seed) == ("a learning_rate=1", "sobolev", 3)
      else r for r in SWEEP]
  best = sensitivity.choose(rows)
  # Sobolev falls back on a's other rate, which is worse than b's best.
  assert {c.scaling: c.rates["sobolev"] for c in sensitivity.rank(rows)} == {
      "a": "2", "b": "1"}
  assert best.rank == 1.5


def test_range_over_the_settings(tmp_path):
  rows = (cell("booth", 20, 1., 2., ("validation_mse",), "a") +
          cell("booth", 20, .25, 1., ("validation_mse",), "b") +
          cell("ackley", 20, 1., 2., ("validation_mse",), "a") +
          cell("ackley", 20, -.5, 1., ("validation_mse",), "b"))
  text = sensitivity.write(rows, tmp_path)
  assert "| booth | +0.25 ... +1.00 (Sobolev lower in all) |" in text
  assert "| ackley | -0.50 ... +1.00 |" in text
  assert "on 5 seeds" in text
