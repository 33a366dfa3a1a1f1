"""Tests of what users give per order of derivative."""

import keras
import numpy as np
import pytest

from sobolev_tf import errors
from sobolev_tf.keras import SobolevModel, by_order

NAMES = by_order.order_names(1)


def test_order_names():
  assert by_order.order_names(1) == ("value", "first")
  assert by_order.order_names(5)[3:] == ("third", "order_4", "order_5")


def test_sequences_and_dictionaries():
  assert by_order.by_name("loss", None, NAMES) is None
  for given in ([1, 2], (1, 2), {"first": 2, "value": 1}):
    assert by_order.by_name("loss", given, NAMES) == {"value": 1, "first": 2}


@pytest.mark.parametrize("given", [[1], [1, 2, 3], 1, {"value": 1},
                                   {"value": 1, "second": 2}])
def test_other_entries_are_refused(given):
  with pytest.raises(errors.UserError, match="^loss needs .*value, first"):
    by_order.in_order("loss", given, NAMES)


def test_one_weight_per_example():
  for shape in ([3], [3, 1]):
    weight = np.ones(shape)
    assert by_order.sample_weights(weight, NAMES) == {
        "value": weight, "first": weight}
  mixed = by_order.sample_weights({"value": np.ones([3]), "first": None}, NAMES)
  assert mixed["first"] is None
  with pytest.raises(errors.UserError, match=r"got the shape \(3, 2\)"):
    by_order.sample_weights(np.ones([3, 2]), NAMES)


@pytest.mark.parametrize("options, words", [
    ({"metrics": "crossentropy"}, "metrics has 'crossentropy'"),
    ({"weighted_metrics": ["mae", "nonsense"]}, "weighted_metrics has 'nonse"),
    ({"metrics": 3}, "metrics has 3"), ({"loss": "mes"}, "loss has 'mes'"),
    ({"loss": ("mse", "mes")}, "loss has 'mes'"),
    ({"loss_weights": (1., "a")}, "loss_weights must be numbers, got 'a'"),
])
def test_what_keras_does_not_know_is_named(options, words):
  model = SobolevModel(keras.Sequential([keras.layers.Dense(1)]))
  with pytest.raises(errors.UserError, match=words):
    model.compile("sgd", **options)
  model.compile("sgd", loss="crossentropy", metrics="accuracy")


def test_every_order_has_metrics_of_its_own():
  metric = keras.metrics.MeanAbsoluteError()
  found = by_order.metrics("metrics", [metric, "mse"], NAMES)
  assert found["value"][1] == found["first"][1] == "mse"
  assert found["value"][0] is not found["first"][0]
  assert by_order.metrics("metrics", "mae", NAMES) == {
      "value": ["mae"], "first": ["mae"]}
  given = {"value": ["mae"], "first": []}
  assert by_order.metrics("metrics", given, NAMES) == given
