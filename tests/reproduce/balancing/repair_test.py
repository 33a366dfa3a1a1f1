"""Whether a term repairs Eq. 1's loss: verdicts and the table."""

import numpy as np
import pytest

from reproduce import rows, stats
from reproduce.balancing import grid, repair

SEEDS = range(5)
NOISE = np.array([-.02, .01, 0., .02, -.01])
VALUES = NOISE[::-1]  # log10 errors of values alone


@pytest.mark.parametrize("eq1, term, expected", [
    (.5, .5, "no"), (.5, 0., "yes"), (.5, -.3, "yes"), (.5, .3, "in part"),
    (.5, .8, "no"), (0., 0., "no loss to repair"),
    (-.5, -.8, "no loss to repair")])
def test_verdicts(eq1, term, expected):
  assert repair.verdict(VALUES, eq1 + NOISE, term + np.roll(NOISE, 1)
                        ) == expected


def test_no_verdict_without_an_interval():
  assert repair.verdict(VALUES[:1], NOISE[:1], NOISE[:1]) == stats.TOO_FEW
  lost = np.full(5, np.nan)
  assert repair.verdict(VALUES, .5 + NOISE, lost) == stats.TOO_FEW


def test_table():
  measured = [
      rows.Row("a", method, grid.VALUE, 10**(decades + noise), n=20, seed=seed)
      for method, decades, noises in (
          ("values", 0., VALUES), ("eq1", .5, NOISE), ("huber", .25, NOISE))
      for seed, noise in zip(SEEDS, noises)]
  text = repair.write(measured)
  assert "| a, n = 20 | Eq. 1, weight 1 |  | **-0.50 [" in text
  assert "| a, n = 20 | Huber | **0.25 [0.25, 0.25]** | **-0.25 [" in text
  assert text.count("| in part |") == 1 and "values alone |  |" not in text
