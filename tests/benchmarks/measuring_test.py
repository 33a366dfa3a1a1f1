"""Tests of how benchmarks measure."""

import numpy as np
import pytest

from benchmarks import measuring


def test_machine_names_the_cores():
  assert measuring.machine().endswith(" cores")


def test_products_run():
  measuring.products(2, 3, 4)(2)


def test_peak_memory_sees_what_was_freed():
  peak = measuring.peak_memory(lambda: np.ones(8 * 2**20))  # 64 MiB
  if np.isnan(peak):
    pytest.skip("this system does not tell")
  assert 60 < peak < 120
