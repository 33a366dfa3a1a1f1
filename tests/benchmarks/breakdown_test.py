"""The breakdown of a step runs and prints its table."""

import numpy as np
import tensorflow as tf

from benchmarks import breakdown
from benchmarks import work as work_lib
from sobolev_tf import losses
from sobolev_tf.networks import mlp


def test_table_has_every_part(command):
  status, out, _ = command(
      breakdown, "--sizes=5", "--members=1,2", "--model_steps=2",
      "--repeats=1")
  assert status == 0
  rows = [[cell.strip() for cell in line.strip("| ").split(" | ")]
          for line in out.splitlines() if line.startswith("| ")][2:]
  assert [row[:2] for row in rows] == [["5", "1"], ["5", "2"]]
  for row in rows:
    assert len(row) == 7 and all(float(cell) > 0 for cell in row[2:6])


def test_gradient_is_that_of_nested_tapes():
  work = work_lib.make(5, 2, True)
  network = mlp.EnsembleMLP(range(2), 2)
  parameters = network.trainable_variables
  with tf.GradientTape() as tape:
    loss = losses.SobolevLoss()(
        network, work.x, (work.y, work.dy_dx), batch_dims=2).reduce()
    total = tf.reduce_sum(loss)
  expected = tape.gradient(total, parameters)
  before = [parameter.numpy() for parameter in parameters]
  np.testing.assert_allclose(
      breakdown.gradient(work, network, 1.)(0)["loss"], loss, rtol=1e-5)
  for parameter, old, gradient in zip(parameters, before, expected):
    np.testing.assert_allclose(
        old - parameter, gradient, rtol=1e-3, atol=1e-5)


def test_adam_steps_by_the_learning_rate():
  network = mlp.EnsembleMLP(range(2), 2)
  before = [v.numpy() for v in network.trainable_variables]
  breakdown.adam(network)(0)
  for variable, old in zip(network.trainable_variables, before):
    np.testing.assert_allclose(
        old - variable, work_lib.LEARNING_RATE, rtol=1e-3)


def test_products_are_of_every_member():
  work = work_lib.make(5, 2, True)
  # h W = 1, d W^T = 1, t W = 1 and h^T d = 5, the number of points.
  np.testing.assert_allclose(breakdown.products(work)(0)["loss"], [8., 8.])
