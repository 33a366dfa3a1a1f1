"""Tests of targets that are missing, of weight 0, or not trained on."""

import copy

import keras
import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.keras import SobolevModel, supervision

pytestmark = pytest.mark.usefixtures("float64")

RNG = np.random.default_rng(0)
X = RNG.uniform(.5, 1., (6, 2))
X[2, 0] = 0.  # where the slope of a square root is infinite
Y, DY = RNG.normal(size=(6, 1)), RNG.normal(size=(6, 2))


def network(power=.5, outputs=1):
  keras.utils.set_random_seed(3)
  return keras.Sequential([
      keras.Input((2,)), keras.layers.Lambda(lambda z: z**power),
      keras.layers.Dense(4, "tanh"), keras.layers.Dense(outputs)])


def gradients(targets, x=X, weight=None, power=.5, **options):
  inner = network(power)
  made = SobolevModel(inner)
  made.compile(keras.optimizers.SGD(1.), **options)
  before = [v.numpy() for v in inner.trainable_variables]
  made.fit(x, targets, sample_weight=weight, batch_size=len(x), verbose=0)
  return [b - v.numpy() for b, v in zip(before, inner.trainable_variables)]


def without_the_third(per_order):
  """The gradient from the value at all points, the derivative at the others."""
  inner = network()
  others = np.delete(np.arange(6), 2)
  with tf.GradientTape() as tape:
    x = tf.constant(X[others])
    with tf.GradientTape() as inner_tape:
      inner_tape.watch(x)
      y = inner(x)
    first = inner_tape.gradient(y, x)
    at_value = X if per_order else X[others]
    kept = slice(None) if per_order else others
    loss = (tf.reduce_sum((inner(tf.constant(at_value)) - Y[kept])**2) +
            tf.reduce_sum((first - DY[others])**2)) / 6
  return tape.gradient(loss, inner.trainable_variables)


def with_nan(array, row=2):
  array = array.copy()
  array[row] = np.nan
  return array


ONES, ALL_BUT_ONE = np.ones(6), np.array([1., 1., 0., 1., 1., 1.])


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("targets, weight, per_order", [
    ((Y, with_nan(DY)), None, True),
    ((Y, DY), (ONES, ALL_BUT_ONE), True),
    ((with_nan(Y), with_nan(DY)), None, False),
    ((Y, DY), ALL_BUT_ONE, False),
])
def test_a_missing_example_gives_exactly_nothing(
    targets, weight, per_order, jit_compile):
  found = gradients(targets, weight=weight, jit_compile=jit_compile)
  for a, b in zip(found, without_the_third(per_order)):
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-12)


def test_all_missing_is_training_on_values():
  for a, b in zip(gradients((Y, np.full_like(DY, np.nan))),
                  gradients((Y, DY), loss_weights=(1., 0.))):
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_a_data_set_may_hold_missing_ones():
  data = tf.data.Dataset.from_tensors((X, (Y, with_nan(DY))))
  inner = network()
  made = SobolevModel(inner)
  made.compile(keras.optimizers.SGD(1.))
  before = [v.numpy() for v in inner.trainable_variables]
  made.fit(data, verbose=0)
  for b, v, expected in zip(
      before, inner.trainable_variables, without_the_third(True)):
    np.testing.assert_allclose(b - v, expected, rtol=1e-6, atol=1e-12)


def test_what_may_be_missing():
  may = supervision.may_be_missing
  assert not may((X, (Y, DY), None))
  assert not may((X, (Y, DY), ONES))
  assert may((X, (Y, with_nan(DY)), None))
  partly = DY.copy()
  partly[2, 0] = np.nan
  assert not may((X, (Y, partly), None))
  assert may((X, (Y, partly), None), mixed=True)
  assert may((X, (Y, DY), (ONES, ALL_BUT_ONE)))
  assert may((tf.data.Dataset.from_tensors(X), None, None))


def test_order_of_weight_0_is_training_on_values():
  infinite = DY.copy()
  infinite[0] = np.inf
  inner = network()
  with tf.GradientTape() as tape:
    loss = tf.reduce_mean((inner(tf.constant(X)) - Y)**2)
  expected = tape.gradient(loss, inner.trainable_variables)
  for targets, options in (
      ((Y, infinite), {"loss_weights": (1., 0.)}),
      (Y, {"loss_weights": (1., 0.)}), (Y, {"loss": ("mse", None)})):
    for a, b in zip(gradients(targets, **options), expected):
      np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_order_of_weight_0_is_evaluated():
  x = X + 1.
  losses = {}
  for weights in ((1., 0.), (1., 1.)):
    made = SobolevModel(network())
    made.compile(keras.optimizers.SGD(0.), loss_weights=weights)
    history = made.fit(x, (Y, DY), verbose=0).history
    losses[weights] = made.evaluate(x, (Y, DY), verbose=0, return_dict=True)
    assert np.isnan(history["first_loss"][0]) == (weights == (1., 0.))
    assert history["value_loss"][0] == pytest.approx(
        losses[weights]["value_loss"])
  zero, one = losses.values()
  assert zero["first_loss"] == pytest.approx(one["first_loss"])
  assert zero["loss"] == pytest.approx(zero["value_loss"])


