"""Tests of timing by turns."""

import time

from reproduce import timing


def test_timings_are_interleaved_medians_without_the_first():
  calls = []

  def make(name, seconds):
    def run(count):
      calls.append((name, count))
      time.sleep(seconds[sum(called == name for called, _ in calls) - 1])
    return run

  found = timing.seconds_per_step(
      {"a": make("a", [.2, 0., .04, .3]), "b": make("b", [0.] * 4)},
      {"a": 2, "b": 1}.__getitem__, 3)
  assert calls == [("a", 2), ("b", 1)] * 4
  assert .02 <= found["a"] < .1 and found["b"] < found["a"]
