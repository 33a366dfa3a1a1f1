"""Balancings of `sobolev_tf.losses` in `SobolevModel.compile`."""

import contextlib
import copy
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors, losses
from sobolev_tf.keras import SobolevModel
from sobolev_tf.keras.balanced import BalancedLoss

pytestmark = pytest.mark.usefixtures("float64")

B, D, OUT = 6, 2, 3
RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (B, D))
TARGETS = (RNG.normal(size=(B, OUT)), 5 * RNG.normal(size=(B, OUT, D)))
WEIGHTS = (RNG.uniform(.5, 2., B), RNG.uniform(.5, 2., B))


def network():
  keras.utils.set_random_seed(3)
  return keras.Sequential([
      keras.Input((D,)), keras.layers.Dense(4, "tanh"),
      keras.layers.Dense(OUT)])


def rate():
  return keras.optimizers.schedules.ExponentialDecay(.1, 1, .5)


KINDS = {
    "prefactors": lambda: losses.Prefactors((1., 8.), (4., .5), rate()),
    "scales, then likelihood": lambda: losses.ChannelScales(
        (np.array([[1., 2., 4.]]), np.full([1, 1, D], 3.)),
        losses.ProfiledLikelihood(floor=1e-8)),
    "standardise, then soft_adapt": lambda: losses.standardise(
        TARGETS, losses.SoftAdapt(weights=(1., .5))),
}
HOLES = TARGETS[1].copy()
HOLES[2], HOLES[4, 1, 0] = np.nan, np.nan


def trained(made, steps, inner=None, data=(X, (TARGETS[0], HOLES)), **options):
  made = made if isinstance(made, SobolevModel) else compiled(made, inner)
  made.fit(*data, batch_size=B, shuffle=False, epochs=steps, verbose=0,
           sample_weight=WEIGHTS, **options)
  return made


def compiled(balancing, inner=None, **options):
  made = SobolevModel(inner or network())
  made.compile(keras.optimizers.SGD(.01), loss_weights=balancing, **options)
  return made


def library(balancing, steps):
  """The same training in a loop with `SobolevLoss`."""
  net = network()
  loss = losses.SobolevLoss(weights=balancing)
  mask = [WEIGHTS[0][:, None], np.where(
      np.isnan(HOLES), 0., WEIGHTS[1][:, None, None])]
  for _ in range(steps):
    with tf.GradientTape() as tape:
      terms = loss(net, X, (TARGETS[0], HOLES), entry_weights=mask)
      total = terms.reduce()
    for v, g in zip(net.trainable_variables, tape.gradient(
        total, net.trainable_variables)):
      v.assign_sub(.01 * g)
    balancing.update(terms.means)
  return net, total


def test_training_equals_the_library_and_resumes(tmp_path):
  """Weights, NaN and all: three steps, the last one after `save`."""
  make = KINDS["scales, then likelihood"]
  net, total = library(make(), 3)
  made = trained(make(), 2)
  made.save(tmp_path / "model.keras")
  loaded = keras.models.load_model(tmp_path / "model.keras")
  before = loaded.evaluate(X, (TARGETS[0], HOLES), sample_weight=WEIGHTS,
                           batch_size=B, verbose=0, return_dict=True)
  trained(loaded, 1)
  for one, other in zip(loaded.model.variables, net.variables):
    np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
  np.testing.assert_allclose(before["loss"], total, rtol=1e-5)
  assert {"value_loss", "first_loss"} < set(before)


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_a_config_makes_another_like_it(make):
  balancing = make()
  config = BalancedLoss(balancing).get_config()
  again = BalancedLoss.from_config(json.loads(json.dumps(config))).balancing
  means = [tf.constant(2., tf.float64), tf.constant(3., tf.float64)]
  for one in (balancing, again):
    one.update(means)
  means = [[m] for m in means] if balancing.by_channel else means
  np.testing.assert_array_equal(
      balancing.weights(means), again.weights(means))
  for one, other in zip(balancing.variables, again.variables, strict=True):
    np.testing.assert_array_equal(one, other)


