"""Tests of one student's training (Section 4.2)."""

import dataclasses
import itertools

import numpy as np
import pytest
import tensorflow as tf

from configs.distillation import Settings, Trial
from reproduce.distillation import methods as methods_lib
from reproduce.distillation import split as split_lib
from reproduce.distillation import student as student_lib
from sobolev_tf import derivatives, errors, losses
from sobolev_tf.atari import networks as atari
from sobolev_tf.atari import pixels, policies, recordings
from sobolev_tf.atari import states as states_lib
from sobolev_tf.losses import distillation as loss_lib
from sobolev_tf.training import loop

STATES = 60
SETTINGS = Settings(
    network="student-cpu", steps=6, warmup_steps=2, batch_size=8,
    distance="norm", evaluate_every=3, evaluation_states=10,
    checkpoint_every=2)
SPLIT = split_lib.Split(*(np.arange(a, b, dtype=np.int32)
                         for a, b in ((0, 36), (36, 40), (40, 60))))
TRIALS = {
    **dict.fromkeys(methods_lib.METHODS, Trial(1e-3, alpha=1.)),
    "regular": Trial(1e-3), "noise": Trial(1e-3, noise=.1)}


@pytest.fixture(scope="module")
def teacher():
  network = atari.make_network(3, atari.SIZES["teacher-cpu"], 5)
  network._policy.w.assign(100 * network._policy.w)  # a decided one
  return network


@pytest.fixture(scope="module")
def untrained_teacher(teacher):
  """Its weights before any student."""
  return [v.numpy() for v in teacher.variables]


@pytest.fixture(scope="module")
def states(teacher):
  frames = np.random.default_rng(1).integers(
      256, size=(STATES, 84, 84), dtype=np.uint8)
  log = recordings.ActionLog(
      "pong", 0, "none", (0,), np.zeros((1, STATES), np.uint8),
      np.zeros((1, STATES), bool), ("",))
  stacks = recordings.stacks(frames, recordings.stack_indices(log))
  return states_lib.States(recordings.Recording(
      log, frames, np.zeros(STATES, np.float32),
      teacher(tf.constant(stacks)).logits.numpy()))


@pytest.fixture(scope="module")
def make(teacher, states, untrained_teacher):
  def call(method="sobolev", trial=None, seed=0, **changes):
    return student_lib.Distillation(
        teacher, states, SPLIT, method, trial or TRIALS[method],
        dataclasses.replace(SETTINGS, **changes), seed)
  return call


@pytest.fixture(scope="module")
def trained(make):
  """A trained student of every method."""
  students = {method: make(method) for method in methods_lib.METHODS}
  return {method: (student, student.train().records)
          for method, student in students.items()}


def weights(student):
  return [v.numpy() for v in student.student.variables]


def same(one, other):
  return all(np.array_equal(a, b) for a, b in zip(
      weights(one), weights(other), strict=True))


@pytest.mark.parametrize("method", methods_lib.METHODS)
def test_same_seed_same_student_and_only_the_policy_learns(
    method, make, trained):
  first = make(method)
  before = weights(first)
  second, records = trained[method]
  assert first.train().records == records
  assert same(first, second)
  changed = [not np.array_equal(a, b)
             for a, b in zip(before, weights(first))]
  value_head = {v.ref() for v in first.student._value.variables}
  assert changed == [
      v.ref() not in value_head for v in first.student.variables]


def test_a_centred_student_subtracts_the_mean_frame_of_its_training_states(
    make, states, monkeypatch):
  monkeypatch.setattr(states_lib, "_SLICE", 10)  # of 36
  x, _ = states(tf.constant(SPLIT.train))
  mean = tf.reduce_mean(x[..., -16:], axis=0)  # the newest frames
  np.testing.assert_allclose(
      pixels.blocks(states.mean_frame(SPLIT.train)), mean, atol=1e-6)
  network = make(trial=Trial(1e-3, alpha=1., centred=True)).student
  raw = atari.make_network(
      3, atari.SIZES["student-cpu"], 0, policy_gain=1.)
  np.testing.assert_allclose(
      network(x).logits, raw(x - tf.tile(mean, [1, 1, 4])).logits, atol=1e-5)
  np.testing.assert_array_equal(
      make().student(x).logits, raw(x).logits)


