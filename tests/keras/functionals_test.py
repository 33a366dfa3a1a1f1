"""Functionals of derivatives as targets of `SobolevModel`."""

import copy

import keras
import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors, losses, targets
from sobolev_tf.derivatives import functionals, linearity
from sobolev_tf.keras import NamedSobolevModel, SobolevModel

pytestmark = pytest.mark.usefixtures("float64")

B, D = 6, 2
RNG = np.random.default_rng(0)
X = RNG.uniform(.5, 1., (B, D))
Y, DY, LAP = (RNG.normal(size=s) for s in ((B, 1), (B, D), (B,)))


def squared_slope(y, dy_dx):
  return tf.reduce_sum(dy_dx**2, -1)


SLOPE = functionals.of_derivatives(squared_slope, 1)
BOTH = [functionals.laplacian, SLOPE]


def network(outputs=1, power=1., activation="tanh"):
  keras.utils.set_random_seed(3)
  first = [] if power == 1. else [keras.layers.Lambda(lambda z: z**power)]
  return keras.Sequential([
      keras.Input((D,)), *first, keras.layers.Dense(4, activation),
      keras.layers.Dense(outputs)])


def compiled(inner=None, order=0, given=(functionals.laplacian,), wrap=None,
             **options):
  made = SobolevModel(inner or network(), order, functionals=list(given),
                      **(wrap or {}))
  made.compile(keras.optimizers.SGD(1.), **options)
  return made


def gradients(made, *data, x=X, **options):
  """What one step of plain gradient descent, rate 1, subtracts."""
  before = [v.numpy() for v in made.trainable_variables]
  made.fit(x, *data, batch_size=len(x), shuffle=False, verbose=0, **options)
  return [b - v.numpy() for b, v in zip(before, made.trainable_variables)]


def check_close(one, other):
  for a, b in zip(one, other, strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-12)


CASES = {
    "values": (0, [functionals.laplacian], (Y, LAP), {}),
    "gradient and two": (1, BOTH, (Y, DY, LAP, LAP**2), {}),
    "chosen": (1, BOTH, (Y, DY[:, :1], LAP, LAP**2), {"wrt": [1]}),
}


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_steps_equal_the_library_loss(name, balanced):
  order, given, data, options = CASES[name]
  count = len(data) - 1
  weights = (losses.ProfiledLikelihood(count, .1) if balanced else
             tuple(np.linspace(.1, .2, count + 1)))
  made = compiled(order=order, given=given, wrap=options, loss_weights=weights)
  other = network()
  loss = losses.SobolevLoss(
      order, weights=weights, functionals=given, **options)
  optimizer = keras.optimizers.SGD(1.)
  for _ in range(2):
    logs = made.fit(X, data, batch_size=B, epochs=1, verbose=0).history
    with tf.GradientTape() as tape:
      terms = loss(other, X, data)
      total = terms.reduce()
    optimizer.apply(tape.gradient(total, other.trainable_variables),
                    other.trainable_variables)
    np.testing.assert_allclose(logs["loss"], [total])
    np.testing.assert_allclose(
        logs["laplacian_loss"], [np.sum(terms.means[order + 1])])
  check_close([v.numpy() for v in made.trainable_variables],
              [v.numpy() for v in other.trainable_variables])


def test_the_slope_by_differences():
  made = compiled(loss_weights=(1., .5))
  variables = made.trainable_variables
  start = [v.numpy() for v in variables]
  direction = [RNG.normal(size=s.shape) for s in start]
  gradient = gradients(made, (Y, LAP))

  def moved(step):
    for v, s, d in zip(variables, start, direction):
      v.assign(s + step * d)
    return made.evaluate(X, (Y, LAP), verbose=0, return_dict=True)["loss"]

  h = 1e-3
  slope = (8 * (moved(h) - moved(-h)) - moved(2 * h) + moved(-2 * h)) / 12 / h
  np.testing.assert_allclose(
      sum(np.sum(g * d) for g, d in zip(gradient, direction)), slope, rtol=1e-6)


