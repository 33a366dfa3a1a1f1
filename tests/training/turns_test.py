"""Tests of members that train in turn."""

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.networks import mlp
from sobolev_tf.training import loop, optimizers, turns, xla

MEMBERS, POINTS, STEPS = 12, 6, 23
SIZES = (16, 1)


def build(seeds):
  network = mlp.EnsembleMLP(seeds, 2, SIZES, dtype=tf.float64)
  rate = optimizers.cosine(1e-2, STEPS)  # depends on the count of steps
  return network, optimizers.Adam(network.trainable_variables, rate)


class Training:
  """Members that learn points of their own, a few at each step."""

  def __init__(self, part_size=MEMBERS, at_most=4):
    self.whole = part = build(range(MEMBERS))
    in_turn = None
    if part_size < MEMBERS:
      part = build([99] * part_size)  # whose values do not matter
      in_turn = turns.Turns(self.whole, part)
    data = [tf.random.stateless_normal(
        [MEMBERS, POINTS, size], [0, size], dtype=tf.float64)
            for size in (2, 1)]

    def update(index, rows, x, y):
      network, optimizer = part
      x, y = (tf.gather(t, rows, batch_dims=1) for t in (x, y))
      with tf.GradientTape() as tape:
        # What is random depends on the step, too.
        noise = tf.random.stateless_normal(
          x.shape[1:], tf.stack([index, 0]), dtype=tf.float64)
        squared = (network(x + .1 * noise) - y)**2
        loss = tf.reduce_mean(squared, axis=(1, 2))
      parameters = network.trainable_variables
      optimizer.apply(tape.gradient(loss, parameters), parameters)
      return {"loss": loss, "squared": squared, "index": tf.fill(
          loss.shape, index)}

    def batch(index):
      return [tf.random.stateless_uniform(
          [MEMBERS, 3], tf.stack([index, 1]), 0, POINTS, tf.int32)]

    self.step = xla.Step(batch, update, at_most, data, in_turn)

  def variables(self):
    return [v.numpy() for module in self.whole for v in module.variables]

  def train(self, **options):
    network, optimizer = self.whole
    schedule = loop.Schedule(
        STEPS, chunk=9, evaluate_every=5, checkpoint_every=11)
    return loop.train(self.step, {"network": network, "optimizer": optimizer},
                      schedule, **options)


