"""The cost of a step: counts by hand, and the table."""

import tensorflow as tf

from benchmarks import synthetic_gradients as benchmark
from sobolev_tf.networks import classifiers, convnet


def test_counts_by_hand():
  w = tf.ones([3, 3, 2, 5])
  v = tf.ones([5, 7])

  @tf.function
  def step():
    with tf.GradientTape() as tape:
      tape.watch([w, v])
      y = tf.nn.conv2d(tf.ones([1, 4, 4, 2]), w, 2, "SAME")  # [1, 2, 2, 5]
      loss = tf.reduce_sum(tf.tanh(tf.reduce_mean(y, [1, 2]) @ v))
    unused = tf.ones([9, 9]) @ tf.ones([9, 9])
    del unused
    return tape.gradient(loss, [w, v])

  # Forward; the gradient of each weight; that of the mean: no images need one.
  assert benchmark.multiply_adds(step.get_concrete_function().graph) == (
      2 * (4 * 9 * 2 * 5) + 3 * 5 * 7)


def test_backpropagation_costs_three_passes_less_the_inputs_gradient():
  run = benchmark.make_step("small", "backpropagation", 3, "true", 2)
  count = benchmark.multiply_adds(run.get_concrete_function().graph) / 2
  blocks = classifiers.ARCHITECTURES["small"].blocks
  forward = convnet.multiply_adds(blocks, 32)
  first = convnet.multiply_adds(blocks[:1], 32)
  assert count == 3 * forward - first + 3 * 64 * 10  # and the linear layer


def test_table_has_every_method(command):
  status, out, _ = command(
      benchmark, "--batch_size=2", "--steps=1", "--repeats=1")
  assert status == 0
  rows = [line.strip("| ").split(" | ") for line in
          out.splitlines() if line.startswith("| ")][2:]
  ratio = {row[0]: float(row[2]) for row in rows}
  assert len(ratio) == 2 + 2 * 4
  assert ratio["noprop"] < ratio["backpropagation"] == 1
  assert ratio["critic, true"] < ratio["sobolev, true"]
  assert ratio["sobolev, bootstrapped"] <= ratio["sobolev, true"]
