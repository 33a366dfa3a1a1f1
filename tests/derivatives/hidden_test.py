"""Tests of derivatives with respect to hidden activations."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf.derivatives import hidden as internal
from sobolev_tf.networks import mlp

NETWORK = mlp.EnsembleMLP([0], 3, (5, 4, 2), tf.tanh, tf.float64)
X = tf.random.stateless_normal([1, 6, 3], [0, 1], dtype=tf.float64)


def by_hand(depth):
  """D_x f and D_h f by a plain tape, `[1, N, 2, *]` each."""
  lower, upper = NETWORK.split(depth)
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(X)
    h = lower(X)
    y = upper(h)
    outputs = [y[..., k] for k in range(2)]
  return [np.stack([tape.gradient(output, source) for output in outputs], -2)
          for source in (X, h)]


@pytest.mark.parametrize("depth, width", [(1, 5), (2, 4)])
def test_one_jacobian_holds_both(depth, width):
  function = internal.perturbed(*NETWORK.split(depth), inputs=3)
  points = internal.at(X, width)
  np.testing.assert_array_equal(function(points), NETWORK(X))
  jacobian = derivatives.jacobian(function, points, batch_dims=2)
  by_input, by_activation = by_hand(depth)
  np.testing.assert_allclose(jacobian[..., :3], by_input, rtol=1e-12)
  np.testing.assert_allclose(jacobian[..., 3:], by_activation, rtol=1e-12)


def test_directions_project_the_internal_derivative():
  rows = internal.random_directions(2, 5, seed=7, dtype=tf.float64)
  np.testing.assert_allclose(
      tf.matmul(rows, rows, transpose_b=True), np.eye(2), atol=1e-12)
  function = internal.perturbed(*NETWORK.split(1), 3, rows)
  jacobian = derivatives.jacobian(function, internal.at(X, 2), batch_dims=2)
  np.testing.assert_allclose(
      jacobian[..., 3:], by_hand(1)[1] @ tf.transpose(rows).numpy(),
      rtol=1e-10)


def test_internal_derivatives_train_the_layers_below():
  function = internal.perturbed(*NETWORK.split(1), inputs=3)
  with tf.GradientTape() as tape:
    loss = tf.reduce_sum(derivatives.jacobian(
        function, internal.at(X, 5), batch_dims=2)[..., 3:]**2)
  gradients = tape.gradient(loss, NETWORK.weights)
  assert all(np.abs(gradient).max() > 1e-4 for gradient in gradients)


@pytest.mark.parametrize("size, rows", [
    (4, None), (3, internal.random_directions(2, 5, 0, tf.float64)),
    (2, internal.random_directions(2, 4, 0, tf.float64))])
def test_sizes_that_do_not_fit(size, rows):
  function = internal.perturbed(*NETWORK.split(1), 3, rows)
  with pytest.raises(errors.UserError, match="one per direction"):
    function(internal.at(X, size))


@pytest.mark.parametrize("count", [0, 6])
def test_number_of_directions(count):
  with pytest.raises(errors.UserError, match="from 1 to 5 orthonormal"):
    internal.random_directions(count, 5, 0)


@pytest.mark.parametrize("depth", [0, 3])
def test_no_such_hidden_layer(depth):
  with pytest.raises(errors.UserError, match="depth must be from 1 to 2"):
    NETWORK.split(depth)
