"""Tests of the fitter, on losses of the tests' own."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from configs import regression
from reproduce.regression import data as data_lib
from reproduce.regression import fit
from sobolev_tf import errors
from sobolev_tf.training import checkpoint, turns

SETTINGS = regression.Settings(
    hidden_sizes=(16,), steps=300, batch_size=10,
    learning_rates=regression.LearningRates(1., 1.),  # not used
    schedule="cosine", derivative_weight=1., inputs="standardised",
    targets="standardised", activation="tanh")
DOMAIN = [(0., 10.)]


def line(slope, offset, count=20):
  """Points of a straight line, far from zero and not of unit scale."""
  x = np.linspace(0., 10., count)[:, None]
  return data_lib.RegressionData(x, slope * x + offset, np.full_like(x, slope))


LINES = [line(7., 100.), line(-.01, 3.)]


def on_values(network, unused_seed, x, y):
  return tf.reduce_mean((network(x) - y)**2, axis=(1, 2))  # [E]


def run(loss=on_values, raw=LINES, settings=SETTINGS, order=0, **options):
  options = {"learning_rate": 1e-2, "identity": {}, **options}
  return fit.fit(raw, [DOMAIN] * len(raw), list(range(len(raw))), loss,
                 settings, order=order, **options)


def test_each_member_learns_its_own_set_in_original_units():
  trained = run()
  y, dy_dx = trained.predict(np.stack([points.x for points in LINES]))
  for e, points in enumerate(LINES):
    spread = np.ptp(points.y)
    np.testing.assert_allclose(y[e], points.y, atol=.05 * spread)
    assert dy_dx[e].mean() == pytest.approx(points.dy_dx[0, 0], rel=.1)


@pytest.mark.parametrize("order", [0, 1])
def test_the_loss_is_given_minibatches_in_scaled_units(order):
  seen = []

  def loss(network, seed, x, *targets):
    seen.append([seed, x, *targets])
    return on_values(network, seed, x, targets[0])

  run(loss, settings=dataclasses.replace(SETTINGS, steps=1), order=order)
  seed, x, *targets = seen[0]
  assert seed.dtype == tf.int64 and seed.shape == (2, 2)
  assert x.shape == (2, 10, 1)
  assert [target.shape for target in targets] == [(2, 10, 1)] * (order + 1)


def test_all_points_at_every_step_if_the_batch_holds_them():
  shapes = []

  def loss(network, seed, x, y):
    shapes.append(x.shape)
    # In scaled units the targets have mean 0 and deviation 1.
    for power, moment in ((1, 0.), (2, 1.)):
      tf.debugging.assert_near(
          tf.reduce_mean(y**power, 1), tf.fill([2, 1], moment), atol=1e-4)
    return on_values(network, seed, x, y)

  run(loss, settings=dataclasses.replace(SETTINGS, steps=1, batch_size=20))
  assert set(shapes) == {(2, 20, 1)}


def test_checkpoints_of_another_run_are_refused(tmp_path, monkeypatch):
  save = checkpoint.Checkpointer.save

  def save_and_die(self, step, history):
    save(self, step, history)
    raise RuntimeError("killed")

  options = {"folder": tmp_path, "checkpoint_every": 100}
  with monkeypatch.context() as patch, pytest.raises(RuntimeError):
    patch.setattr(checkpoint.Checkpointer, "save", save_and_die)
    run(identity={"noise": .1}, **options)
  with pytest.raises(errors.UserError, match="noise"):
    run(identity={"noise": .2}, **options)
  resumed = run(identity={"noise": .1}, **options)
  for mine, theirs in zip(resumed.network.weights, run().network.weights):
    np.testing.assert_array_equal(mine, theirs)


def test_a_large_ensemble_in_turn_is_the_same(monkeypatch):
  sizes = []

  def noisy(network, seed, x, y):
    sizes.append(len(seed))
    noise = tf.stack([tf.random.stateless_normal(x.shape[1:], draw)
                      for draw in tf.unstack(seed)])
    return on_values(network, seed, x + .1 * noise, y)

  settings = dataclasses.replace(SETTINGS, xla=True, steps=60)
  raw = [line(slope, 1.) for slope in range(1, 9)]
  together = run(noisy, raw, settings)
  assert set(sizes) == {8}
  monkeypatch.setattr(turns, "_CACHE", 3_000)
  parts = run(noisy, raw, settings)
  assert set(sizes) == {8, 4}
  for mine, theirs in zip(parts.network.trainable_variables,
                          together.network.trainable_variables):
    np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("xla", [False, True])
def test_seeds_of_the_random_are_each_members_and_the_step(xla):
  drawn = tf.Variable(tf.fill([3, 2, 2], tf.constant(-1, tf.int64)))

  def loss(network, seed, x, y):
    drawn.assign(tf.tensor_scatter_nd_update(
        drawn, seed[:1, 1:], seed[tf.newaxis]))
    return on_values(network, seed, x, y)

  run(loss, settings=dataclasses.replace(SETTINGS, steps=3, xla=xla))
  np.testing.assert_array_equal(
      drawn, [[[0, step], [1, step]] for step in range(3)])


@pytest.mark.parametrize("every, steps", [(0, [7]), (3, [3, 6, 7])])
def test_measurements_during_training(every, steps):
  trained = run(
      settings=dataclasses.replace(SETTINGS, steps=7), measure_every=every,
      measure=lambda ensemble: {"mean": ensemble.predict(
          np.stack([line.x for line in LINES]), order=0)[0].mean((1, 2))})
  assert [record["step"] for record in trained.history.records] == steps
  y, = trained.predict(np.stack([line.x for line in LINES]), order=0)
  np.testing.assert_allclose(
      trained.history.records[-1]["mean"], y.mean((1, 2)))
