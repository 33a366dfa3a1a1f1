"""The benchmark runs and prints its table."""

from benchmarks import regression
from benchmarks.peers import ours


def test_table_has_every_variant(command):
  status, out, _ = command(
      regression, "--sizes=5", "--members=2", "--steps=2", "--repeats=1")
  assert status == 0
  lines = out.splitlines()
  rows = [line.split(" | ") for line in lines if line.startswith("| ")]
  assert [row[0] for row in rows[2:]] == [
      *(f"| ensemble of 2, {algorithm}"
        for algorithm in ours.ALGORITHMS["sobolev"]),
      "| single, steps in a graph", "| single, Python loop"]
  for row in rows[2:]:
    sobolev, _, regular = row[1].split()[:3]
    assert float(sobolev) > 0 and float(regular) > 0
