"""Tests of Section 4.1's training."""

import dataclasses

import numpy as np
import pytest

from configs import regression
from reproduce.regression import measure
from reproduce.regression import train as train_lib
from reproduce.regression import units as units_lib
from sobolev_tf import errors, functions
from sobolev_tf.networks import mlp
from sobolev_tf.training import checkpoint

SETTINGS = regression.Settings(
    hidden_sizes=(8, 8), steps=40, batch_size=5,
    learning_rates=regression.LearningRates(1e-2, 1e-2),
    schedule="cosine", derivative_weight=1., inputs="standardised",
    targets="standardised")
BOOTH, WALL = (functions.by_name(n) for n in ("booth", "styblinski_tang"))
MEMBERS = [train_lib.Member(BOOTH, 0), train_lib.Member(WALL, 1)]


def train(method="sobolev", members=MEMBERS, count=20, settings=SETTINGS,
          **options):
  return train_lib.train(members, count, method, settings, **options)


def errors_of(trained, members=MEMBERS, points=50, order=1):
  return measure.held_out_errors(
      trained, [member.function for member in members], points, "test", order)


def weights(trained):
  return [v.numpy() for v in trained.network.variables]


def check_equal(one, other):
  for a, b in zip(weights(one), weights(other), strict=True):
    np.testing.assert_array_equal(a, b)


SMOOTH = dataclasses.replace(SETTINGS, activation="tanh")
SECOND = ("sobolev-2", "sobolev-2-stochastic")


@pytest.fixture(scope="module")
def sobolev():
  return train("sobolev")


@pytest.fixture(scope="module")
def regular():
  return train("regular")


@pytest.mark.parametrize("method", regression.SECTION_4_1)
def test_same_seed_same_results(method, request):
  first, second = request.getfixturevalue(method), train(method)
  check_equal(first, second)
  assert errors_of(first) == errors_of(second)


def test_another_seed_gives_other_results(sobolev):
  other = train(members=[train_lib.Member(BOOTH, 5), MEMBERS[1]])
  for mine, theirs in zip(sobolev.network.weights, other.network.weights):
    assert (mine[0] != theirs[0]).numpy().mean() > .9


def test_member_does_not_depend_on_its_neighbours(sobolev):
  other = train(members=[train_lib.Member(WALL, 3), MEMBERS[0]])
  for mine, theirs in zip(weights(sobolev), weights(other)):
    np.testing.assert_allclose(mine[0], theirs[1], rtol=1e-4, atol=1e-5)


def test_methods_share_data_weights_and_minibatches(regular):
  # Without its derivative term, Sobolev Training is regular training.
  off = dataclasses.replace(SETTINGS, derivative_weight=0.)
  without = train("sobolev", settings=off)
  for mine, theirs in zip(weights(without), weights(regular)):
    np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)
  for field in dataclasses.fields(units_lib.Units):
    np.testing.assert_array_equal(
        getattr(without.units, field.name), getattr(regular.units, field.name))


def test_methods_differ(regular, sobolev):
  assert np.abs(weights(regular)[0] - weights(sobolev)[0]).max() > 1e-3


def test_projected_member_does_not_depend_on_its_neighbours():
  method = "sobolev-2-stochastic"
  both = train(method, settings=SMOOTH)
  check_equal(train(method, settings=SMOOTH), both)
  alone = train(method, members=MEMBERS[1:], settings=SMOOTH)
  for mine, theirs in zip(weights(alone), weights(both)):
    np.testing.assert_allclose(mine[0], theirs[1], rtol=1e-4, atol=1e-5)


def test_second_order_lowers_the_error_of_the_hessian():
  settings = dataclasses.replace(
      SMOOTH, hidden_sizes=(32, 32), steps=200, batch_size=50)
  members = [train_lib.Member(f, 0)
             for f in (BOOTH, functions.by_name("mccormick"))]
  mse = {
      method: np.array([measured["hessian_mse"] for measured in (
          errors_of(train(method, members, 20, settings), members, 300,
                    order=2))])
      for method in ("sobolev", *SECOND)}
  for method in SECOND:
    assert (mse[method] < .7 * mse["sobolev"]).all(), mse


@pytest.mark.parametrize("method", SECOND)
def test_second_order_needs_a_smooth_network(method):
  with pytest.raises(errors.UserError, match=(
      f"{method} needs a smooth network.*activation to tanh")):
    train(method)


