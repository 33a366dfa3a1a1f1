"""Tests of Figure 4's verdicts, on rows made up here."""

import numpy as np
import pytest

from reproduce import published, rows, stats
from reproduce.distillation import answer
from reproduce.distillation.cells import Cells

SPREAD = np.array([-.02, .01, 0., .015, -.005])


def rows_of(method, level, percentage=1., noise=0., game="pong", seeds=5):
  shift = np.roll(SPREAD, 1) * noise
  return [
      rows.Row(game, method, "test_kl", level + SPREAD[seed] + shift[seed],
               n=int(1000 * percentage), seed=seed, step=10, preset="cpu",
               settings={"percentage": percentage, "learning_rate": .001,
                         "alpha": None, "noise": None, "centred": True})
      for seed in range(seeds)]


def judged(level, noise, **options):
  return answer.compare(Cells(
      rows_of("regular", 1., **options) +
      rows_of("sobolev", level, noise=noise, **options)), "pong", 1.)


@pytest.mark.parametrize("level, noise, verdict", [
    (.9, .5, published.SOBOLEV), (1.1, .5, published.REGULAR),
    (1., .1, answer.EQUAL), (1., 3., answer.UNDECIDED),
    # Significant and small: it goes to a method, as the rule says.
    (.995, .01, published.SOBOLEV)])
def test_verdicts(level, noise, verdict):
  assert judged(level, noise).verdict == verdict


def test_gain_is_a_share_of_the_first_methods_mean():
  found = judged(.8, .5)
  assert found.gain.estimate == pytest.approx(.2)
  expected = stats.paired_difference(
      1. + SPREAD, .8 + SPREAD + .5 * np.roll(SPREAD, 1))
  assert found.gain.low == pytest.approx(expected.low)
  assert found.gain.size == 5


def test_one_seed_is_too_few_for_a_verdict():
  assert judged(.8, 0., seeds=1).verdict == stats.TOO_FEW


ROWS = (rows_of("regular", 1.) + rows_of("sobolev", .8, noise=.5) +
        rows_of("regular", 1., 5.) + rows_of("sobolev", 1., 5., noise=3.))


def test_paragraph():
  text = answer.write(Cells(ROWS))
  assert "Pong: 20.0 [" in text and "at 1 % of the states (Sobolev" in text
  assert "at 5 % of the states (undecided)" in text
  assert ("Of 2 cells: Sobolev better in 1, regular better in 0, equal within "
          "2 % in 0, undecided in 1.") in text
  assert "No control was run" in text
  assert answer.write(Cells(rows_of("regular", 1.))) == ""


def test_controls_are_judged_where_sobolev_is_better():
  controls = (
      rows_of("zero", .9, noise=.2) + rows_of("zero", .1, 5.) +
      rows_of("mean", .8, noise=.6) + rows_of("random", .7) +
      rows_of("shuffled", .8, noise=-4.) + rows_of("noise", .5, 5.))
  text = answer.write(Cells(list(ROWS) + controls))
  # better than it, equal or worse, undecided; in the one cell that counts
  for said in ("zero targets 1, 0, 0", "mean Jacobian 0, 1, 0",
               "random directions 0, 1, 0", "shuffled derivatives 0, 0, 1"):
    assert said in text
  assert "KL with noise" not in text  # it was not run in that cell
  none = rows_of("regular", 1.) + rows_of("sobolev", 1.1) + rows_of("zero", 1.)
  assert "no gain that a control" in answer.write(Cells(none))


def test_figure_has_a_mark_per_cell_and_method():
  drawing = answer.draw(Cells(list(ROWS) + rows_of("zero", .9)))
  axis, = drawing.axes
  marks = [line.get_xdata()[0] for line in axis.get_lines()
           if line.get_marker() == "o" and len(line.get_xdata())]
  np.testing.assert_allclose(sorted(marks), [0., 10., 20.], atol=1e-6)
  assert [label.get_text() for label in axis.get_yticklabels()] == [
      "Pong, 1 %", "Pong, 5 %"]
