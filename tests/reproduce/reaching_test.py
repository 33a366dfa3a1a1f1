"""Tests of when a method reaches another's final error."""

import math

import numpy as np
import pytest

from reproduce import reaching

STEPS = np.array([10, 20, 30, 40])


@pytest.mark.parametrize("values, level, expected", [
    ([4., 3., 2., 1.], 2.5, 30), ([4., 2., 3., 1.], 2.5, 40),
    ([4., 3., 2., 1.], 5., 10), ([4., 3., 2., 1.], 1., 40),
    ([4., 3., 2., 1.], .5, math.inf), ([1., 1., 1., 2.], 1.5, math.inf),
    ([4., math.nan, 2., 1.], 2., 30), ([1., 1., 1., math.nan], 2., math.inf),
    ([4., 3., 2., 1.], math.nan, math.inf)])
def test_first_step(values, level, expected):
  assert reaching.first_step(STEPS, np.array(values), level) == expected


def test_reached_is_by_seed_and_a_median():
  fast = reaching.Curves(
      STEPS, np.array([[2., 1., 1., 1.], [9., 9., 4., 3.], [8., 7., 6., 5.]]),
      [0, 1, 2])
  slow = reaching.Curves(
      STEPS, np.array([[9., 9., 9., 4.5], [9., 9., 9., 1.], [0., 0., 0., 0.]]),
      [1, 0, 7])
  # Seed 0 comes to 1 at step 20, seed 1 to 4.5 at step 30.
  assert reaching.reached(fast, slow) == (25, 2, 2, 40)
  found = reaching.reached(slow, fast)  # only seed 0 does, at the end
  assert math.isnan(found.step) and found[1:] == (1, 2, 40)


def test_table():
  text = reaching.table(
      {("Pong", "1 %"): (reaching.Reached(1500., 5, 5, 2000),
                         reaching.Reached(math.nan, 1, 5, 2000)),
       ("Pong", "5 %"): (reaching.Reached(800., 4, 5, 2000),) * 2},
      ["game", "share"], ("Sobolev", "regular"),
      {("Pong", "1 %"): (.01, .004)})
  assert "Sobolev reaches regular's final error" in text
  assert "at step 1,500 of 2,000, 15.0 s (5 of 5 seeds)" in text
  assert "in 1 of 5 seeds" in text
  assert "at step 800 of 2,000 (4 of 5 seeds)" in text
