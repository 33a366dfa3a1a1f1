"""Tests of the Keras front door."""

import json
import multiprocessing
import warnings

import keras
import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import derivatives, errors, losses
from sobolev_tf.derivatives import functionals, linearity
from sobolev_tf.keras import SobolevModel, SquaredError

pytestmark = pytest.mark.usefixtures("float64")

B, D = 12, 2
RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (B, D))
Y = np.sin(X[:, :1]) * X[:, 1:]
DY = np.stack([np.cos(X[:, 0]) * X[:, 1], np.sin(X[:, 0])], axis=1)


def target(x):
  return tf.sin(x[:, :1]) * x[:, 1:]


def network(outputs=1):
  keras.utils.set_random_seed(3)
  return keras.Sequential([
      keras.Input((D,)), keras.layers.Dense(8, "tanh"),
      keras.layers.Dense(outputs)])


def compiled(model=None, order=1, **options):
  wrap = {k: options.pop(k) for k in ("target", "stochastic", "seed")
          if k in options}
  made = SobolevModel(model or network(), order, **wrap)
  made.compile(keras.optimizers.SGD(1.), **options)
  return made


def gradients(model, *data, **options):
  """What one step of plain gradient descent, rate 1, subtracts."""
  before = [v.numpy().copy() for v in model.trainable_variables]
  model.fit(*data, batch_size=B, shuffle=False, verbose=0, **options)
  return [old - v.numpy() for old, v in zip(
      before, model.trainable_variables)]


def reference(loss, model, x, targets):
  with tf.GradientTape() as tape:
    total = loss(model, tf.constant(x), targets).reduce()
  return tape.gradient(total, model.trainable_variables)