def test_state_is_saved_with_weights_and_copied(tmp_path):
  made = trained(losses.SoftAdapt(), 3)
  for one, other in zip(
      made.model.variables, library(losses.SoftAdapt(), 3)[0].variables):
    np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
  made.save_weights(tmp_path / "a.weights.h5")
  other = compiled(losses.SoftAdapt())
  other.load_weights(tmp_path / "a.weights.h5")
  state = made.balancing
  assert state.step.numpy() == 3 and np.any(state.rates.numpy() != 0)
  for found in (other, copy.deepcopy(made)):
    for one, loaded in zip(
        state.variables, found.balancing.variables, strict=True):
      np.testing.assert_array_equal(one, loaded)
  plain = compiled(None)  # weights without a balancing's state
  plain.save_weights(tmp_path / "b.weights.h5")
  other.load_weights(tmp_path / "b.weights.h5")
  assert other.balancing.step.numpy() == 3


def test_constants_are_what_they_are_without_a_balancing():
  plain, balanced = (
      trained(compiled(weights, loss="mae"), 1).history.history
      for weights in ((1., .5), losses.ChannelScales((1., 1.), (1., .5))))
  for name, values in plain.items():
    np.testing.assert_allclose(balanced[name], values, rtol=1e-6)


def test_projections_regularisers_and_evaluation():
  inner = network()
  kernel = inner.layers[0].kernel
  kernel.regularizer = keras.regularizers.L2(.1)
  made = SobolevModel(inner, stochastic=True)
  made.compile("sgd", loss_weights=losses.ChannelScales(
      (1., np.array([[2., 4.]])), losses.SoftAdapt()))
  state = made.balancing.variables
  before = [v.numpy() for v in state]
  first, second = (made.evaluate(X, TARGETS, verbose=0) for _ in range(2))
  assert first == second
  for variable, value in zip(state, before):
    np.testing.assert_array_equal(variable, value)
  made.compile("sgd", loss_weights=losses.ChannelScales(
      (1., np.array([[2., 4.]]))))
  kernel.regularizer = None
  np.testing.assert_allclose(
      first[0] - made.evaluate(X, TARGETS, verbose=0)[0],
      .1 * np.sum(kernel.numpy()**2), rtol=1e-5)


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}])
def test_a_step_that_is_not_finite_leaves_no_trace(options):
  made = trained(compiled(losses.SoftAdapt(), **options), 2)
  before = [v.numpy() for v in made.balancing.variables]
  targets = (np.full_like(TARGETS[0], np.inf), TARGETS[1])
  with contextlib.suppress(errors.UserError):  # none from XLA
    trained(made, 1, data=(X, targets))
  for variable, value in zip(made.balancing.variables, before, strict=True):
    np.testing.assert_array_equal(variable, value)
  if not options:  # XLA has no way out of a step, and the weights are gone
    trained(made, 1, data=(X, TARGETS))
    assert made.balancing.step.numpy() == 3


def test_every_model_has_a_balancing_of_its_own():
  given = losses.standardise(TARGETS, losses.SoftAdapt())
  one, other = compiled(given), compiled(given)
  trained(one, 3)
  steps = [[v.numpy() for v in kind.variables if v.name.startswith("step")][0]
           for kind in (given, one.balancing, other.balancing)]
  assert steps == [0, 3, 0]
  assert compiled(None).balancing is None


class Nameless(losses.Balancing):
  """A user's, which cannot be saved."""

  def weights(self, means):
    return (1.,) * len(means)


class Own(losses.Balancing):
  """A user's, which is not registered with Keras."""

  def weights(self, means):
    return (1.,) * len(means)

  def get_config(self):
    return {"order": self.order}


def load_unregistered(path):
  compiled(Own(1)).save(path)
  keras.models.load_model(path)


@pytest.mark.parametrize("call, words", [
    (lambda _: compiled(losses.SoftAdapt(order=2)), "order 2, but the loss is"),
    (lambda _: compiled(losses.SoftAdapt(), loss=(None, "mse")),
     "weighs all orders against each other"),
    (lambda _: trained(losses.ChannelScales((1., np.ones([1, 7, 2]))), 1),
     r"scales\[1\] has the shape \(1, 7, 2\)"),
    (lambda _: compiled(Nameless(1)), "Nameless has no get_config"),
    (lambda path: load_unregistered(path / "own.keras"),
     "class 'Own', which is not known"),
])
def test_mistakes_are_named(call, words, tmp_path):
  with pytest.raises(errors.UserError, match=words):
    call(tmp_path)