@pytest.mark.parametrize("saves_before_the_kill", [1, 2])
def test_killed_training_resumes_bit_for_bit(
    tmp_path, monkeypatch, sobolev, saves_before_the_kill):
  save, saved = checkpoint.Checkpointer.save, []

  def save_and_die(self, step, history):
    save(self, step, history)
    saved.append(step)
    if len(saved) == saves_before_the_kill:
      raise RuntimeError("killed")

  options = {"folder": tmp_path, "checkpoint_every": 13}
  with monkeypatch.context() as patch, pytest.raises(RuntimeError):
    patch.setattr(checkpoint.Checkpointer, "save", save_and_die)
    train(**options)
  assert saved == [13, 26][:saves_before_the_kill]  # in mid-epoch
  check_equal(train(**options), sobolev)


def test_sobolev_training_needs_fewer_points():
  members = [train_lib.Member(f, seed)
             for f in (BOOTH, WALL) for seed in (0, 1)]
  settings = dataclasses.replace(
      SETTINGS, hidden_sizes=(32, 32), steps=600, batch_size=50,
      learning_rates=regression.LearningRates(3e-3, 3e-3))
  mse = {
      method: [measured["mse"] for measured in errors_of(
          train(method, members, 100, settings), members, 1000)]
      for method in regression.SECTION_4_1}
  ratio = np.array(mse["regular"]) / mse["sobolev"]
  assert (ratio > 1).all(), ratio
  assert (np.exp(np.log(ratio).reshape(2, 2).mean(1)) > 2).all(), ratio


def test_diverging_member_leaves_the_others_alone(monkeypatch, sobolev):
  initial_weights = mlp.initial_weights

  def poisoned(seed, *arguments):
    drawn = initial_weights(seed, *arguments)
    return [w * np.nan for w in drawn] if seed == 1 else drawn

  monkeypatch.setattr(mlp, "initial_weights", poisoned)
  trained = train()
  assert trained.history.diverged_at == [None, 1]
  for mine, theirs in zip(weights(trained), weights(sobolev)):
    np.testing.assert_array_equal(mine[0], theirs[0])
    assert np.isnan(mine[1]).any()


def test_tensorboard_on_request(tmp_path):
  train("regular", log_folder=tmp_path)
  assert list(tmp_path.glob("events.out.tfevents.*"))


@pytest.mark.parametrize("change, message", [
    ({"schedule": "linear"}, "schedule must be one of constant, cosine"),
    ({"gradients": "tapes"}, "gradients must be one of nested, four_products"),
    ({"batch_size": 0}, "batch_size must be > 0"),
    ({"steps": 0}, "steps must be > 0"),
    ({"learning_rates": (1., float("nan"))}, "learning_rates must be > 0"),
    ({"derivative_weight": -1.}, "derivative_weight must be finite and >= 0"),
    ({"inputs": "log"}, "The scaling of inputs must be one of"),
    ({"activation": "sine"}, "activation must be one of relu, tanh"),
])
def test_bad_settings(change, message):
  with pytest.raises(errors.UserError, match=message):
    train(settings=dataclasses.replace(SETTINGS, **change))


def test_unknown_method():
  with pytest.raises(errors.UserError, match="got 'other'"):
    train("other")


@pytest.mark.parametrize("xla", [False, True])
@pytest.mark.parametrize("gradients", regression.GRADIENTS)
def test_every_way_to_take_a_step_trains_as_the_reference_does(
    gradients, xla, sobolev):
  fast = train(settings=dataclasses.replace(
      SETTINGS, gradients=gradients, xla=xla))
  for mine, theirs in zip(weights(fast), weights(sobolev)):
    np.testing.assert_allclose(mine, theirs, atol=2e-4)


def test_rows_tell_apart_what_sweeps_vary():
  apart = dataclasses.replace(
      SETTINGS, learning_rates=regression.LearningRates(.3, .01))
  common = {"inputs": "standardised", "targets": "standardised",
            "activation": "relu"}
  assert apart.varied("regular") == common | {"learning_rate": .3}
  for method in ("sobolev", *SECOND):
    assert apart.varied(method) == common | {"learning_rate": .01}
  assert SMOOTH.varied("regular")["activation"] == "tanh"


def test_each_method_has_its_own_learning_rate(regular, sobolev):
  apart = dataclasses.replace(
      SETTINGS, learning_rates=SETTINGS.learning_rates._replace(regular=.3))
  check_equal(train("sobolev", settings=apart), sobolev)
  changed = weights(train("regular", settings=apart))
  assert not np.array_equal(changed[0], weights(regular)[0])
