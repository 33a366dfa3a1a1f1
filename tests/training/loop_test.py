"""Tests of the loop: counting, resuming, stopping, diverging."""

import os
import shutil
import signal

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.training import loop

STEPS = 23
SCHEDULE = loop.Schedule(STEPS, chunk=7, evaluate_every=5, checkpoint_every=4)
EVALUATED = [5, 10, 15, 20, 23]
SAVED = [4, 8, 12, 16, 20, 23]


class Walk(tf.Module):
  """Three members that drift and are kicked, as training would move them."""

  def __init__(self, poison_at=None, poisoned=(1,)):
    super().__init__()
    self.position = tf.Variable(tf.zeros([3], tf.float64))
    self.count = tf.Variable(0, dtype=tf.int64)
    self.poison_at = poison_at
    self.poisoned = poisoned
    self.indices = []  # of Python-loop steps

  def step(self, index):
    self.indices.append(index)
    self.count.assign_add(1)
    kick = tf.random.stateless_normal(
        [3], tf.stack([7, tf.cast(index, tf.int32)]), dtype=tf.float64)
    if self.poison_at is not None:
      bad = tf.constant([e in self.poisoned for e in range(3)])
      kick = tf.where(
          bad & (index == self.poison_at), np.nan * tf.ones_like(kick), kick)
    self.position.assign(.9 * self.position + kick)
    return {"loss": self.position**2, "index": index}

  def evaluate(self):
    return {"position": self.position.numpy(), "nothing": np.nan}


def run(walk, schedule=SCHEDULE, **options):
  options.setdefault("evaluate", walk.evaluate)
  return loop.train(walk.step, {"walk": walk}, schedule, **options)


@pytest.fixture(scope="module")
def whole():
  """An uninterrupted run."""
  walk = Walk()
  history = run(walk)
  return walk.position.numpy(), history


def check_same(walk, history, whole):
  position, expected = whole
  assert walk.count == STEPS
  np.testing.assert_array_equal(walk.position, position)
  np.testing.assert_equal(history.records, expected.records)
  assert history.diverged_at == expected.diverged_at


def test_measures_when_it_should(whole):
  _, history = whole
  assert [r["step"] for r in history.records] == EVALUATED
  # The metrics are those of the last step done.
  assert [r["index"] for r in history.records] == [
      step - 1 for step in EVALUATED]
  for record in history.records:
    assert len(record["loss"]) == 3 and np.isnan(record["nothing"])
    np.testing.assert_allclose(
        record["loss"], np.square(record["position"]), rtol=1e-15)
  assert history.diverged_at == [None] * 3


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("chunk, evaluate_every, checkpoint_every", [
    (1, 0, 0), (7, 5, 4), (100, 0, 9), (6, 4, 0), (23, 23, 23)])
def test_number_of_steps_is_exact(
    tmp_path, compiled, chunk, evaluate_every, checkpoint_every):
  walk = Walk()
  saved = []
  history = run(
      walk, loop.Schedule(STEPS, chunk, evaluate_every, checkpoint_every),
      compiled=compiled, folder=tmp_path, on_checkpoint=saved.append)
  assert walk.count == STEPS
  if not compiled:
    assert [int(i) for i in walk.indices] == list(range(STEPS))
  every = evaluate_every or STEPS
  assert [r["step"] for r in history.records] == sorted(
      {*range(every, STEPS, every), STEPS})
  every = checkpoint_every or STEPS
  assert saved == sorted({0, *range(every, STEPS, every), STEPS})


def test_compiled_equals_the_python_loop(whole):
  walk = Walk()
  history = run(walk, compiled=False)
  np.testing.assert_allclose(walk.position, whole[0], rtol=1e-13)
  for mine, theirs in zip(history.records, whole[1].records, strict=True):
    np.testing.assert_allclose(mine["loss"], theirs["loss"], rtol=1e-13)
    assert mine["step"] == theirs["step"] and mine["index"] == theirs["index"]


def test_intervals_do_not_change_the_result(whole):
  walk = Walk()
  run(walk, loop.Schedule(STEPS, chunk=100))
  np.testing.assert_allclose(walk.position, whole[0], rtol=1e-13)


