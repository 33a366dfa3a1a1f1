"""Figure 2's section says what the rows say."""

import dataclasses

from made_up import NAN, ROWS, cell, results, row
import numpy as np
import pytest

from reproduce.regression import figure2, panels


def cells_of(line):
  return [text.strip() for text in line.strip().strip("|").split("|")]


def table(rows):
  """The table as {(function, n): [cells]}."""
  lines = figure2.table(panels.Grid(rows, "test_mse")).splitlines()[2:]
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
  text = figure2.summary(panels.Grid(ROWS, "test_mse"))
  assert text.startswith(
      "Of 4 cells: Sobolev better in 2, regular better in 1, no difference "
      "in 1. 2 agree with the paper's text; the opposite of it: ackley at "
      "n = 20. ")


def test_summary_tells_by_how_much():
  assert ("it is so by 0.50 to 1.00 decades: by an order of magnitude or more "
          "in 1 of 2.") in figure2.summary(
              panels.Grid(ROWS, "test_mse"))
  assert "In no cell is Sobolev Training significantly better." in (
      figure2.summary(panels.Grid(cell("ackley", 20, -1.), "test_mse")))


def test_cell_that_the_paper_does_not_have():
  shown = table(cell("booth", 50, 1.))
  assert shown["booth", "50"][3:] == ["Sobolev better", "none"]
  assert "0 agree" in figure2.summary(
      panels.Grid(cell("booth", 50, 1.), "test_mse"))


def test_one_seed_gives_no_verdict():
  shown = table([r for r in ROWS if r.seed == 0])
  assert shown["booth", "20"] == [
      "1.00", "0.02", "0.98", "too few seeds", "Sobolev better"]


def test_section_with_figure(tmp_path):
  rows = ROWS + [
      dataclasses.replace(row, settings=row.settings | {
          "inputs": "standardised",
          "learning_rate": {"regular": .1, "sobolev": .2}[row.method]})
      for row in ROWS]
  text = figure2.write(results(rows, tmp_path))
  for number in (0, 1):
    drawn = (tmp_path / f"figure2-{number}.png").read_bytes()
    assert drawn.startswith(b"\x89PNG") and len(drawn) > 5000
    assert f"(figure2-{number}.png)" in text
    assert f"(figure2-{number}-profiles.png)" in text
  assert text.count("**All cells together: test MSE**") == 2
  assert text.count("| booth | 20 |") == 2
  assert ("### Preset `smoke`: inputs=standardised targets=raw "
          "learning_rate=0.1/0.2 activation=relu, 60 steps") in text
  assert "n = 20: lower for Sobolev on 2 of 2 functions, by 0.75 decades" in (
      text)
  assert "n = 100: lower for Sobolev on 0 of 2 functions, by -1.00" in text
  assert "diverged" not in text


def diverge(rows, method, task, n, seed):
  """Makes one run one that diverged, as the grid writes it."""
  changed = [
      dataclasses.replace(r, value=NAN) if (
          r.method, r.task, r.n, r.seed) == (method, task, n, seed) else r
      for r in rows]
  kinds = {r.metric.split("_")[0] for r in rows}
  return changed + [
      row(method, task, n, seed, 30., f"{kinds.pop()}_diverged_at")]


def test_diverged_runs_are_reported_and_left_out(tmp_path):
  rows = diverge(ROWS, "regular", "booth", 20, 3)
  text = figure2.write(results(rows, tmp_path))
  assert "1 runs diverged" in text and "regular booth n=20 seed 3" in text
  # Seed 3's gain of 1.02 is gone: (0.98 + 1.01 + 1 + 0.99) / 4.
  difference = table(rows)["booth", "20"][2]
  assert difference.startswith("0.99 [") or difference.startswith("1.00 [")
  assert panels.Grid(rows, "test_mse").difference("booth", 20).estimate == (
      pytest.approx(.995))
  assert table(rows)["ackley", "20"] == table(ROWS)["ackley", "20"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_cell_of_which_every_run_diverged(tmp_path):
  rows = ROWS
  for seed in range(5):
    for method in panels.METHODS:
      rows = diverge(rows, method, "booth", 20, seed)
  text = figure2.write(results(rows, tmp_path))
  assert table(rows)["booth", "20"] == [
      "all diverged", "all diverged", "all diverged", "too few seeds",
      "Sobolev better"]
  assert "10 runs diverged" in text
