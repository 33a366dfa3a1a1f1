"""Differential machine learning through Keras."""

import dataclasses

import keras
import numpy as np

from configs import pricing as config_lib
from reproduce.pricing import basket, notebook

CONFIG = dataclasses.replace(
    config_lib.PRESETS["smoke"].notebook, epochs=2, smallest_batch=32,
    hidden_sizes=(5, 5))
DATA = basket.Basket(2, 0).paths(64)


def test_the_loss_is_the_notebooks():
  """Their equations, in their units, against what Keras minimises."""
  model = notebook.fit(DATA, "huge-savine", 1, CONFIG)
  targets = [array.astype(np.float32) for array in DATA[1:]]
  found = model.evaluate(
      DATA.x.astype(np.float32), tuple(targets), batch_size=64, verbose=0,
      return_dict=True)["loss"]
  y, dy_dx = model.predict_derivatives(DATA.x, batch_size=64)
  x_std, y_std = DATA.x.std(0), DATA.y.std()
  scaled = DATA.dy_dx / y_std * x_std
  sizes = 1. / np.sqrt((scaled**2).mean(0))
  alpha = 1. / (1. + 2)
  value = np.mean(((y - DATA.y) / y_std)**2)
  slopes = np.mean(((dy_dx / y_std * x_std - scaled) * sizes)**2)
  np.testing.assert_allclose(
      found, alpha * value + (1. - alpha) * slopes, rtol=1e-4)


def test_spots_are_standardised_and_values_in_their_unit():
  model = notebook.network(DATA, 0, CONFIG)
  model.layers[-2].set_weights([np.zeros([5, 1]), np.ones(1)])
  np.testing.assert_allclose(
      model(DATA.x)[:, 0], DATA.y.mean() + DATA.y.std(), rtol=1e-5)
  standardised = model.layers[0](DATA.x)
  np.testing.assert_allclose(np.mean(standardised, 0), 0., atol=1e-5)
  np.testing.assert_allclose(np.std(standardised, 0), 1., rtol=1e-4)
  kinds = [type(layer) for layer in model.layers]
  assert kinds.count(keras.layers.Dense) == 3


def test_batches_are_the_notebooks():
  config = config_lib.PRESETS["notebook"].notebook
  assert [notebook.batch_size(config, n) for n in (1024, 4096, 16_384)] == [
      256, 256, 1024]


def test_a_seed_gives_the_weights():
  one, again, other = (
      notebook.network(DATA, seed, CONFIG).get_weights()[-2]
      for seed in (0, 0, 1))
  np.testing.assert_array_equal(one, again)
  assert np.abs(one - other).max() > 1e-3