def test_the_last_metrics_are_recorded_without_an_evaluation():
  history = loop.train(
      lambda index: {"loss": tf.cast(index, tf.float32)}, {},
      loop.Schedule(7, chunk=3))
  assert history.records == [{"step": 7, "loss": 6.}]


def test_resumes_with_an_optimizer_that_creates_its_slots_late(tmp_path):
  def train(steps):
    weight = tf.Variable([3., -2.])
    optimizer = snt.optimizers.Adam(.1)

    def step(unused_index):
      with tf.GradientTape() as tape:
        loss = tf.reduce_sum(weight**4)
      optimizer.apply(tape.gradient(loss, [weight]), [weight])
      return {"loss": loss}

    loop.train(step, {"weight": weight, "optimizer": optimizer},
               loop.Schedule(steps, checkpoint_every=5),
               folder=tmp_path / "run" if steps else None)
    return weight.numpy()

  train(5)
  resumed = train(10)
  shutil.rmtree(tmp_path / "run")
  np.testing.assert_array_equal(resumed, train(10))


@pytest.mark.parametrize("place, steps", [
    ("evaluate", EVALUATED), ("on_checkpoint", [0, *SAVED])])
def test_resumes_bit_for_bit_wherever_it_was_killed(
    tmp_path, whole, place, steps):
  for kill_at in steps:
    folder = tmp_path / str(kill_at)
    walk = Walk()

    def killed_evaluation(walk=walk, kill_at=kill_at):
      if place == "evaluate" and walk.count == kill_at:
        raise RuntimeError("killed")
      return walk.evaluate()

    def killed_checkpoint(step, kill_at=kill_at):
      if place == "on_checkpoint" and step == kill_at:
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
      run(walk, evaluate=killed_evaluation, on_checkpoint=killed_checkpoint,
          folder=folder)
    resumed = Walk()
    seen = []
    history = run(resumed, folder=folder, on_checkpoint=seen.append)
    assert seen[0] == max(
        s for s in [0, *SAVED]
        if s < kill_at or (place == "on_checkpoint" and s == kill_at))
    check_same(resumed, history, whole)