def test_a_target_function_and_predictions():
  made = compiled(order=1, given=BOTH, wrap={"target": network(power=2.)})
  x = tf.constant(X)
  expected = targets.from_function(network(power=2.), x, 1, functionals=BOTH)
  check_close(gradients(made), gradients(
      compiled(order=1, given=BOTH), tuple(t.numpy() for t in expected)))
  for points in (X, X[:0]):
    found = made.predict_derivatives(points, batch_size=4)
    assert [part.shape[1:] for part in found] == [(1,), (D,), (), ()]
  check_close(made.predict_derivatives(X), targets.from_function(
      made.model, x, 1, functionals=BOTH))


def test_several_outputs_and_a_divergence():
  made = compiled(network(D), given=[
      functionals.laplacian, functionals.divergence])
  made.fit(X, {"value": DY, "laplacian": DY, "divergence": LAP[:, np.newaxis]},
           verbose=0)
  assert [part.shape for part in made.predict_derivatives(X)] == [
      (B, D), (B, D), (B,)]


def without(array, row=2):
  array = array.copy()
  array[row] = np.nan
  return array


AT_0 = X.copy()
AT_0[2, 0] = 0.  # where z**1.5 has a slope, but no second derivative


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("data, weight", [
    ((Y, DY, without(LAP), LAP**2), None),
    ((Y, DY, LAP, LAP**2), (*np.ones((2, B)), 1. - np.eye(B)[2], np.ones(B)))])
def test_a_missing_one_gives_exactly_nothing(data, weight, jit_compile):
  inner = network(power=1.5)
  made = compiled(inner, 1, BOTH, jit_compile=jit_compile)
  x, others = tf.constant(AT_0), tf.constant(np.delete(AT_0, 2, 0))
  with tf.GradientTape() as tape:
    y, dy_dx, slope = functionals.value_and_functionals(inner, x, 1, [SLOPE])
    laplacian = functionals.laplacian(inner, others)
    total = sum(tf.reduce_sum((a - b)**2) for a, b in (
        (y, Y), (dy_dx, DY), (slope, LAP**2),
        (laplacian, np.delete(LAP, 2)))) / B
  expected = tape.gradient(total, inner.trainable_variables)
  check_close(
      gradients(made, data, x=AT_0, sample_weight=weight), expected)


def test_missing_for_all_terms_or_in_all_examples():
  """An example that is missing everywhere, and a functional that is."""
  rows = np.delete(np.arange(B), 2)
  found = gradients(compiled(network(power=1.5)), (without(Y), without(LAP)),
                    x=AT_0)
  expected = gradients(compiled(network(power=1.5)), (Y[rows], LAP[rows]),
                       x=AT_0[rows])
  check_close(found, [g * len(rows) / B for g in expected])
  check_close(gradients(compiled(), (Y, np.full(B, np.nan))),
              gradients(compiled(loss_weights=(1., 0.)), (Y, LAP)))


def test_what_is_not_trained_on_is_not_computed():
  def refused(y, dy_dx, d2y_dx2):
    raise AssertionError
  given = [functionals.of_derivatives(refused, 2), SLOPE]
  for options in ({"loss_weights": (1., 0., 0., 1.)},
                  {"loss": ["mse", None, None, "mse"]}):
    made = compiled(order=1, given=given, **options)
    logs = made.fit(X, {"value": Y, "squared_slope": LAP}, verbose=0).history
    assert np.isfinite(logs["squared_slope_loss"])
  made = compiled(given=given, loss_weights=(1., 0., 0.))
  made.fit(X, Y, verbose=0)
  made.evaluate(X, Y, verbose=0)


def test_losses_and_metrics_by_name():
  made = compiled(
      loss={"value": "mse", "laplacian": "mae"}, metrics={
          "value": [], "laplacian": ["mse"]})
  made.fit(X, (Y, without(LAP)), verbose=0)
  logs = made.evaluate(X, (Y, LAP), verbose=0, return_dict=True)
  laplacian = made.predict_derivatives(X)[1]
  np.testing.assert_allclose(
      logs["laplacian_loss"], np.mean(np.abs(laplacian - LAP)))
  np.testing.assert_allclose(
      logs["laplacian_mse"], np.mean((laplacian - LAP)**2))


