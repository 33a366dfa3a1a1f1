"""Theorem 1's section says what its rows say."""

import dataclasses
import pathlib

import pytest

from reproduce import experiment, rows
from reproduce.theory import theorem1

COMMITTED = pathlib.Path(__file__).parents[3] / "results" / "theory" / "quick"


@pytest.fixture
def results(tmp_path):
  read = experiment.Results.read(COMMITTED, tmp_path)
  return read._replace(rows=rows.matching(read.rows, task="theorem1"))


def test_section_says_where_training_leaves_the_largest_error(results):
  # Medians of three seeds, in results/theory/quick/rows.
  assert theorem1.write(results).endswith(
      "The largest error of the trained networks' derivative falls in 1 "
      "dimension (from 1.6 with 8 units to 0.28 with 128) and hardly falls in "
      "2 dimensions (from 4.9 with 16 units to 4.7 with 256).\n")
  worse = [dataclasses.replace(row, value=6.)
           if row.settings["width"] == 256 else row for row in results.rows]
  assert "does not fall in 2 dimensions (from 4.9" in theorem1.write(
      results._replace(rows=worse))


def test_every_width_has_a_line(results):
  lines = [line.split(" | ")[:3] for line in theorem1.write(
      results).splitlines() if line.startswith(("| 1 ", "| 2 "))]
  assert lines == (
      [["| 1", "constructed", f"{2**k + 2}"] for k in range(1, 9)] +
      [["| 1", "trained", width] for width in ("8", "32", "128")] +
      [["| 2", "constructed", f"{n**2 + 2}"] for n in (2, 4, 8, 16)] +
      [["| 2", "trained", width] for width in ("16", "64", "256")])
