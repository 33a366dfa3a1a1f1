"""Differential machine learning as its notebook has it, in Keras.

Values alone, and values with pathwise derivatives under the authors' own
balancing; the network is `configs.pricing.Notebook`'s.
"""

import functools
from typing import List

import keras
import numpy as np

from configs import pricing as config_lib
from reproduce import rows as rows_lib
from reproduce import run
from reproduce.balancing import fit as fit_lib
from reproduce.pricing import basket
from sobolev_tf import losses
from sobolev_tf.keras import SobolevModel

PRINTED, MARKETS = "their paths", "other markets"  # the rows' tasks
METHODS = ("values", "huge-savine")
# 100 times the root mean square error, as the notebook has it.
VALUE, DELTA = "value_rmse_x100", "delta_rmse_x100"
_TEST_SEED = 1_000_000  # ours: the notebook has none; added to the market's


def parts(config: config_lib.Notebook) -> List[run.Part]:
  """One part per task, size and method."""
  runs = {  # seeds of the paths and of the weights; sizes
      PRINTED: ([(config.paths, weights) for weights in config.weights],
                config.sizes),
      MARKETS: ([(market, market) for market in config.markets],
                config.market_sizes)}
  return [
      run.Part(rows_lib.slug(f"{task} {count} {method}"),
               functools.partial(_compute, config, task, pairs, count, method))
      for task, (pairs, sizes) in runs.items()
      for count in sizes for method in METHODS]


def _compute(config: config_lib.Notebook, task: str, seeds, count: int,
             method: str, job: run.Job) -> run.Outcome:
  """Trains one network after the other."""
  del job  # some seconds each: begins again if interrupted
  rows = []
  for market, weights in seeds:
    option = basket.Basket(config.assets, market)
    paths = option.paths(max(config_lib.MOST_PATHS, count))
    data = fit_lib.Data(*(array[:count] for array in paths))
    model = fit(data, method, weights, config)
    test = option.test(config.points, _TEST_SEED + market)
    y, dy_dx = model.predict_derivatives(test.x, batch_size=config.points)
    errors = {
        VALUE: y - test.y,
        DELTA: (dy_dx - test.dy_dx)[:, 0]}  # by the first asset's spot: theirs
    rows += [
        rows_lib.Row(task, method, metric, 100 * np.sqrt(np.mean(error**2)),
                     n=count, seed=weights,
                     step=config.epochs * (count // batch_size(config, count)),
                     settings={"market": market})
        for metric, error in errors.items()]
    keras.backend.clear_session()
  return run.Outcome(rows)


def fit(data: fit_lib.Data, method: str, seed: int,
        config: config_lib.Notebook) -> SobolevModel:
  """Trains a network on samples.

  Args:
    data: payoffs and pathwise derivatives.
    method: one of `METHODS`.
    seed: of the initial weights.
    config: of the network and its training.

  Returns:
    The model, from spots to values in units of money.
  """
  model = SobolevModel(network(data, seed, config))
  targets = data.y.astype(np.float32), data.dy_dx.astype(np.float32)
  model.compile(
      keras.optimizers.Adam(epsilon=1e-8),  # TensorFlow 1's
      loss_weights=(1. / np.var(data.y), 0.) if method == "values" else
      losses.huge_savine(targets, config.strength),
      steps_per_execution=config.batches)
  shares, rates = zip(*config_lib.ONE_CYCLE)
  model.fit(
      data.x.astype(np.float32), targets, epochs=config.epochs, verbose=0,
      batch_size=batch_size(config, len(data.x)),
      shuffle=False,  # as the notebook
      callbacks=[keras.callbacks.LearningRateScheduler(
          lambda epoch: float(np.interp(
              epoch / config.epochs, shares, rates)))])
  return model


def network(data: fit_lib.Data, seed: int, config: config_lib.Notebook
            ) -> keras.Model:
  """Standardises spots, and returns values in their own unit."""
  def dense(size, layer):
    return keras.layers.Dense(
        size, kernel_initializer=keras.initializers.VarianceScaling(
            seed=1000 * seed + layer))  # TensorFlow 1's
  layers = [keras.Input(data.x.shape[1:]), keras.layers.Normalization(
      mean=data.x.mean(0), variance=data.x.var(0))]
  for layer, size in enumerate(config.hidden_sizes):
    layers += [dense(size, layer), keras.layers.Activation("softplus")]
  return keras.Sequential([
      *layers, dense(1, len(config.hidden_sizes)),
      keras.layers.Rescaling(data.y.std(), data.y.mean())])


def batch_size(config: config_lib.Notebook, count: int) -> int:
  """Samples per update, for so many training paths."""
  return min(count, max(config.smallest_batch, count // config.batches))
