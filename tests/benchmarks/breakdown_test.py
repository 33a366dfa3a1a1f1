"""The breakdown of a step runs and prints its table."""

import numpy as np

from benchmarks import breakdown
from benchmarks import work as work_lib
from sobolev_tf.networks import mlp


def test_table_has_every_part(command):
  status, out, _ = command(
      breakdown, "--sizes=5,120", "--members=1,2", "--model_steps=2",
      "--repeats=1")
  assert status == 0
  rows = [[cell.strip() for cell in line.strip("| ").split(" | ")]
          for line in out.splitlines() if line.startswith("| ")][2:]
  assert [row[:2] for row in rows] == [
      ["5", "1"], ["5", "2"], ["120", "1"], ["120", "2"]]
  for row in rows:
    assert len(row) == 7 and all(float(cell) > 0 for cell in row[2:6])


def test_parts_do_what_they_are_named_after():
  work = work_lib.make(5, 2, True)
  network = mlp.EnsembleMLP(range(2), 2)
  for update, most in ((breakdown.gradient(work, network), 1e-2),
                       (breakdown.adam(network), 2e-3)):
    before = [v.numpy() for v in network.trainable_variables]
    update(0)
    for variable, old in zip(network.trainable_variables, before):
      assert 0 < np.abs(variable - old).max() < most
  assert breakdown.products(work)(0)["loss"].shape == (2,)
