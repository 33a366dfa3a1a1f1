"""What counts nothing: weights of 0 in metrics; and inputs without a batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.keras import SobolevModel

X = np.array([[.5, 1.], [0., 1.], [1., .25], [.75, .5]], "float32")
WEIGHT = np.array([1., 0., 2., .5], "float32")  # 0 where x = 0
RNG = np.random.default_rng(0)
Y = RNG.normal(size=(4, 1)).astype("float32")
DY = RNG.normal(size=(4, 2)).astype("float32")


def rooted(**options):
  """A model whose first derivative is infinite where an input is 0."""
  keras.utils.set_random_seed(1)
  made = SobolevModel(keras.Sequential([
      keras.Input((2,)), keras.layers.Lambda(tf.sqrt), keras.layers.Dense(1)]))
  made.compile(keras.optimizers.SGD(0.), **options)
  return made


def test_weighted_metrics_get_nothing_from_a_weight_of_0():
  made = rooted(weighted_metrics=["mae", keras.metrics.RootMeanSquaredError()])
  counted = WEIGHT > 0
  first = made.predict_derivatives(X)[1]
  assert not np.isfinite(first[~counted]).all()
  errors_ = np.abs(first - DY)[counted]
  weights = WEIGHT[counted] / WEIGHT.sum()
  options = dict(sample_weight=WEIGHT, verbose=0)
  found = made.evaluate(X, (Y, DY), return_dict=True, **options)
  fitted = made.fit(X, (Y, DY), **options).history
  for logs in (found, {name: value[0] for name, value in fitted.items()}):
    assert logs["first_mae"] == pytest.approx(
        weights @ errors_.mean(1), rel=1e-5)
    assert logs["first_root_mean_squared_error"] == pytest.approx(
        np.sqrt(weights @ (errors_**2).mean(1)), rel=1e-5)


def test_a_step_is_traced_once():
  calls = []

  def counted(h):
    calls.append(1)
    return tf.sin(h)

  made = SobolevModel(keras.Sequential([
      keras.Input((2,)), keras.layers.Lambda(counted), keras.layers.Dense(1)]))
  made.compile("adam", metrics=["mae"])
  calls.clear()
  made.fit(X, (Y, DY), verbose=0)
  assert len(calls) == 2  # for the shape of the output, and to be trained


def plain():
  made = SobolevModel(keras.Sequential([
      keras.Input((2,)), keras.layers.Dense(1)]))
  made.compile("sgd")
  return made


@pytest.mark.parametrize("use", [
    lambda made: made.fit(tf.data.Dataset.from_tensor_slices((X, (Y, DY))),
                          verbose=0),
    lambda made: made.predict_derivatives(X[0]),
    lambda made: made.predict_derivatives(1.),
], ids=["data set", "point", "number"])
def test_inputs_without_a_batch_axis(use):
  with pytest.raises(errors.UserError, match="no batch axis"):
    use(plain())


def test_a_weight_that_is_nan_is_named():
  weight = np.array([1., np.nan, 1., 1.])
  with pytest.raises(errors.UserError, match="sample_weight that is NaN"):
    plain().fit(X, (Y, DY), sample_weight=weight, verbose=0)