def test_saving_and_copying(tmp_path):
  path = tmp_path / "m.keras"
  made = compiled(network(activation="sigmoid"), 1, BOTH)
  copied = copy.deepcopy(made)  # without being registered
  assert copied.functionals == tuple(BOTH)
  with pytest.raises(errors.UserError, match="'squared_slope' is saved by"):
    made.get_config()
  known = keras.saving.get_custom_objects()
  keras.saving.register_keras_serializable("test", "bent")(SLOPE)
  try:
    made.save(path)
    load = {"safe_mode": False}
    loaded = keras.saving.load_model(path, **load)
    assert loaded.functionals == tuple(BOTH)
    for other in (loaded, copied):
      check_close(other.predict_derivatives(X), made.predict_derivatives(X))
      check_close(gradients(other, (Y, DY, LAP, LAP)),
                  gradients(compiled(network(activation="sigmoid"), 1, BOTH),
                            (Y, DY, LAP, LAP)))
  finally:
    del known["test>bent"]
  with pytest.raises(errors.UserError, match="'test>bent', which is not known"):
    keras.saving.load_model(path, **load)


def named(name):
  return functionals.of_derivatives(squared_slope, 1, name)


@pytest.mark.parametrize("call, words", [
    (lambda: SobolevModel(network(), 0), "order must be an integer >= 1"),
    *((lambda order=order: compiled(order=order), "order must be an integer")
      for order in (-1, True, 1.)),
    (lambda: compiled(given=[3]), "functionals must be a list"),
    (lambda: SobolevModel(network(), functionals=functionals.laplacian),
     "functionals must be a list"),
    (lambda: compiled(wrap={"stochastic": True}), "made of whole derivatives"),
    (lambda: NamedSobolevModel(network(), {0: [0]}, functionals=BOTH),
     "has no argument functionals"),
    *((lambda name=name: compiled(order=1, given=[*BOTH, name]),
       "name of its own beside value, first") for name in (
           SLOPE, named("value"), named("first"), named("a slope"), named(5),
           functionals.of_derivatives(lambda y: y, 0))),
    (lambda: compiled(loss_weights=(1., 1., 1.)),
     r"2 entries \(value, laplacian\), got 3"),
    (lambda: compiled(loss_weights=losses.SoftAdapt(2)), "balanced for order"),
    (lambda: compiled().fit(X, (Y,), verbose=0),
     r"targets needs .* \(value, laplacian\), got 1"),
    (lambda: compiled().fit(X, Y, verbose=0), r"targets needs 2 entries"),
    *((lambda target=target: compiled().fit(X, (Y, target), verbose=0),
       r"The target 'laplacian' has the shape \(.*\), the model's \(.*,\)")
      for target in (DY, np.ones((B, 1, 1)))),
    (lambda: compiled().train_on_batch(X, (Y, LAP[:1])), "one target, and"),
    (lambda: compiled().fit(tf.data.Dataset.from_tensors(
        (X, (Y, LAP[:1]))), verbose=0), "one target, and"),
    (lambda: compiled(given=[functionals.divergence]).fit(X, (DY, LAP)),
     "value has the shape"),
    (lambda: compiled(network(3), given=[functionals.divergence]).fit(
        X, (np.ones((B, 3)), LAP), verbose=0), "one output for each of the 2"),
    (lambda: compiled(network(power=1.5)).train_on_batch(
        AT_0, (Y, LAP)), "model's 'laplacian' is not finite at example 2"),
])
def test_mistakes_are_named(call, words):
  with pytest.raises(errors.UserError, match=words):
    call()


def test_the_guard_looks_as_far_as_the_functional():
  with pytest.warns(linearity.PiecewiseLinearWarning):
    compiled(network(activation="relu")).fit(X, (Y, LAP), verbose=0)