def test_methods_share_initial_weights_and_minibatches(make):
  regular, sobolev = make("regular"), make("sobolev")
  assert same(regular, sobolev)
  for index in range(6):
    rows = [student.batches(tf.constant(index, tf.int64), student._rows)[0]
            for student in (regular, sobolev)]
    np.testing.assert_array_equal(*rows)
  assert not same(make(seed=1), make(seed=2))


def test_alpha_zero_is_the_regular_student_bit_for_bit(make, trained):
  (regular, records), zero = trained["regular"], make("sobolev", Trial(1e-3))
  assert records == zero.train().records
  assert same(regular, zero)


def test_methods_differ(trained):
  students = [student for student, _ in trained.values()]
  for one, other in itertools.combinations(students, 2):
    assert not same(one, other)


def by_hand(student, teacher, x, log_probs, index, teacher_x=None, **options):
  """The loss of a method as `DistillationLoss` alone gives it."""
  return loss_lib.DistillationLoss(1., **options)(
      policies.log_policy(student.student), x,
      policies.log_policy(teacher), student._fold(index, 1),
      teacher_log_probs=log_probs, teacher_x=teacher_x)


@pytest.mark.parametrize("method", ["sobolev", "exact", "shuffled", "squared"])
def test_methods_by_hand(method, make, teacher):
  student = make(method)
  x, log_probs = student._states(tf.range(6))
  options = {
      "sobolev": {}, "exact": {"exact": True},
      "squared": {"distance": losses.squared_error},
      "shuffled": {"teacher_x": tf.gather(x, [3, 4, 5, 0, 1, 2])}}[method]
  found = student._terms(x, log_probs, 7)
  expected = by_hand(student, teacher, x, log_probs, 7, **options)
  for one, other in zip(found.orders, expected.orders):
    np.testing.assert_allclose(one, other, rtol=1e-5)


def test_noise_is_on_the_states_of_both(make, teacher):
  student = make("noise")
  x, log_probs = student._states(tf.range(6))
  noisy = x + .1 * tf.random.stateless_normal(x.shape, student._fold(7, 2))
  expected = loss_lib.kl_to_target(
      policies.log_policy(teacher)(noisy),
      policies.log_policy(student.student)(noisy))
  np.testing.assert_allclose(
      student._terms(x, log_probs, 7).value, expected, rtol=1e-4)


def test_no_noise_is_the_regular_student(make, trained):
  (regular, _), quiet = trained["regular"], make("noise", Trial(1e-3))
  quiet.train()
  for one, other in zip(weights(regular), weights(quiet)):
    np.testing.assert_allclose(one, other, atol=2e-4)  # float32, 6 Adam steps


def test_the_teacher_stays_as_it_is(trained, untrained_teacher, teacher):
  assert set(trained) == set(methods_lib.METHODS)
  for old, variable in zip(untrained_teacher, teacher.variables):
    np.testing.assert_array_equal(old, variable)


def test_the_mean_jacobian_is_of_the_training_states(make, teacher):
  student = make("mean")
  x, _ = student._states(tf.constant(SPLIT.train))
  jacobians = derivatives.jacobian(policies.log_policy(teacher), x)
  np.testing.assert_allclose(
      student._mean_jacobian, tf.reduce_mean(jacobians, axis=0), atol=1e-5)
  assert make("sobolev")._mean_jacobian is None


