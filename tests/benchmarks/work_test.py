"""Tests of the work that is compared, and of its gradient in plain arrays."""

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import four_products
from benchmarks import work as work_lib
from benchmarks.peers import ours
from sobolev_tf import losses
from sobolev_tf.networks import mlp


def make(sobolev=True, **options):
  return work_lib.make(
      6, 2, sobolev, batch_size=3, hidden_sizes=(5, 4), **options)


def test_every_row_comes_once_an_epoch():
  work = make()
  assert work.members == 2 and work.batches == 2
  assert work.x.shape == work.dy_dx.shape == (2, 6, 2)
  assert work.y.shape == (2, 6, 1)
  np.testing.assert_array_equal(np.sort(work.order), [range(6)] * 2)
  assert not np.array_equal(work.order[0], work.order[1])


def test_multiply_adds_by_hand():
  # Layers 2-5-4-1: 10, 20 and 4 multiply-adds a point and pass.
  assert make(False).multiply_adds() == 3 * (3 * 34 - 10)
  assert make(True).multiply_adds() == 3 * 4 * 34


def test_plain_arrays_give_the_gradients_of_nested_tapes():
  work = make(dtype=np.float64)
  network = mlp.EnsembleMLP(range(2), 2, (5, 4, 1), dtype=tf.float64)
  for index, (variable, w) in enumerate(zip(network.weights, work.weights)):
    variable.assign(w)
    network.biases[index].assign_add(
        .1 * (index + 1) * tf.ones_like(network.biases[index]))
  with tf.GradientTape() as tape:
    loss = losses.SobolevLoss()(
        network, work.x, (work.y, work.dy_dx), batch_dims=2).reduce()
    total = tf.reduce_sum(loss)
  expected = tape.gradient(total, [*network.weights, *network.biases])
  found, to_weights, to_biases = four_products.loss_and_gradients(
      *([v.numpy() for v in variables]
        for variables in (network.weights, network.biases)),
      work.x, work.y, work.dy_dx)
  np.testing.assert_allclose(found, loss, rtol=1e-12)
  for one, other in zip([*to_weights, *to_biases], expected, strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["pytorch", "jax_scan"])
@pytest.mark.parametrize("sobolev", [False, True])
def test_peers_take_the_same_steps(name, sobolev):
  pytest.importorskip({"pytorch": "torch", "jax_scan": "jax"}[name])
  peer = __import__(f"benchmarks.peers.{name}", fromlist=["make"])
  work = make(sobolev)
  method = "sobolev" if sobolev else "regular"
  reference = ours.make(work, ours.ALGORITHMS[method][0])
  expected = [reference(1) for _ in range(5)]
  for algorithm in peer.ALGORITHMS[method]:
    run = peer.make(work, algorithm)
    for loss in expected:
      np.testing.assert_allclose(run(1), loss, rtol=1e-4)


def test_jenn_takes_steps():
  pytest.importorskip("jenn")
  from benchmarks.peers import jenn_fit
  assert jenn_fit.make(make(), jenn_fit.OWN) is None  # one network at a time
  one = make()
  one = one._replace(x=one.x[:1], y=one.y[:1], dy_dx=one.dy_dx[:1],
                     order=one.order[:1])
  assert jenn_fit.make(one, jenn_fit.OWN)(3) is None
