"""Figure 2's functions with every method: rows and section."""

import numpy as np
import pytest

from configs import balancing as config_lib
from reproduce import rows
from reproduce.balancing import __main__ as balancing
from reproduce.balancing import benchmark_functions, grid


@pytest.fixture(scope="module")
def finished(tmp_path_factory, command):
  """The folder of a finished smoke run."""
  folder = tmp_path_factory.mktemp("balancing") / "smoke"
  assert command(balancing, "--preset=smoke", f"--output={folder}").status == 0
  return folder


def test_rows(finished):
  measured = rows.read(finished)
  assert np.isfinite([row.value for row in measured]).all()
  assert {(row.task, row.method, row.metric) for row in measured} == {
      (task, method, metric) for task in ("booth", "ackley")
      for method in ("values", "eq1")
      for metric in (grid.VALUE, grid.DERIVATIVE)}


def test_section(finished):
  text = (finished / "section.md").read_text()
  assert "| method | ackley | booth |" in text and "nan" not in text
  assert "| booth, n = 20 |" in text and "| Eq. 1, weight 1 |" in text


def test_a_members_errors_are_0_for_the_truth_and_1_for_the_mean():
  config = config_lib.PRESETS["smoke"]
  member = benchmark_functions.members(config, 5)[0]
  assert member.task == "booth" and member.train.dy_dx.shape == (5, 2)
  exact = benchmark_functions.members(config, 100)[0]
  found = exact.measure(exact.train._replace(
      y=np.zeros([100, 1]), dy_dx=np.zeros([100, 2])))
  assert found[grid.VALUE] > .9
