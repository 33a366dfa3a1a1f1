"""Multiply-adds of a graph, by hand."""

import tensorflow as tf

from benchmarks import counting


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
  assert counting.multiply_adds(step.get_concrete_function().graph) == (
      2 * (4 * 9 * 2 * 5) + 3 * 5 * 7)
