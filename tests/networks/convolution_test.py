"""Tests of convolutions in mixed precision."""

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf.networks import convolution, initial

X = tf.constant(np.random.default_rng(0).normal(size=(2, 6, 6, 3)), tf.float32)


@pytest.mark.parametrize("options", [
    {}, {"stride": 2, "padding": snt.pad.same, "with_bias": False}])
def test_products_are_of_bfloat16_and_all_else_is_float32(options):
  single, mixed = (convolution.Conv2D(4, 3, mixed=m, **options)
                   for m in (False, True))
  results = []
  for layer in (single, mixed):
    layer(X)
    initial.redraw(layer, 0)
    with tf.GradientTape() as tape:
      tape.watch(X)
      y = layer(X)
      loss = tf.reduce_sum(y**2)
    results.append([y, *tape.gradient(loss, [X, *layer.variables])])
    assert all(v.dtype == tf.float32 for v in layer.variables)
  for exact, rounded in zip(*results):
    assert rounded.dtype == tf.float32 and rounded.shape == exact.shape
    error = np.abs(rounded - exact).max() / np.abs(exact).max()
    assert error < 4 * 2**-8  # bfloat16 has 8 significant bits
  exact, rounded = (y for y, *_ in results)
  assert np.abs(rounded - exact).max() > 0
  np.testing.assert_array_equal(
      rounded, tf.cast(tf.cast(rounded, tf.bfloat16), tf.float32))