@pytest.mark.parametrize("method", ["regular", "sobolev"])
def test_resumption_is_exact(method, make, trained, tmp_path, monkeypatch):
  whole, records = trained[method]
  cut = make(method)
  save = loop.checkpoint_lib.Checkpointer.save

  def save_and_die(self, step, history):
    save(self, step, history)
    if step == 4:
      raise KeyboardInterrupt

  monkeypatch.setattr(loop.checkpoint_lib.Checkpointer, "save", save_and_die)
  with pytest.raises(KeyboardInterrupt):
    cut.train(folder=tmp_path)
  monkeypatch.undo()
  resumed = make(method)
  assert resumed.train(folder=tmp_path).records == records
  assert same(resumed, whole)


def test_directions_are_fresh_every_step(make):
  student = make()
  x, log_probs = student._states(tf.range(4))
  first, second = (
      student._terms(x, log_probs, tf.constant(i, tf.int64)).first
      for i in (0, 1))
  assert (first.numpy() != second.numpy()).all()


def test_evaluate_by_hand(make, teacher, states):
  student = make(evaluation_states=20)
  measured = student.evaluate()
  x, target = states(tf.constant(SPLIT.test))
  p = np.float64(tf.nn.softmax(student.student(x).logits))
  q = np.exp(np.float64(target))
  np.testing.assert_allclose(
      measured["test_kl"], np.mean(np.sum(p * np.log(p / q), 1)), rtol=1e-4)
  np.testing.assert_allclose(
      measured["test_reverse_kl"], np.mean(np.sum(q * np.log(q / p), 1)),
      rtol=1e-4)
  assert measured["test_error"] == np.mean(p.argmax(1) != q.argmax(1))
  assert set(measured) == {
      f"{part}_{metric}" for part in SPLIT._fields
      for metric in ("error", "kl", "reverse_kl")}


def test_derivative_distance_of_a_silent_student_is_one(make):
  student = make()
  student.student._policy.w.assign(tf.zeros_like(student.student._policy.w))
  np.testing.assert_allclose(student.derivative_distance(10), 1., rtol=1e-6)


def test_it_learns(make):
  student = make("sobolev", Trial(2e-3, alpha=.1), steps=60,
                 evaluate_every=60)

  before = student.evaluate()["train_kl"]
  student.train()
  assert student.evaluate()["train_kl"] < .3 * before


def test_students_are_smaller_than_teachers():
  def size(name):
    network = atari.make_network(6, atari.SIZES[name])
    return sum(v.numpy().size for v in network.policy_variables)
  for machine in ("cpu", "gpu"):
    assert size(f"student-{machine}") < .5 * size(f"teacher-{machine}")


def test_a_student_that_is_not_smaller_is_refused(make):
  with pytest.raises(errors.UserError, match="smaller network"):
    make(network="student-gpu")


@pytest.mark.parametrize("method, trial, words", [
    ("other", Trial(1e-3), "Unknown method 'other'"),
    ("regular", Trial(0.), "learning_rate"),
    ("regular", Trial(np.nan), "learning_rate"),
    ("regular", Trial(1e-3, alpha=1.), "alpha must be 0"),
    ("sobolev", Trial(1e-3, alpha=-1.), "alpha must be finite"),
    ("noise", Trial(1e-3, noise=np.inf), "noise must be finite"),
    ("sobolev", Trial(1e-3, noise=.1), "noise must be 0"),
])
def test_wrong_trials(method, trial, words, make):
  with pytest.raises(errors.UserError, match=words):
    make(method, trial)


@pytest.mark.parametrize("changes, words", [
    ({"steps": 0}, "steps must be >= 1"),
    ({"warmup_steps": -1}, "warmup_steps must be >= 0"),
    ({"batch_size": 0}, "batch_size must be >= 1"),
    ({"network": "large"}, "network must be one of"),
    ({"distance": "l1"}, "distance must be one of"),
])
def test_wrong_settings(changes, words, make):
  with pytest.raises(errors.UserError, match=words):
    make(**changes)
