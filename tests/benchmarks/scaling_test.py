"""The measurement of scaling stores every axis and draws it."""

import pytest

from benchmarks import scaling
from configs import benchmarks as config_lib
from reproduce import experiment
from reproduce import run as run_lib

CONFIG = config_lib.Scaling(
    points=(3,), widths=(4,), orders=(0, 2), outputs=(1, 3), exact_outputs=2,
    members=2, batch_size=3, steps=1, repeats=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
  folder = tmp_path_factory.mktemp("scaling") / "run"
  return folder, run_lib.run(scaling.plan(CONFIG, "smoke"), folder)


def test_rows(made):
  found = {
      (f"{row.settings['axis']}={row.settings['at']}", row.method)
      for row in made[1]}
  gradients = ("regular", "nested tapes", "four products")
  assert found == {
      *(("points=3", method) for method in gradients),
      *(("width=4", method) for method in gradients),
      ("order=0", "regular"), ("order=2", "nested tapes"),
      *(("outputs=1", m) for m in ("regular", "stochastic", "exact")),
      *(("outputs=3", m) for m in ("regular", "stochastic"))}
  assert all(row.value > 0 for row in made[1])


def test_section(made, tmp_path):
  text = scaling.write(experiment.Results(made[1], made[0], tmp_path))
  assert text.count("(1.00)") >= 5  # a regular step over itself
  assert (tmp_path / "scaling.png").stat().st_size > 1000


def test_table_by_hand():
  lines = scaling.table("order", {
      (0, "regular"): .001, (1, "nested tapes"): .0015}).splitlines()
  assert lines[2:] == ["| 0 | 1.000 (1.00) |  |", "| 1 |  | 1.500 (1.50) |"]