@pytest.mark.parametrize("targets", [(None, DY), {"first": DY}, (Y, DY)])
def test_derivatives_alone(targets):
  x = X + 1.
  made = SobolevModel(network())
  made.compile(keras.optimizers.SGD(0.), loss=(None, "mse"))
  found = made.evaluate(x, targets, verbose=0, return_dict=True)
  first = made.predict_derivatives(x)[1]
  assert found["loss"] == pytest.approx(np.mean((first - DY)**2))
  made.fit(x, targets, verbose=0)


def test_a_jacobian_with_an_axis_of_one_output():
  x = X + 1.
  for a, b in zip(gradients((Y, DY[:, np.newaxis]), x), gradients((Y, DY), x)):
    np.testing.assert_allclose(a, b, rtol=1e-12)


def test_values_that_are_only_looked_at_are_those_of_their_points():
  """Where the derivative is missing, and the model not differentiated."""
  x = X + 1.
  made = SobolevModel(network())
  made.compile(keras.optimizers.SGD(0.), loss_weights=(0., 1.))
  targets = (Y, with_nan(DY))
  logs = made.fit(x, targets, verbose=0).history
  found = made.evaluate(x, targets, verbose=0, return_dict=True)
  assert logs["value_loss"][0] == pytest.approx(found["value_loss"])


def one_batch(*data):
  """A data set that does not say how many there are."""
  return tf.data.Dataset.from_generator(
      lambda: iter([data]), output_signature=tf.nest.map_structure(
          lambda part: tf.TensorSpec([None, *part.shape[1:]], part.dtype),
          data))


@pytest.mark.parametrize("data", [
    (X, (Y[:1], DY)), (X, (Y, DY[:1])), (X, (Y, DY), ONES[:1])])
def test_one_target_and_one_weight_for_every_point(data):
  made = SobolevModel(network())
  made.compile(keras.optimizers.SGD(1.))
  for call in (lambda: made.train_on_batch(*data),
               lambda: made.fit(one_batch(*data), verbose=0),
               lambda: made.evaluate(one_batch(*data), verbose=0)):
    with pytest.raises(errors.UserError, match="for every point of a batch"):
      call()


def test_nothing_to_train_on():
  for options in ({"loss_weights": (0., 0.)}, {"loss": (None, None)}):
    with pytest.raises(errors.UserError, match="nothing is trained"):
      SobolevModel(network()).compile("sgd", **options)


@pytest.mark.parametrize("eagerly", [False, True])
def test_what_is_not_finite_is_named_and_trains_nothing(eagerly):
  inner = network()
  made = SobolevModel(inner)
  made.compile(keras.optimizers.SGD(1.), run_eagerly=eagerly)
  before = [v.numpy() for v in inner.trainable_variables]
  with pytest.raises(errors.UserError, match=(
      "model's 'first' is not finite at example 2 ")):
    made.fit(X, (Y, DY), batch_size=6, shuffle=False, verbose=0)
  for b, v in zip(before, inner.trainable_variables):
    np.testing.assert_array_equal(b, v.numpy())


def test_an_infinite_target_is_named():
  infinite = DY.copy()
  infinite[4] = np.inf
  with pytest.raises(errors.UserError, match="target .* infinite at example"):
    gradients((Y, infinite), X + 1.)


def test_no_points():
  shapes = [p.shape for p in SobolevModel(network(1., 3), 2)
            .predict_derivatives(X[:0])]
  assert shapes == [(0, 3), (0, 3, 2), (0, 3, 2, 2)]


def test_the_graph_of_derivatives_is_made_once():
  calls = []

  def counted(z):
    calls.append(1)
    return tf.sin(z)

  inner = keras.Sequential([
      keras.Input((2,)), keras.layers.Lambda(counted), keras.layers.Dense(1)])
  made = SobolevModel(inner)
  made.predict_derivatives(X, batch_size=6)
  count = len(calls)
  for _ in range(3):
    made.predict_derivatives(X, batch_size=6)
  assert len(calls) == count


def test_a_deep_copy_keeps_the_target():
  inner = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "tanh"),
                            keras.layers.Dense(1)])
  made = SobolevModel(inner, target=lambda z: tf.sin(z[:, :1]))
  made.compile(keras.optimizers.SGD(.1))
  copied = copy.deepcopy(made)
  assert copied.target is made.target
  for model in (copied, made):  # apart from each other
    model.fit(X, shuffle=False, verbose=0)
  for a, b in zip(copied.model.weights, made.model.weights):
    assert a is not b
    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9)