def assert_same(mine, theirs):
  for one, other in zip(mine.variables(), theirs.variables(), strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.fixture(scope="module")
def trained():
  """All at once, and what the loop recorded."""
  together = Training()
  return together, together.train()


@pytest.mark.parametrize("part_size, at_most", [(6, 4), (4, 50), (1, 1)])
def test_in_turn_is_all_at_once(trained, part_size, at_most):
  together, expected = trained
  parts = Training(part_size, at_most)
  history = parts.train()
  assert_same(parts, together)
  for mine, theirs in zip(history.records, expected.records, strict=True):
    for name, value in theirs.items():
      np.testing.assert_allclose(mine[name], value, rtol=1e-9, atol=1e-12)
  assert history.records[-1]["index"] == [STEPS - 1] * MEMBERS
  assert np.shape(history.records[-1]["squared"]) == (MEMBERS, 3, 1)


def test_in_turn_without_xla():
  together, parts = Training(), Training(4)
  for index in range(STEPS):
    expected, metrics = (training.step(tf.constant(index, tf.int64))
                         for training in (together, parts))
    np.testing.assert_allclose(
        metrics["loss"], expected["loss"], rtol=1e-9, atol=1e-12)
  assert_same(parts, together)


def test_resumed_is_uninterrupted(tmp_path):
  whole, stopped, resumed = (Training(4) for _ in range(3))
  expected = whole.train(folder=tmp_path / "whole")

  def evaluate(calls=[]):  # noqa: B006
    calls.append(None)
    if len(calls) == 4:  # at step 20, after the checkpoint of step 11
      raise KeyboardInterrupt
    return {}

  with pytest.raises(KeyboardInterrupt):
    stopped.train(folder=tmp_path / "part", evaluate=evaluate)
  history = resumed.train(folder=tmp_path / "part")
  assert history == expected
  for one, other in zip(resumed.variables(), whole.variables()):
    np.testing.assert_array_equal(one, other)


def test_divergence_of_a_member_is_noted_to_the_step():
  variables = build(range(MEMBERS)), build(range(3))

  def update(index, numbers):
    for variable in variables[1][0].trainable_variables:
      variable.assign(variable + 1.)
    return {"loss": tf.where(
        (numbers == 7) & (index >= 13), np.nan, tf.cast(numbers, tf.float32))}

  history = loop.train(
      xla.Step(lambda index: [], update, 5, [tf.range(MEMBERS)],
               turns.Turns(*variables)), {}, loop.Schedule(20))
  assert history.diverged_at == [14 if m == 7 else None for m in range(MEMBERS)]


def test_no_steps_change_nothing():
  training = Training(4)
  before = training.variables()
  metrics = loop.compile_steps(training.step)(5, 0)
  assert not np.any(metrics["loss"])
  for one, other in zip(training.variables(), before):
    np.testing.assert_array_equal(one, other)


def test_slots_that_a_step_creates_are_refused():
  networks = [mlp.EnsembleMLP(range(members), 2) for members in (4, 2)]
  whole, part = ([network, snt.optimizers.Adam(1e-3)] for network in networks)
  parameters = part[0].trainable_variables

  def update(index):
    part[1].apply([tf.ones_like(p) for p in parameters], parameters)
    return {"loss": tf.zeros([2])}

  step = xla.Step(lambda index: [], update, turns=turns.Turns(whole, part))
  with pytest.raises(errors.UserError, match="created variables"):
    loop.compile_steps(step)


@pytest.mark.parametrize("data, loss, message", [
    (tf.zeros([5, 3]), tf.zeros([2]), r"4 members .* got the shape \(5, 3\)"),
    (tf.zeros([]), tf.zeros([2]), r"4 members .* got the shape \(\)"),
    (tf.zeros([4]), tf.zeros([]), r"'loss' of 2 members has the shape \(\)"),
    (tf.zeros([4]), tf.zeros([3]), r"'loss' of 2 members has the shape"),
])
def test_what_members_do_not_have_is_refused(data, loss, message):
  step = xla.Step(
      lambda index: [], lambda index, mine: {"loss": loss}, data=[data],
      turns=turns.Turns(modules(4), modules(2)))
  with pytest.raises(errors.UserError, match=message):
    loop.compile_steps(step)


def modules(members, shape=(3,), **others):
  made = tf.Module()
  made.own = tf.Variable(tf.zeros([members, *shape]))
  for name, value in others.items():
    setattr(made, name, tf.Variable(value))
  return [made]


@pytest.mark.parametrize("whole, part, message", [
    (modules(4), modules(4), "with more and with fewer"),
    (modules(4), modules(2, (5,)), "of the same make"),
    (modules(4), modules(2, count=0), "of the same make"),
    (modules(4, count=0), modules(2), "of the same make"),
    (modules(4, other=[0.] * 4), modules(2, other=[0.]), "of the same make"),
    (modules(4, other=0.), modules(2, other=[0.]), "of the same make"),
    (modules(7), modules(2), "7 members cannot be divided into parts of 2"),
    (modules(2), modules(4), "2 members cannot be divided into parts of 4"),
])
def test_modules_that_do_not_match_are_refused(whole, part, message):
  with pytest.raises(errors.UserError, match=message):
    turns.Turns(whole, part)


@pytest.mark.parametrize("megabytes, members, size", [
    (.8, 64, 8), (.8, 16, 8), (.8, 15, 15), (.8, 21, 7), (.8, 17, 17),
    (.8, 22, 11), (.1, 64, 64), (.1, 128, 64), (2.9, 8, 4), (5., 8, 8)])
def test_parts_fit_a_cache(megabytes, members, size):
  numbers = int(megabytes * 1e6 / 4)
  assert turns.part_size(modules(members, (numbers,)), members) == size


def test_a_gpu_takes_all_at_once(monkeypatch):
  monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [kind])
  assert turns.part_size(modules(64, (200_000,)), 64) == 64
