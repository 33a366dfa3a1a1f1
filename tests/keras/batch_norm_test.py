"""Tests of batch normalisation while derivatives are matched."""

import threading
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf.keras import BatchStatisticsWarning, SobolevModel, batch_norm

RNG = np.random.default_rng(1)


def network(name="norm"):
  keras.utils.set_random_seed(1)
  return keras.Sequential([
      keras.Input((2,)), keras.layers.Dense(32),
      keras.layers.BatchNormalization(momentum=.9, name=name),
      keras.layers.Activation("tanh"), keras.layers.Dense(1)])


def points(count, seed=1):
  x = np.random.default_rng(seed).uniform(-2, 2, (count, 2)).astype("float32")
  y = np.sin(x[:, :1]) * x[:, 1:]
  return x, (y, np.stack([np.cos(x[:, 0]) * x[:, 1], np.sin(x[:, 0])], 1))


def test_the_layer_is_named_once():
  x, targets = points(8)
  made = SobolevModel(network("the_layer"))
  made.compile("sgd")
  with pytest.warns(BatchStatisticsWarning, match="'the_layer'") as caught:
    made.fit(x, targets, batch_size=4, epochs=3, verbose=0)
  assert len([w for w in caught if w.category is BatchStatisticsWarning]) == 1


@pytest.mark.parametrize("how", ["freeze", "trainable"])
def test_frozen_statistics_are_not_warned_of(how):
  x, targets = points(8)
  inner = network()
  inner.layers[1].trainable = how != "trainable"
  made = SobolevModel(inner, freeze_statistics=how == "freeze")
  made.compile(keras.optimizers.SGD(.1))
  before = [v.numpy() for v in inner.layers[1].weights]
  with warnings.catch_warnings():
    warnings.simplefilter("error", BatchStatisticsWarning)
    made.fit(x, targets, verbose=0)
  same = [np.array_equal(a, b.numpy())
          for a, b in zip(before, inner.layers[1].weights)]
  assert same == [how == "trainable"] * 2 + [True, True]  # the last: moving


def test_frozen_statistics_train_what_is_evaluated():
  x, targets = points(8)
  made = SobolevModel(network(), freeze_statistics=True)
  made.compile(keras.optimizers.SGD(0.))
  trained = made.fit(x, targets, verbose=0).history["loss"][0]
  assert trained == pytest.approx(
      made.evaluate(x, targets, verbose=0, return_dict=True)["loss"], rel=1e-5)


def test_derivatives_with_frozen_statistics_are_learnt():
  x, targets = points(64)
  # An epoch of 30 full batches: Keras's cost per epoch is more than a step's.
  repeated = tf.data.Dataset.from_tensors((x, targets)).repeat(30)
  test = points(500, seed=2)
  error = {}
  for freeze in (True, False):
    made = SobolevModel(network(), freeze_statistics=freeze)
    made.compile(keras.optimizers.Adam(1e-2))
    with warnings.catch_warnings():
      warnings.simplefilter("ignore", BatchStatisticsWarning)
      made.fit(repeated, epochs=10, verbose=0)
    error[freeze] = made.evaluate(
        *test, verbose=0, return_dict=True)["first_loss"]
  assert error[True] < .05
  assert error[False] > 5 * error[True]


def test_settings_are_the_thread_s_own():
  layer = keras.layers.BatchNormalization()
  x = tf.constant(RNG.normal(size=(4, 2)), tf.float32)
  usual = layer(x, training=True).numpy()
  original = keras.layers.BatchNormalization.call
  found = {}

  def other():
    found["other"] = layer(x, training=True).numpy()

  with batch_norm.treated(freeze=True, warn=False):
    found["frozen"] = layer(x, training=True).numpy()
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
  np.testing.assert_allclose(found["other"], usual, rtol=1e-6)
  assert np.abs(found["frozen"] - usual).max() > .1
  assert keras.layers.BatchNormalization.call is original
