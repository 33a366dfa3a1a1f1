"""Tests of steps that XLA compiles, several to a program."""

import time

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.training import loop, xla

STEPS = 23
SCHEDULE = loop.Schedule(STEPS, chunk=7, evaluate_every=5, checkpoint_every=11)


class Walk(tf.Module):
  """Two members that are kicked; the kicks are the data."""

  def __init__(self, poison_at=-1):
    super().__init__()
    self.position = tf.Variable(tf.zeros([2], tf.float64))
    self.taken = tf.Variable(0, dtype=tf.int64)
    self.poison_at = poison_at

  def batch(self, index):
    # The data of a step may depend on a variable that the one before changed.
    self.taken.assign(tf.where(self.taken == index, index + 1, -1_000))
    kick = tf.random.stateless_normal(
        [2], tf.stack([7, tf.cast(index, tf.int32)]), dtype=tf.float64)
    return (tf.where((index == self.poison_at) & [False, True],
                     np.nan * kick, kick),)

  def update(self, index, kick):
    self.position.assign(.9 * self.position + kick)
    return {"loss": self.position**2, "index": index}


def train(at_most=3, schedule=SCHEDULE, poison_at=-1, **options):
  walk = Walk(poison_at)
  step = xla.Step(walk.batch, walk.update, at_most) if at_most else (
      lambda index: walk.update(index, *walk.batch(index)))
  history = loop.train(step, {"walk": walk}, schedule, **options)
  return walk, history


@pytest.mark.parametrize("schedule", [SCHEDULE, loop.Schedule(STEPS)])
@pytest.mark.parametrize("at_most", [1, 2, 3, 5, 10, 100])
def test_many_in_a_program_are_one_after_another(at_most, schedule):
  walk, history = train(at_most, schedule)
  plain, expected = train(0, schedule)
  assert walk.taken == STEPS
  np.testing.assert_allclose(walk.position, plain.position, rtol=1e-12)
  for mine, theirs in zip(history.records, expected.records, strict=True):
    assert mine["step"] == theirs["step"] and mine["index"] == theirs["index"]
    np.testing.assert_allclose(mine["loss"], theirs["loss"], rtol=1e-12)


@pytest.mark.parametrize("chunk, programs", [(10, 3), (8, 3), (3, 4), (1, 10)])
def test_as_many_steps_in_a_program_as_fit(chunk, programs):
  taken = tf.Variable(0)

  class Counted(xla.Step):

    def compiled(self, metrics):
      run = super().compiled(metrics)

      def counted(first, end):
        taken.assign_add(1)
        return run(first, end)

      return counted

  history = loop.train(
      Counted(lambda index: (),
              lambda index: {"loss": tf.cast(index, tf.float32)}, at_most=4),
      {}, loop.Schedule(10, chunk=chunk))
  assert history.records == [{"step": 10, "loss": 9.}]
  assert int(taken) == programs


@pytest.mark.parametrize("at_most", [0, -1])
def test_programs_of_no_steps_are_refused(at_most):
  with pytest.raises(errors.UserError, match=f"at_most .* got {at_most}"):
    xla.Step(lambda index: (), lambda index: {}, at_most)


def test_where_it_stops_changes_not_a_bit():
  whole, _ = train(10, loop.Schedule(STEPS, chunk=STEPS))
  for chunk in (1, 7, 10):
    stopped, _ = train(10, loop.Schedule(STEPS, chunk=chunk))
    np.testing.assert_array_equal(stopped.position, whole.position)


def test_a_program_is_compiled_once():
  walk = Walk()
  run = loop.compile_steps(xla.Step(walk.batch, walk.update, 4))

  def seconds(first, count):
    start = time.perf_counter()
    run(first, count)
    return time.perf_counter() - start

  once = seconds(0, 4)  # some tenths of a second, against a millisecond
  later = [seconds(4, 4), seconds(8, 3), seconds(11, 1), seconds(12, 4)]
  assert max(later) < once / 2


def test_divergence_is_noted_to_the_step():
  for poison_at in range(8, 13):
    _, history = train(poison_at=poison_at)
    assert history.diverged_at == [None, poison_at + 1]


def test_a_scalar_loss_that_diverges_names_the_step():
  step = xla.Step(lambda index: (), lambda index: {
      "loss": tf.where(index >= 5, np.inf, 1.)}, 4)
  with pytest.raises(errors.UserError, match="loss from step 6 on"):
    loop.train(step, {}, loop.Schedule(20, chunk=20))


def test_resumed_is_uninterrupted(tmp_path):
  whole, expected = train(folder=tmp_path / "whole")
  stopped = Walk()
  calls = []

  def evaluate():
    calls.append(None)
    if len(calls) == 4:  # at step 20, after the checkpoint of step 11
      raise KeyboardInterrupt
    return {}

  with pytest.raises(KeyboardInterrupt):
    loop.train(xla.Step(stopped.batch, stopped.update, 3), {"walk": stopped},
               SCHEDULE, evaluate=evaluate, folder=tmp_path / "part")
  resumed, history = train(folder=tmp_path / "part")
  np.testing.assert_array_equal(resumed.position, whole.position)
  assert history.records == expected.records
