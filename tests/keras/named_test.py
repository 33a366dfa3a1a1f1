"""Keras models with several inputs and outputs, by name and by place."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors, losses
from sobolev_tf.keras import NamedSobolevModel

pytestmark = pytest.mark.usefixtures("float64")

B = 5
RNG = np.random.default_rng(0)
X = {"positions": RNG.normal(size=[B, 2, 3]), "kind": RNG.integers(0, 4, [B]),
     "charge": RNG.normal(size=[B, 1])}
ENERGY, FORCES = RNG.normal(size=[B, 1]), RNG.normal(size=[B, 2, 3])
BY_CHARGE = RNG.normal(size=[B, 1])
DIPOLE, SLOPES = RNG.normal(size=[B, 3]), RNG.normal(size=[B, 3, 1])
MASS = RNG.normal(size=[B, 2])
PAIRS = {"energy": ["positions", "charge"], "dipole": "charge", "mass": []}
Y = {"energy": (ENERGY, {"positions": FORCES, "charge": BY_CHARGE}),
     "dipole": (DIPOLE, {"charge": SLOPES}), "mass": MASS}
NAMES = ("energy", "energy_by_positions", "energy_by_charge", "dipole",
         "dipole_by_charge", "mass")


def network(as_list=False):
  keras.utils.set_random_seed(3)
  inputs = {"positions": keras.Input((2, 3), name="positions"),
            "kind": keras.Input((), dtype="int64", name="kind"),
            "charge": keras.Input((1,), name="charge")}
  hidden = keras.layers.Dense(6, "tanh")(keras.layers.Concatenate()([
      keras.layers.Flatten()(inputs["positions"]),
      keras.layers.Embedding(4, 2)(inputs["kind"]), inputs["charge"]]))
  outputs = {name: keras.layers.Dense(size)(hidden) for name, size in (
      ("energy", 1), ("dipole", 3), ("mass", 2), ("unused", 2))}
  if as_list:
    return keras.Model(list(inputs.values()), list(outputs.values()))
  return keras.Model(inputs, outputs)


def compiled(inner=None, pairs=PAIRS, target=None, **options):
  made = NamedSobolevModel(inner or network(), pairs, target=target)
  made.compile(keras.optimizers.SGD(1.), **options)
  return made


def fitted(made, x=X, y=Y, **options):
  """What one step of plain gradient descent, rate 1, subtracts."""
  before = [v.numpy().copy() for v in made.trainable_variables]
  history = made.fit(
      x, y, batch_size=B, shuffle=False, verbose=0, **options).history
  return history, [old - v.numpy() for old, v in zip(
      before, made.trainable_variables)]


def by_hand(inner, weights=(1.,) * 6, masks=(1.,) * 6):
  """The losses by name and their gradient, with a tape per output."""
  x = {k: tf.constant(v) for k, v in X.items()}
  with tf.GradientTape() as outer:
    with tf.GradientTape(persistent=True) as tape:
      tape.watch([x["positions"], x["charge"]])
      y = inner(x)
      energy = y["energy"][:, 0]
      dipole = tf.unstack(y["dipole"], axis=1)
    found = [y["energy"], *tape.gradient(
        energy, [x["positions"], x["charge"]]), y["dipole"],
        tf.stack([tape.gradient(d, x["charge"]) for d in dipole], 1), y["mass"]]
    given = [ENERGY, FORCES, BY_CHARGE, DIPOLE, SLOPES, MASS]
    terms = [tf.reduce_sum(mask * (f - g)**2) / B
             for f, g, mask in zip(found, given, masks)]
    total = tf.add_n([w * t for w, t in zip(weights, terms)])
  variables = inner.trainable_variables
  gradient = outer.gradient(total, variables)  # None for the unused output
  return found, terms, total, [
      np.zeros(v.shape) if g is None else tf.convert_to_tensor(g)
      for v, g in zip(variables, gradient)]


def check_close(one, other):
  for a, b in zip(one, other, strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-12)


def test_losses_gradients_and_derivatives_equal_those_by_hand(tmp_path):
  inner = network()
  weights = dict(zip(NAMES, (1., .5, 2., 1., 3., .25)))
  found, terms, total, expected = by_hand(inner, weights.values())
  made = compiled(inner, loss_weights=weights)
  predicted = made.predict_derivatives(X, batch_size=3)
  check_close(tf.nest.flatten(predicted), tf.nest.flatten({
      "energy": (found[0], {"positions": found[1], "charge": found[2]}),
      "dipole": (found[3], {"charge": found[4]}), "mass": found[5]}))
  history, gradient = fitted(made)
  check_close(gradient, expected)
  for name, term in zip(NAMES, terms):
    np.testing.assert_allclose(history[f"{name}_loss"], [term], rtol=1e-5)
  np.testing.assert_allclose(history["loss"], [total], rtol=1e-5)
  made.save(tmp_path / "model.keras")
  loaded = keras.models.load_model(tmp_path / "model.keras")
  assert loaded.evaluate(X, Y, verbose=0) == pytest.approx(
      made.evaluate(X, Y, verbose=0))


def test_missing_targets_and_weights_per_name():
  """NaN targets, and the weight 0 where the model itself is NaN."""
  inner = network()
  forces = FORCES.copy()
  forces[1], forces[3, 0, 0] = np.nan, np.nan
  weights = RNG.uniform(.5, 2., [6, B])
  weights[:, 2], weights[3, 4] = 0., 0.
  masks = [np.reshape(weight, [B] + [1] * (t.ndim - 1)) for weight, t in zip(
      weights, (ENERGY, FORCES, BY_CHARGE, DIPOLE, SLOPES, MASS))]
  masks[1] = masks[1] * np.isfinite(forces)
  _, _, _, expected = by_hand(inner, masks=masks)
  x = {**X, "charge": X["charge"].copy()}
  x["charge"][2] = np.nan
  y = {**Y, "energy": (ENERGY, {"positions": forces, "charge": BY_CHARGE})}
  by_name = dict(zip(NAMES, weights))
  _, gradient = fitted(compiled(inner), x, y, sample_weight={
      "energy": (by_name["energy"], {
          "positions": by_name["energy_by_positions"],
          "charge": by_name["energy_by_charge"]}),
      "dipole": (by_name["dipole"], {"charge": by_name["dipole_by_charge"]}),
      "mass": by_name["mass"]})
  check_close(gradient, expected)


def test_by_place_balanced_and_from_a_teacher():
  pairs = {0: (0, 2), 1: 2, 2: ()}
  teacher = network(as_list=True)
  made = compiled(network(as_list=True), pairs, target=teacher,
                  loss_weights=losses.SoftAdapt(order=5))
  for variable in teacher.trainable_variables:
    variable.assign(2. * variable)
  x = list(X.values())
  found, expected = (
      tf.nest.flatten(m.predict_derivatives(x))
      for m in (made, NamedSobolevModel(teacher, pairs)))
  history = made.fit(x, batch_size=B, verbose=0).history
  names = ["output_0", "output_0_by_input_0", "output_0_by_input_2",
           "output_1", "output_1_by_input_2", "output_2"]
  assert set(history) == {"loss", *(f"{name}_loss" for name in names)}
  for name, one, other in zip(names, found, expected, strict=True):
    np.testing.assert_allclose(
        history[f"{name}_loss"], [np.sum((one - other)**2) / B], rtol=1e-5)
  assert made.balancing.step.numpy() == 1


def softadapt(losses_by_step, beta=1.1):
  """The losses of SoftAdapt with every=1, from those of the names `[T, K]`."""
  found = []
  for step, now in enumerate(losses_by_step):
    rates = losses_by_step[step - 1] / losses_by_step[step - 2] - 1 if (
        step > 1) else np.zeros_like(now)
    weights = len(now) * np.exp(beta * rates) / np.sum(np.exp(beta * rates))
    found.append(np.sum(weights * now))
  return found


def test_a_balancing_has_its_closed_form():
  made = NamedSobolevModel(network(), PAIRS)
  made.compile(keras.optimizers.SGD(.01), loss_weights=losses.SoftAdapt(5))
  logs = made.fit(X, Y, batch_size=B, epochs=4, verbose=0).history
  by_step = np.stack([logs[f"{name}_loss"] for name in NAMES], 1)  # [T, K]
  np.testing.assert_allclose(logs["loss"], softadapt(by_step), rtol=1e-5)
  assert np.any(np.abs(logs["loss"] - np.sum(by_step, 1)) > 1e-4)


def test_the_likelihood_has_every_entry_of_every_name():
  inner = network()
  found = by_hand(inner)[0]
  entries = [np.mean(np.reshape((f - g)**2, [B, -1]), 0) for f, g in zip(
      found, (ENERGY, FORCES, BY_CHARGE, DIPOLE, SLOPES, MASS))]
  history, _ = fitted(compiled(
      inner, loss_weights=losses.ProfiledLikelihood(order=5)))
  np.testing.assert_allclose(
      history["loss"], [.5 * np.sum(np.log(np.concatenate(entries)))],
      rtol=1e-5)


@pytest.mark.parametrize("call, words", [
    (lambda: NamedSobolevModel(network(), []), "outputs must be a dictionary"),
    (lambda: NamedSobolevModel(network(), PAIRS, order=2), "no argument order"),
    (lambda: fitted(compiled(pairs={"energy": ["mass"]})),
     "no input 'mass': the inputs are"),
    (lambda: fitted(compiled(pairs={"enrgy": []}), y={"enrgy": ENERGY}),
     "no output 'enrgy': the outputs are"),
    (lambda: fitted(compiled(pairs={"energy": ["kind"]})), "type int"),
    (lambda: fitted(compiled(), y={**Y, "energy": ENERGY}),
     "no 'energy_by_positions', which is trained on"),
    (lambda: fitted(compiled(), y={**Y, "other": ENERGY}),
     "targets needs a dictionary or list with entries for"),
    (lambda: fitted(compiled(), y={**Y, "mass": (MASS, {"charge": MASS})}),
     r"by the inputs \(none\)"),
    (lambda: fitted(compiled(), y={**Y, "dipole": (
        DIPOLE, {"charge": SLOPES[:, :, 0]})}), "For 'dipole_by_charge': The"),
    (lambda: fitted(compiled(loss_weights=(1., 1.))), "needs 6 entries"),
    (lambda: NamedSobolevModel(network(), ["energy"]), "must be a dictionary"),
    (lambda: fitted(compiled(), y={**Y, "mass": MASS.tolist()}),
     "targets must be arrays or tensors of numbers"),
    (lambda: fitted(compiled(), y={**Y, "mass": MASS.astype(str)}),
     "targets must be arrays or tensors of numbers"),
    (lambda: fitted(compiled(), sample_weight={"mass": np.ones(B)}),
     "one for each array of the targets"),
    (lambda: compiled().predict_derivatives({**X, "charge": [[1.], [1., 2.]]}),
     "The input 'charge' is not an array"),
    (lambda: fitted(compiled(), y={**Y, "mass": np.inf * MASS}),
     "The target of the 'mass' is infinite at example 0"),
    (lambda: NamedSobolevModel(network(), {"energy": [["charge"]]}),
     "all by name or by place"),
    (lambda: NamedSobolevModel(network(), {"a_by_b": [], "a": "b"}),
     "name 'a_by_b' to 2 things"),
    (lambda: NamedSobolevModel(network(), {"a": ["b", "b"]}), "to 2 things"),
])
def test_mistakes_are_named(call, words):
  with pytest.raises(errors.UserError, match=words):
    call()
