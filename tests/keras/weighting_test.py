"""Keras's losses and metrics on derivatives of any shape, weighted."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf.keras import SobolevModel

NAMES = ("value", "first", "second")


@pytest.mark.parametrize("loss", ["mse", keras.losses.MeanSquaredError()])
@pytest.mark.parametrize("batch", [3, 5])  # 3: equal to the axes' sizes
@pytest.mark.parametrize("event, out, order", [
    ((3,), 1, 2), ((2,), 3, 1), ((2, 3, 1), 1, 1)])
def test_weighted_values_equal_a_loop(loss, batch, event, out, order):
  rng = np.random.default_rng(0)
  keras.utils.set_random_seed(1)
  made = SobolevModel(keras.Sequential([
      keras.Input(event), keras.layers.Flatten(),
      keras.layers.Dense(4, "tanh"), keras.layers.Dense(out)]), order)
  made.compile("sgd", loss=loss, metrics=["mae"], weighted_metrics=["mse"])
  x = rng.normal(size=(batch, *event)).astype("float32")
  weight = rng.uniform(.1, 2., batch)
  predictions = made.predict_derivatives(x)
  targets = tuple(rng.normal(size=p.shape) for p in predictions)
  logs = made.evaluate(
      x, targets, sample_weight=weight, verbose=0, return_dict=True)
  for name, target, prediction in zip(NAMES, targets, predictions):
    squares = [np.mean((t - p)**2) for t, p in zip(target, prediction)]
    weighted = np.sum(weight * squares)
    assert logs[f"{name}_loss"] == pytest.approx(weighted / batch, rel=1e-4)
    assert logs[f"{name}_mse"] == pytest.approx(
        weighted / weight.sum(), rel=1e-4)
    assert logs[f"{name}_mae"] == pytest.approx(
        np.mean(np.abs(target - prediction)), rel=1e-4)


def test_unweighted_metrics_see_examples_of_weight_0():
  rng = np.random.default_rng(0)
  made = SobolevModel(keras.Sequential([
      keras.Input((2,)), keras.layers.Dense(1)]))
  made.compile(keras.optimizers.SGD(0.), metrics=["mae"])
  x = rng.normal(size=(4, 2)).astype("float32")
  predictions = made.predict_derivatives(x)
  targets = tuple(rng.normal(size=p.shape) for p in predictions)
  history = made.fit(
      x, targets, sample_weight=np.array([0., 1., 0., 2.]), verbose=0).history
  for name, target, prediction in zip(NAMES, targets, predictions):
    assert history[f"{name}_mae"][0] == pytest.approx(
        np.mean(np.abs(target - prediction)), rel=1e-4)


def test_another_backend_is_refused_in_a_sentence():
  code = ("import keras; keras.backend.backend = lambda: 'jax'\n"
          "import sobolev_tf.keras")
  ended = subprocess.run(
      [sys.executable, "-c", code], capture_output=True, text=True)
  assert "ImportError: sobolev_tf.keras differentiates with TensorFlow, but " \
         "Keras runs on jax" in ended.stderr


def test_the_old_place_of_a_saved_model_is_found(tmp_path):
  made = SobolevModel(keras.Sequential([
      keras.Input((2,)), keras.layers.Dense(1)]))
  config = keras.saving.serialize_keras_object(made)
  assert config["registered_name"] == "sobolev_tf>SobolevModel"
  config["module"] = "sobolev_tf.keras"
  del config["config"]["freeze_statistics"]
  loaded = keras.saving.deserialize_keras_object(config)
  assert isinstance(loaded, SobolevModel) and not loaded.freeze_statistics
  assert loaded(tf.zeros([1, 2])).shape == (1, 1)
