"""Tests of how benchmarks measure."""

import time

import numpy as np
import pytest

from benchmarks import measuring


def test_machine_names_the_cores():
  assert measuring.machine().endswith(" cores")


def test_timings_are_interleaved_medians_without_the_first():
  calls = []

  def make(name, seconds):
    def run(count):
      calls.append((name, count))
      time.sleep(seconds[sum(called == name for called, _ in calls) - 1])
    return run

  found = measuring.seconds_per_step(
      {"a": make("a", [.2, 0., .04, .3]), "b": make("b", [0.] * 4)},
      {"a": 2, "b": 1}.__getitem__, 3)
  assert calls == [("a", 2), ("b", 1)] * 4
  assert .02 <= found["a"] < .1 and found["b"] < found["a"]


def test_products_run():
  measuring.products(2, 3, 4)(2)


def test_peak_memory_sees_what_was_freed():
  peak = measuring.peak_memory(lambda: np.ones(8 * 2**20))  # 64 MiB
  if np.isnan(peak):
    pytest.skip("this system does not tell")
  assert 60 < peak < 120
