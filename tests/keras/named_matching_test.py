"""What one output's derivatives must not do to another's."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.keras import NamedSobolevModel, SquaredError

pytestmark = pytest.mark.usefixtures("float64")

X = np.array([[0., 0.], [.5, 1.], [1., 2.], [2., .5]])
Y, DY = np.sin(X[:, :1]), np.cos(X)


def network():
  """A smooth output, and a root, whose slope is infinite where q is 0."""
  inputs = {"x": keras.Input((2,), name="x"), "q": keras.Input((2,), name="q")}
  shared = keras.layers.Dense(2, use_bias=False, kernel_initializer="ones")
  root = keras.layers.Lambda(lambda z: tf.sqrt(z[:, :1]))(shared(inputs["q"]))
  sine = keras.layers.Dense(1, kernel_initializer="ones")(
      keras.layers.Lambda(tf.sin)(shared(inputs["x"])))
  return keras.Model(inputs, {
      "sine": sine, "root": root, "both": keras.layers.Add()([sine, root]),
      "smooth": keras.layers.Lambda(
          lambda z: tf.sin(z[:, :1]))(shared(inputs["q"])),
      "zero": keras.layers.Lambda(lambda z: tf.reduce_sum(
          z[0] + 0. * z[1], 1, True))((inputs["x"], inputs["q"]))})


def gradient(pairs, y, weight=None, **options):
  """What one step of plain gradient descent, rate 1, subtracts."""
  inner = network()
  made = NamedSobolevModel(inner, pairs)
  made.compile(keras.optimizers.SGD(1.), **options)
  before = [v.numpy() for v in inner.trainable_variables]
  history = made.fit({"x": X, "q": X}, y, sample_weight=weight, verbose=0)
  return [b - v.numpy() for b, v in zip(
      before, inner.trainable_variables)], history.history


def by_hand():
  """The gradient from the sine at all points, the root at all but the first."""
  inner = network()
  x, some = tf.constant(X), tf.constant(X[1:])
  given = (Y, DY, Y[1:], DY[1:])
  with tf.GradientTape() as outer:
    with tf.GradientTape(persistent=True) as tape:
      tape.watch([x, some])
      sine = inner({"x": x, "q": x})["sine"]
      root = inner({"x": some, "q": some})["root"]
    found = (sine, tape.gradient(sine, x), root, tape.gradient(root, some))
    total = tf.add_n(
        [tf.reduce_sum((f - g)**2) / 4. for f, g in zip(found, given)])
  return outer.gradient(total, inner.trainable_variables)


def check_close(one, other):
  for a, b in zip(one, other, strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-12)


def without_first(array):
  return np.concatenate([np.full_like(array[:1], np.nan), array[1:]])


PAIRS = {"sine": "x", "root": "q"}
NAN = {"sine": (Y, {"x": DY}),
       "root": (without_first(Y), {"q": without_first(DY)})}
WHOLE = {"sine": (Y, {"x": DY}), "root": (Y, {"q": DY})}
ONE, LATER = np.ones(4), np.array([0., 1., 1., 1.])
WEIGHT = {"sine": (ONE, {"x": ONE}), "root": (LATER, {"q": LATER})}


@pytest.mark.parametrize("y, options", [
    (NAN, {}), (WHOLE, {"weight": WEIGHT}), (NAN, {"jit_compile": True}),
    (NAN, {"run_eagerly": True}),
], ids=["nan", "weight", "xla", "eager"])
def test_an_example_that_one_output_misses(y, options):
  """It gives that output exactly 0, and the other what it has there."""
  check_close(gradient(PAIRS, y, **options)[0], by_hand())


@pytest.mark.parametrize("name", ["sine", "root"])
def test_an_output_that_is_missing_for_the_whole_batch(name):
  nothing = {"sine": (np.full_like(Y, np.nan), {"x": np.full_like(DY, np.nan)}),
             "root": (np.full_like(Y, np.nan), {"q": np.full_like(DY, np.nan)})}
  found, _ = gradient(PAIRS, {**NAN, name: nothing[name]})
  (kept,) = set(PAIRS) - {name}
  alone, _ = gradient({kept: PAIRS[kept]}, {kept: NAN[kept]})
  assert np.any(found[0] != 0)
  check_close(found, alone)


@pytest.mark.parametrize("y, weight", [
    (WHOLE, None), (NAN, None),
    (WHOLE, {**WEIGHT, "sine": (LATER, {"x": LATER})})])
def test_an_output_that_is_not_trained_on(y, weight):
  """It is not differentiated; its value is logged where it is known."""
  found, logs = gradient(PAIRS, y, weight, loss_weights=(1., 1., 0., 0.))
  alone, _ = gradient({"sine": "x"}, {"sine": y["sine"]}, weight and {
      "sine": weight["sine"]})
  assert np.all(np.isfinite(found[0])) and np.any(found[0] != 0)
  check_close(found, alone)
  assert np.isnan(logs["root_by_q_loss"][0])
  squares = (np.sqrt(np.sum(X, 1, keepdims=True)) - y["root"][0])**2
  counts = np.isfinite(squares[:, 0]) & (LATER > 0 if weight else True)
  np.testing.assert_allclose(
      logs["root_loss"], np.sum(squares[counts]) / 4., rtol=1e-5)


@pytest.mark.parametrize("missing", [False, True])
def test_derivatives_that_nobody_asked_for(missing):
  """That of "both" by q is infinite at the first example."""
  pairs = {"both": "x", "smooth": "q"}
  loss = [None, SquaredError(), None, SquaredError()]
  slopes = without_first(DY) if missing else DY
  y = {"both": (Y, {"x": slopes}), "smooth": (Y, {"q": DY})}
  found, _ = gradient(pairs, y, loss=loss)
  parts = [gradient({name: by}, {name: y[name]}, loss=loss[:2])[0]
           for name, by in pairs.items()]
  assert np.any(found[0] != 0)
  check_close(found, [sum(both) for both in zip(*parts)])


def test_a_derivative_by_an_input_that_leads_nowhere():
  words = "no 'sine_by_q': .* does not depend on that input"
  y = {"sine": (Y, {"x": DY, "q": DY})}
  with pytest.raises(errors.UserError, match=words):
    gradient({"sine": ["x", "q"]}, y)
  inputs = {"x": X, "q": X}
  made = NamedSobolevModel(network(), {"sine": ["x", "q"]})
  with pytest.raises(errors.UserError, match=words):
    made.predict_derivatives(inputs)
  both = NamedSobolevModel(
      network(), {"both": ["x", "q"]},
      target=lambda given: {"both": tf.sin(given["x"][:, :1])})
  both.compile("sgd")
  with pytest.raises(errors.UserError, match="'both_by_q': that output of '<"):
    both.fit(inputs, verbose=0)
  zero = NamedSobolevModel(network(), {"zero": ["x", "q"]})
  _, by = zero.predict_derivatives(inputs)["zero"]
  np.testing.assert_array_equal(by["q"], np.zeros_like(X))
  np.testing.assert_array_equal(by["x"], np.ones_like(X))