def test_a_finished_run_is_only_read(tmp_path, whole):
  run(Walk(), folder=tmp_path)
  again = Walk()
  check_same(again, run(again, folder=tmp_path, compiled=False), whole)
  assert again.indices == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_cleanly_and_resumes(tmp_path, whole, number):
  handlers = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
  walk = Walk()

  def evaluate():
    if walk.count == 10:
      os.kill(os.getpid(), number)
    return walk.evaluate()

  with pytest.raises(errors.Interrupted) as stop:
    run(walk, evaluate=evaluate, folder=tmp_path, title="the walk")
  assert stop.value.signal_number == number
  assert str(stop.value).startswith("Stopped at step 10 of 23 (the walk)")
  assert walk.count == 10
  assert handlers == [
      signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
  resumed = Walk()
  check_same(resumed, run(resumed, folder=tmp_path), whole)


def test_signal_in_the_last_chunk_is_not_lost(tmp_path, whole):
  walk = Walk()

  def evaluate():
    if walk.count == STEPS:
      os.kill(os.getpid(), signal.SIGTERM)
    return walk.evaluate()

  # A grid of many short trainings must stop, not begin the next one.
  with pytest.raises(errors.Interrupted):
    run(walk, evaluate=evaluate, folder=tmp_path)
  resumed = Walk()
  check_same(resumed, run(resumed, folder=tmp_path), whole)


def test_second_signal_stops_at_once():
  def evaluate():
    for _ in range(2):
      os.kill(os.getpid(), signal.SIGINT)
    return {}

  walk = Walk()
  # As in a terminal; a script's background job starts with SIGINT ignored.
  before = signal.signal(signal.SIGINT, signal.default_int_handler)
  try:
    with pytest.raises(KeyboardInterrupt):
      run(walk, evaluate=evaluate)
  finally:
    signal.signal(signal.SIGINT, before)
  assert walk.count == EVALUATED[0]


def test_one_diverged_member_leaves_the_others_alone(tmp_path, whole):
  walk = Walk(poison_at=9)
  history = run(walk, folder=tmp_path)
  # Steps 8 and 9 are run by the call that ends with evaluation 10.
  assert history.diverged_at == [None, 10, None]
  assert np.isnan(walk.position[1])
  for mine, theirs in zip(history.records, whole[1].records, strict=True):
    for name in ("loss", "position"):
      assert mine[name][::2] == theirs[name][::2]
  np.testing.assert_array_equal(walk.position[::2], whole[0][::2])
  again = run(Walk(), folder=tmp_path)
  assert again.diverged_at == [None, 10, None]


def test_all_members_diverged():
  history = run(Walk(poison_at=9, poisoned=(0, 1, 2)))
  assert history.diverged_at == [10, 10, 10]
  assert max(record["step"] for record in history.records) <= 10  # it stopped


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("compiled", [True, False])
def test_scalar_loss_diverged(bad, compiled):
  def step(index):
    return {"loss": tf.where(index >= 5, bad, 1.)}
  with pytest.raises(errors.UserError) as error:
    loop.train(step, {}, loop.Schedule(20, chunk=4), compiled=compiled)
  assert str(error.value).startswith(
      "Training diverged: not finite are loss from step 6 on (training)")


@pytest.mark.parametrize("compiled", [True, False])
def test_the_term_that_failed_first_is_named(compiled):
  weight = tf.Variable(1.)

  def step(index):
    with tf.GradientTape() as tape:
      loss = tf.sqrt(weight) * tf.cast(index < 100, tf.float32)
    gradient = tape.gradient(loss, weight)  # infinite where the weight is 0
    weight.assign(tf.where(index < 2, weight, 0.) - 0. * gradient)
    return {"loss": loss, "gradient": gradient, "index": index}

  with pytest.raises(errors.UserError) as error:
    loop.train(step, {}, loop.Schedule(20, chunk=7), compiled=compiled)
  assert str(error.value).startswith(
      "Training diverged: not finite are gradient from step 4 on, loss from "
      "step 5 on (training)")


def test_a_loss_that_becomes_finite_again_goes_on():
  history = loop.train(
      lambda index: {"loss": tf.where(index == 3, [np.inf], [1.])}, {},
      loop.Schedule(8, chunk=5))
  assert history.diverged_at == [None]


@pytest.mark.parametrize("schedule, name", [
    (loop.Schedule(0), "steps"), (loop.Schedule(-3), "steps"),
    (loop.Schedule(2.5), "steps"), (loop.Schedule(5, chunk=-1), "chunk"),
    (loop.Schedule(5, chunk=0), "chunk"),
    (loop.Schedule(5, evaluate_every=-1), "evaluate_every"),
    (loop.Schedule(5, checkpoint_every=-1), "checkpoint_every")], ids=str)
def test_a_schedule_that_cannot_be_kept_is_refused(schedule, name):
  with pytest.raises(errors.UserError, match=f"^{name} must be an integer"):
    run(Walk(), schedule)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("metrics", [None, 1., {"error": 1.}], ids=str)
def test_a_step_without_a_loss_is_refused(metrics, compiled):
  with pytest.raises(errors.UserError, match="'loss' among them"):
    loop.train(lambda index: metrics, {}, loop.Schedule(2), compiled=compiled)


def test_tensorboard_on_request(tmp_path):
  run(Walk(), log_folder=tmp_path / "logs")
  event_file, = (tmp_path / "logs").glob("events.out.tfevents.*")
  written = {}
  for event in tf.compat.v1.train.summary_iterator(str(event_file)):
    for value in event.summary.value:
      written.setdefault(value.tag, []).append(event.step)
  assert written == {
      **{f"{name}/{e}": EVALUATED for name in ("loss", "position")
         for e in range(3)},
      "index": EVALUATED, "nothing": EVALUATED}


def test_scalar_metrics_and_state_of_float32():
  weight = tf.Variable(4.)

  def step(unused_index):
    weight.assign(weight / 2)
    return {"loss": weight**2}
  history = loop.train(
      step, {"weight": weight}, loop.Schedule(3), evaluate=dict)
  assert history.records == [{"step": 3, "loss": .25}]