def check_close(one, other):
  for a, b in zip(one, other, strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("alpha", [0., .5, 2.])
def test_gradients_equal_the_library_loss(order, alpha):
  inner = network()
  targets = derivatives.value_and_derivatives(target, tf.constant(X), order)
  weights = (1., *[alpha] * order)
  expected = reference(
      losses.SobolevLoss(order, weights=weights), inner, X, targets)
  found = gradients(
      compiled(inner, order, loss_weights=weights), X,
      tuple(t.numpy() for t in targets))
  check_close(found, expected)


def test_target_function_equals_arrays():
  check_close(gradients(compiled(target=target), X),
              gradients(compiled(), X, (Y, DY)))


def test_stochastic_gradients_equal_the_library_loss():
  teacher = network(3)
  for weight in teacher.trainable_variables:
    weight.assign(2. * weight)
  inner = network(3)
  general = losses.StochasticSobolevLoss()
  with tf.GradientTape() as tape:
    total = general(
        inner, tf.constant(X), teacher, tf.constant([5, 0])).reduce()
  expected = tape.gradient(total, inner.trainable_variables)
  made = compiled(inner, target=teacher, stochastic=True, seed=5)
  check_close(gradients(made, X), expected)
  with tf.GradientTape() as tape:  # the second step draws anew
    total = general(
        inner, tf.constant(X), teacher, tf.constant([5, 1])).reduce()
  check_close(gradients(made, X),
              tape.gradient(total, inner.trainable_variables))


def test_evaluation_repeats_and_does_not_disturb_training():
  teacher = network(3)
  students = [network(3) for _ in range(2)]
  for student in students:
    student.layers[-1].kernel.assign(student.layers[-1].kernel * 3.)
  one, other = (compiled(student, target=teacher, stochastic=True)
                for student in students)
  first, second = (one.evaluate(X, verbose=0) for _ in range(2))
  assert first == second
  check_close(gradients(one, X), gradients(other, X))


def test_a_shared_layer_learns_from_the_model_only():
  inner = network()
  made = compiled(inner, target=lambda x: 2. * inner(x))
  y, dy_dx = derivatives.value_and_derivatives(inner, tf.constant(X), 1)
  expected = reference(
      losses.SobolevLoss(), inner, X, (2. * y, 2. * dy_dx))
  check_close(gradients(made, X), expected)


def test_float64_data_for_a_float32_model():
  keras.config.set_floatx("float32")
  keras.config.set_dtype_policy("float32")
  made = compiled(network())
  data = tf.data.Dataset.from_tensor_slices((X, (Y, DY))).batch(4)
  assert np.isfinite(made.fit(data, verbose=0).history["loss"][0])
  assert made.predict_derivatives(X)[1].shape == (B, D)


def test_stochastic_with_arrays_equals_a_target_function():
  teacher = network(3)
  arrays = derivatives.value_and_derivatives(teacher, tf.constant(X), 1)
  students = [network(3) for _ in range(2)]
  for student in students:
    student.layers[-1].kernel.assign(student.layers[-1].kernel * 3.)
  check_close(
      gradients(compiled(students[0], stochastic=True), X,
                tuple(a.numpy() for a in arrays)),
      gradients(compiled(students[1], stochastic=True, target=teacher), X))


def test_a_teacher_stays_as_it_is():
  teacher = network()
  before = [v.numpy().copy() for v in teacher.variables]
  made = compiled(target=teacher)
  assert len(made.weights) == len(made.model.weights) + 1  # and the draws
  made.fit(X, verbose=0)
  for old, variable in zip(before, teacher.variables):
    np.testing.assert_array_equal(old, variable.numpy())


def test_nan_is_missing():
  holes, mask = DY.copy(), np.ones_like(DY)
  holes[3, 1] = holes[5] = np.nan
  mask[np.isnan(holes)] = 0
  inner = network()
  expected = None
  with tf.GradientTape() as tape:
    total = losses.SobolevLoss()(
        inner, tf.constant(X), (Y, DY), entry_weights=(None, mask)).reduce()
  expected = tape.gradient(total, inner.trainable_variables)
  check_close(gradients(compiled(inner), X, (Y, holes)), expected)


@pytest.mark.parametrize("per_order", [False, True])
def test_sample_weight(per_order):
  weights = [RNG.uniform(size=B), RNG.uniform(size=B)]
  if not per_order:
    weights[1] = weights[0]
  inner = network()
  with tf.GradientTape() as tape:
    compared = losses.SobolevLoss()(inner, tf.constant(X), (Y, DY))
    total = tf.reduce_mean(
        compared.value * weights[0] + compared.first * weights[1])
  expected = tape.gradient(total, inner.trainable_variables)
  check_close(
      gradients(compiled(inner), X, (Y, DY), sample_weight=(
          tuple(weights) if per_order else weights[0])), expected)


def flat(x):
  return target(x)[:, 0]


@pytest.mark.parametrize("stochastic", [False, True])
def test_values_of_rank_one_do_not_broadcast(stochastic):
  def found(data=(), outputs=None, **options):
    inner = network()
    if outputs == "flat":
      inner = keras.Sequential([inner, keras.layers.Reshape(())])
    return gradients(
        compiled(inner, stochastic=stochastic, **options), X, *data)
  expected = found([(Y, DY)])
  check_close(found([(Y[:, 0], DY)]), expected)
  check_close(found(target=flat), expected)
  check_close(found([(Y, DY)], "flat"), expected)
  check_close(found(target=target, outputs="flat"), expected)


def test_mixed_precision_with_an_output_in_float32():
  for output in ("float32", None):
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("mixed_bfloat16")
    made = compiled(keras.Sequential([
        keras.Input((D,)), keras.layers.Dense(8, "tanh"),
        keras.layers.Dense(1, dtype=output)]))
    history = made.fit(X, (Y, DY), epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    for part in made.predict_derivatives(X):
      assert part.dtype == np.float32


def test_a_built_model_is_built(tmp_path):
  made, other = compiled(), compiled()
  backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
  made.fit(X, (Y, DY), verbose=0, callbacks=[backup])
  made.save_weights(tmp_path / "a.weights.h5")
  other.load_weights(tmp_path / "a.weights.h5")
  for one, loaded in zip(made.weights, other.weights):
    np.testing.assert_array_equal(one.numpy(), loaded.numpy())


class Subclassed(keras.Model):
  """A model that is built by its first call."""

  def __init__(self):
    super().__init__()
    self.hidden = keras.layers.Dense(8, "tanh")
    self.last = keras.layers.Dense(1)

  def call(self, x, training=None):
    return self.last(self.hidden(x))


@pytest.mark.parametrize("make", [network, Subclassed])
def test_export_after_fit(make, tmp_path):
  made = compiled(make())
  with warnings.catch_warnings():
    warnings.filterwarnings("error", message=r".*build\(\)")
    made.fit(X, (Y, DY), verbose=0)
  made.export(tmp_path / "served", verbose=False)
  served = tf.saved_model.load(str(tmp_path / "served"))
  np.testing.assert_allclose(
      served.serve(tf.constant(X)), made.predict(X, verbose=0))


class WithScale(SobolevModel):
  """A subclass with a weight of its own."""

  def __init__(self, model):
    super().__init__(model)
    self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

  def call(self, x, training=None):
    return self.scale * super().call(x, training)


def test_a_subclass_may_add_weights():
  made = WithScale(network())
  made.compile(keras.optimizers.SGD(.1))
  made.fit(X, (Y, DY), verbose=0)
  assert float(made.scale) != 1.


def test_order_2_of_a_relu_network_is_warned_of():
  inner = keras.Sequential([
      keras.Input((D,)), keras.layers.Dense(8, "relu"),
      keras.layers.Dense(1)])
  with pytest.warns(linearity.PiecewiseLinearWarning):
    compiled(inner, 2, target=target).fit(X, verbose=0)


def test_one_metric_is_for_all_orders():
  found = compiled(metrics="mae").evaluate(
      X, (Y, DY), verbose=0, return_dict=True)
  assert {"value_mae", "first_mae"} < set(found)


def on_two_devices(path):
  """Fits in a process of its own, on one device and on two virtual ones."""
  keras.config.set_floatx("float64")  # no fixture reaches this process
  keras.config.set_dtype_policy("float64")
  strategies = [tf.distribute.get_strategy()]
  tf.config.set_logical_device_configuration(
      tf.config.list_physical_devices("CPU")[0],
      [tf.config.LogicalDeviceConfiguration()] * 2)
  strategies.append(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
  found = []
  for strategy in strategies:
    with strategy.scope():
      made = SobolevModel(network(), 0, functionals=[functionals.laplacian])
      made.compile(keras.optimizers.SGD(.1))
    made.fit(X, (Y, np.where(np.arange(B) == 2, np.nan, Y[:, 0])),
             batch_size=B, shuffle=False, verbose=0)
    numbers = [v.numpy().tolist() for v in made.trainable_variables]
    with strategy.scope():
      made = compiled(network(), metrics=["mae"])
    history = made.fit(X, (Y, DY), sample_weight=np.arange(B) / B,
                       batch_size=B, shuffle=False, epochs=3, verbose=0,
                       validation_data=(X, (Y, DY))).history
    found.append([
        history, [v.numpy().tolist() for v in made.weights] + numbers])
    with strategy.scope():  # with one draw per replica, so not comparable
      made = compiled(network(), target=target, stochastic=True)
      made.compile(keras.optimizers.Adam(.01))
    losses_ = made.fit(np.tile(X, (10, 1)), batch_size=B, epochs=5,
                       verbose=0).history["loss"]
    assert losses_[-1] < losses_[0]
  path.write_text(json.dumps(found))


def test_two_devices_give_what_one_gives(tmp_path):
  path = tmp_path / "found"
  process = multiprocessing.get_context("spawn").Process(
      target=on_two_devices, args=(path,), daemon=True)
  process.start()
  process.join(600)
  process.kill()  # if it hangs
  assert process.exitcode == 0
  one, two = json.loads(path.read_text())
  assert set(one[0]) == set(two[0]) > {"loss", "val_first_loss"}
  for name, values in one[0].items():
    np.testing.assert_allclose(two[0][name], values, rtol=1e-5, err_msg=name)
  for a, b in zip(one[1], two[1], strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-5)


def test_losses_and_metrics_by_order():
  inner = network()
  made = compiled(inner, metrics=["mae"], loss=("mse", SquaredError()),
                  loss_weights={"value": 2., "first": .5})
  found = made.evaluate(X, (Y, DY), verbose=0, return_dict=True)
  y, dy_dx = derivatives.value_and_derivatives(inner, tf.constant(X), 1)
  value = np.mean((y - Y)**2)
  first = np.mean(np.sum((dy_dx - DY)**2, 1))
  assert found == pytest.approx({
      "loss": 2 * value + .5 * first, "value_loss": value,
      "first_loss": first, "value_mae": np.mean(abs(y - Y)),
      "first_mae": np.mean(abs(dy_dx - DY))}, rel=1e-5)


def test_metrics_of_each_order():
  made = compiled(metrics={"value": ["mae"], "first": []})
  found = made.evaluate(X, (Y, DY), verbose=0, return_dict=True)
  assert {name for name in found if "mae" in name} == {"value_mae"}


def test_predict_is_the_model_inside():
  inner = network()
  made = compiled(inner)
  np.testing.assert_array_equal(
      made.predict(X, verbose=0), inner.predict(X, verbose=0))
  expected = derivatives.value_and_derivatives(inner, tf.constant(X), 1)
  for one, other in zip(
      made.predict_derivatives(X, batch_size=5), expected, strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_saving_keeps_weights_settings_and_optimizer(tmp_path):
  made = SobolevModel(network(), stochastic=True, seed=4)
  made.compile("adam", loss_weights=(1., .1), metrics=["mae"])
  data = X, (Y, DY)
  made.fit(*data, epochs=2, verbose=0)
  made.save(tmp_path / "model.keras")
  loaded = keras.models.load_model(tmp_path / "model.keras")
  assert (loaded.order, loaded.stochastic, loaded.seed) == (1, True, 4)
  for model in (made, loaded):  # the next step is the same, too
    model.fit(*data, shuffle=False, verbose=0)
  for one, other in zip(made.variables, loaded.variables, strict=True):
    np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-6)
  assert loaded.optimizer.iterations.numpy() == 3


def test_weights_of_a_checkpoint_callback(tmp_path):
  made = compiled()
  path = tmp_path / "best.weights.h5"
  made.fit(X, (Y, DY), validation_data=(X, (Y, DY)), verbose=0, callbacks=[
      keras.callbacks.ModelCheckpoint(
          path, monitor="val_first_loss", mode="min", save_weights_only=True)])
  other = compiled()
  other.load_weights(path)
  for one, loaded in zip(made.weights, other.weights):
    np.testing.assert_array_equal(one.numpy(), loaded.numpy())


def test_datasets_and_functional_models():
  inputs = keras.Input((D,))
  hidden = keras.layers.Dense(8, "tanh")(inputs)
  outputs = keras.layers.Dense(1)(hidden)
  made = compiled(keras.Model(inputs, outputs))
  made.compile(keras.optimizers.Adam(.01))
  data = tf.data.Dataset.from_tensor_slices((X, (Y, DY))).batch(4)
  history = made.fit(data, epochs=3, verbose=0).history
  assert history["loss"][-1] < history["loss"][0]


def test_dropout_is_active_in_training_only():
  keras.utils.set_random_seed(0)
  inner = keras.Sequential([
      keras.Input((D,)), keras.layers.Dense(50, "tanh"),
      keras.layers.Dropout(.5), keras.layers.Dense(1)])
  made = SobolevModel(inner)
  made.compile(keras.optimizers.SGD(0.))
  data = X, (Y, DY)
  trained = [made.fit(*data, batch_size=B, verbose=0).history["loss"][0]
             for _ in range(2)]
  evaluated = [made.evaluate(*data, verbose=0, return_dict=True)["loss"]
               for _ in range(2)]
  assert trained[0] != trained[1] and evaluated[0] == evaluated[1]


def test_it_fits_derivatives_better_than_values_alone():
  x = RNG.uniform(-2, 2, (20, D))
  targets = [t.numpy() for t in derivatives.value_and_derivatives(
      target, tf.constant(x), 1)]
  # An epoch of 50 full batches: Keras's cost per epoch is more than a step's.
  repeated = tf.data.Dataset.from_tensors((x, tuple(targets))).repeat(50)
  test = RNG.uniform(-2, 2, (200, D))
  expected = target(tf.constant(test)).numpy()
  found = {}
  for name, weights in (("values", (1., 0.)), ("sobolev", (1., 1.))):
    made = SobolevModel(network())
    made.compile(keras.optimizers.Adam(.03), loss_weights=weights)
    made.fit(repeated, epochs=3, verbose=0)
    found[name] = np.mean((made.predict(test, verbose=0) - expected)**2)
  assert found["sobolev"] < .5 * found["values"]


def two_inputs():
  inputs = [keras.Input((D,)), keras.Input((D,))]
  return keras.Model(inputs, keras.layers.Add()(inputs))


def two_outputs():
  inputs = keras.Input((D,))
  return keras.Model(inputs, [keras.layers.Dense(1)(inputs) for _ in "ab"])


def without_shapes():
  return tf.data.Dataset.from_generator(
      lambda: iter([(X, (Y, DY))]), output_types=(
          tf.float64, (tf.float64, tf.float64)))


@pytest.mark.parametrize("call, words", [
    (lambda: SobolevModel(network(), 0), "order must be"),
    (lambda: compiled(loss_weights=(1.,)), "loss_weights needs 2 entries"),
    (lambda: compiled(loss={"value": "mse"}), "loss needs the entries"),
    (lambda: compiled().fit(X, Y, verbose=0), "targets needs 2 entries"),
    (lambda: compiled().fit(X, verbose=0), "no targets"),
    (lambda: compiled().fit(X, (Y, DY[:, :1]), verbose=0), "order 1"),
    (lambda: compiled(network(3)).fit(X, (Y, DY), verbose=0),
     "target value"),
    (lambda: compiled(network(3), target=target).fit(X, verbose=0),
     "target value"),
    (lambda: compiled(network(3), target=target, stochastic=True).fit(
        X, verbose=0), "target value"),
    (lambda: compiled(keras.Sequential([
        network(6), keras.layers.Reshape((3, 2))])).fit(
            X, (np.zeros([B, 2, 3]), np.zeros([B, 3, 2, D])), verbose=0),
     "target value"),
    (lambda: SobolevModel(lambda x: x), "model must be a Keras model"),
    (lambda: SobolevModel(snt.Linear(1)), "got Linear: for others use"),
    (lambda: compiled(two_inputs()).fit((X, X), (Y, DY), verbose=0),
     "one input tensor, got 2"),
    (lambda: compiled(two_outputs()).fit(X, (Y, DY), verbose=0),
     "must have one output, got 2"),
    (lambda: compiled().fit(X, (Y, DY), sample_weight=(np.ones(B), DY),
                            verbose=0), "one weight per example"),
    (lambda: compiled(keras.Sequential([
        keras.layers.Masking(), keras.layers.Dense(1)])).fit(
            np.ones([B, 3, D]), (np.ones([B, 3, 1]), np.ones([B, 3, 3, D])),
            verbose=0), "carries a mask"),
    (lambda: compiled(Subclassed()).fit(without_shapes(), verbose=0),
     "no static shape"),
])
def test_mistakes_are_named_in_a_sentence(call, words):
  with pytest.raises(errors.UserError, match=words):
    call()


@pytest.mark.parametrize("wrt, stochastic", [([1], False), ([1, 0], True)])
def test_chosen_inputs_equal_the_library_loss(wrt, stochastic, tmp_path):
  inner = network(3)
  targets = derivatives.value_and_derivatives(
      network(3), 2. * tf.constant(X), 1, wrt=wrt)
  if stochastic:
    loss = lambda *given: losses.StochasticSobolevLoss(wrt=wrt)(
        *given, tf.constant([0, 0]))
  else:
    loss = losses.SobolevLoss(wrt=wrt)
  expected = reference(loss, inner, X, targets)
  made = SobolevModel(inner, wrt=wrt, stochastic=stochastic)
  made.compile(keras.optimizers.SGD(1.))
  check_close(gradients(made, X, tuple(t.numpy() for t in targets)), expected)
  if stochastic:
    return
  made.save(tmp_path / "model.keras")
  loaded = keras.models.load_model(tmp_path / "model.keras")
  assert loaded.predict_derivatives(X)[1].shape == (B, 3, len(wrt))
  with pytest.raises(errors.UserError, match="need .* with wrt="):
    loaded.fit(X, (targets[0].numpy(), np.zeros([B, 3, 3])), verbose=0)


@pytest.mark.parametrize("wrt", [
    (1,), slice(1), (slice(None, 1),), np.array([False, True])])
def test_chosen_inputs_are_saved_as_they_are(wrt, tmp_path):
  made = SobolevModel(network(), wrt=wrt)
  made.save(tmp_path / "model.keras")
  loaded = keras.models.load_model(tmp_path / "model.keras")
  assert type(loaded.wrt) is type(wrt)
  check_close(loaded.predict_derivatives(X), made.predict_derivatives(X))


def test_the_target_that_is_set_last_counts():
  made = compiled(target=target)
  for sign in (1., -1.):
    made.set_target(lambda x, sign=sign: sign * target(x))
    one = made.evaluate(X, verbose=0, return_dict=True)
    assert one["loss"] == pytest.approx(made.evaluate(
        X, (sign * Y, sign * DY), verbose=0, return_dict=True)["loss"])
