"""The benchmark runs and prints its table."""

import sys

from absl.testing import flagsaver
import pytest

from benchmarks import regression
from reproduce import app


def test_table_has_every_variant(monkeypatch, capsys):
  monkeypatch.setattr(sys, "argv", [
      "regression", "--sizes=5", "--members=2", "--steps=2", "--repeats=1"])
  with flagsaver.flagsaver(), pytest.raises(SystemExit) as stop:
    app.run(regression.define_flags, regression.main)
  assert not stop.value.code
  lines = capsys.readouterr().out.splitlines()
  rows = [line.split(" | ") for line in lines if line.startswith("| ")]
  assert [row[0] for row in rows[2:]] == [
      "| ensemble of 2, four products", "| ensemble of 2, nested tapes",
      "| single, steps in a graph", "| single, Python loop"]
  for row in rows[2:]:
    sobolev, _, regular = row[1].split()[:3]
    assert float(sobolev) > 0 and float(regular) > 0
