"""Bad arguments of the library: a `UserError` of one sentence, graph or not."""

import math

from commands import COUNTS, check_sentence, label
from hypothesis import example, given, settings
from hypothesis import strategies as st
import keras
import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from reproduce.classification.data import opener
from reproduce.regression import data as regression
import sobolev_tf
from sobolev_tf import errors, functions, losses, targets
from sobolev_tf import synthetic_gradients as sg
from sobolev_tf.keras import SobolevModel
from sobolev_tf.losses import distillation
from sobolev_tf.networks import mlp
from sobolev_tf.training import loop, minibatches

X = tf.ones([4, 2])
Y = tf.ones([4])
DY = tf.ones([4, 2])
TEXT = np.array(["one", "two"])
RAGGED = [[1.], [1., 2.]]
EXACT = losses.SobolevLoss()
RANDOM = losses.StochasticSobolevLoss()
NOT_NUMBERS = (None, "text", RAGGED, np.array([None, 1]), {}, object())
NOT_WEIGHTS = (-1., math.nan, math.inf, "one", None)


def scalar(x):
  return tf.reduce_sum(x**2, axis=-1)


def squares(x):
  return x**2


def refuse(call, *words):
  """Asserts that a call is refused in one sentence with the words."""
  with pytest.raises(errors.UserError) as error:
    call()
  check_sentence(str(error.value))
  for word in words:
    assert word in str(error.value)
  COUNTS["bad arguments refused"] += 1


@pytest.mark.parametrize("bad", NOT_NUMBERS, ids=label)
def test_what_is_no_array(bad):
  refuse(lambda: sobolev_tf.gradient(scalar, bad), "x ")
  refuse(lambda: sobolev_tf.gradient(lambda x: bad, X), "returned")
  refuse(lambda: sobolev_tf.projections(squares, X, [bad]), "v1")
  refuse(lambda: EXACT(scalar, X, (Y, bad)), "target", "order 1")
  refuse(lambda: EXACT(scalar, X, (bad, DY)), "target value")
  refuse(lambda: RANDOM(scalar, X, (Y, bad), [0, 1]), "target")
  refuse(lambda: RANDOM(scalar, X, scalar, bad), "seed")
  refuse(lambda: targets.from_arrays(X, [Y, bad]), "arrays[1]")
  refuse(lambda: targets.from_arrays(bad, [Y, DY]), "x ")
  if bad is not None:
    refuse(lambda: EXACT(scalar, X, (Y, DY), sample_weight=bad),
           "sample_weight")
    refuse(lambda: EXACT(scalar, X, (Y, DY), entry_weights=(bad, None)),
           "entry_weights[0]")


@pytest.mark.parametrize("bad", [0, -1, 1.5, True, None, "1"], ids=label)
def test_counts(bad):
  refuse(lambda: sobolev_tf.gradient(scalar, X, bad), "batch_dims")
  refuse(lambda: losses.SobolevLoss(order=bad), "order")
  refuse(lambda: losses.StochasticSobolevLoss(order=bad), "order")
  refuse(lambda: SobolevModel(keras.Sequential(), order=bad), "order")
  refuse(lambda: targets.from_black_box(np.sum, np.ones([3, 2]), order=(
      bad if bad is not True else 0)), "order")
  if bad != 0:
    refuse(lambda: sobolev_tf.value_and_derivatives(
        scalar, X, bad if bad is not True else True), "order")


@pytest.mark.parametrize("bad", NOT_WEIGHTS, ids=label)
def test_weights(bad):
  refuse(lambda: losses.SobolevLoss(weights=(1., bad)), "weights")
  refuse(lambda: losses.StochasticSobolevLoss(weights=(bad, 1.)), "weights")
  refuse(lambda: distillation.DistillationLoss(bad), "weights")
  if bad is not None and bad != "one":
    refuse(lambda: EXACT(scalar, X, (Y, DY), sample_weight=[bad] * 4),
           "sample_weight")
    refuse(lambda: EXACT(scalar, X, (Y, DY), entry_weights=(
        None, [[1., bad]])), "entry_weights[1]")


@pytest.mark.parametrize("call, word", [
    (lambda: losses.SobolevLoss(losses="mse"), "'mse'"),
    (lambda: losses.SobolevLoss(losses=5), "5"),
    (lambda: losses.SobolevLoss(losses=("mse", "mse")), "'mse'"),
    (lambda: losses.SobolevLoss(losses=[losses.norm]), "2 entries"),
    (lambda: losses.SobolevLoss(weights=(0, 0)), "not all 0"),
    (lambda: EXACT(scalar, X, None), "targets"),
    (lambda: EXACT(scalar, X, ()), "2 entries"),
    (lambda: EXACT(scalar, X, (Y, DY), entry_weights=5), "entry_weights"),
    (lambda: RANDOM(scalar, X, None, [0, 1]), "target"),
    (lambda: RANDOM(scalar, X, 5, [0, 1]), "target"),
    (lambda: RANDOM(scalar, X, scalar, 5), "seed"),
    (lambda: RANDOM(scalar, X, scalar, [1.5, 2.]), "seed"),
    (lambda: RANDOM(scalar, X, scalar, [1, 2, 3]), "seed"),
    (lambda: sobolev_tf.projections(squares, X, 5), "directions"),
    (lambda: sobolev_tf.projections(
        squares, X, [tf.ones([4, 2], tf.float64)]), "float64"),
    (lambda: targets.from_arrays(X, None), "arrays"),
    (lambda: sobolev_tf.gradient(squares, X), "jacobian"),
    (lambda: sobolev_tf.gradient(lambda x: (x, x), X), "(2, 4, 2)"),
    (lambda: mlp.EnsembleMLP([0], 0), ">= 1"),
    (lambda: mlp.EnsembleMLP([0], 2, [3, -1]), ">= 1"),
    (lambda: mlp.EnsembleMLP([0.5], 2), "0.5"),
    (lambda: mlp.EnsembleMLP(["a"], 2), "'a'"),
    (lambda: mlp.EnsembleMLP([], 2), "at least one"),
    (lambda: functions.by_name("ackely"), "ackley"),
    (lambda: regression.sample(
        functions.by_name("booth"), 3, seed=-1, stream="test"), "-1"),
    (lambda: minibatches.Minibatches([0], 3, 0), "batch_size"),
    (lambda: opener.open_data(
        "mnist", seed=0, batch_size=1, held_out=1), "mnist"),
    (lambda: loop.train(lambda i: {}, {}, loop.Schedule(0)), "steps"),
    (lambda: sg.DecoupledNetwork([], [], X), "0 parts"),
    (lambda: sg.DecoupledNetwork(
        [sg.Plain(snt.Linear(2))], [sg.Noprop()], X), "1 parts"),
    (lambda: sg.DecoupledNetwork(
        [sg.Plain(snt.Linear(2))], [], X, targets="fake"), "'fake'"),
], ids=label)
def test_other_arguments(call, word):
  refuse(call, word)


@pytest.mark.parametrize("options, word", [
    ({"loss_weights": (1.,)}, "loss_weights needs 2"),
    ({"loss_weights": {"value": 1., "frist": 1.}}, "frist"),
    ({"loss": ["mse"] * 3}, "loss needs 2"),
    ({"metrics": {"value": ["mae"]}}, "metrics needs")], ids=label)
def test_keras_settings(options, word):
  model = SobolevModel(keras.Sequential([keras.layers.Dense(1)]))
  refuse(lambda: model.compile("sgd", **options), word)


@pytest.mark.parametrize("y, word", [
    (None, "no targets"), (np.ones([4, 1]), "2 entries"),
    ((np.ones([4, 1]),), "2 entries"),
    ((np.ones([4, 2]), np.ones([4, 2])), "target value"),
    ((np.ones([4, 1]), np.ones([4, 3])), "order 1"),
    ({"value": np.ones([4, 1])}, "value, first")], ids=label)
@pytest.mark.parametrize("eager", [True, False])
def test_keras_targets(y, word, eager):
  model = SobolevModel(keras.Sequential(
      [keras.Input([2]), keras.layers.Dense(1)]))
  model.compile("sgd", run_eagerly=eager)
  before = model.get_weights()
  refuse(lambda: model.fit(np.ones([4, 2]), y, verbose=0), word)
  for one, other in zip(before, model.get_weights()):
    np.testing.assert_array_equal(one, other)


def test_inside_a_graph_the_sentence_stays():
  """AutoGraph would wrap any other error in a traceback of its own."""
  @tf.function
  def step():
    return EXACT(scalar, X, (Y, Y)).reduce()
  refuse(step, "order 1", "(4,)")


SHAPES = st.lists(st.integers(1, 4), max_size=4).map(tuple)
TYPES = st.sampled_from([tf.float32, tf.float64, tf.int32, tf.complex64])


@settings(max_examples=60, deadline=None)
@given(value=SHAPES, derivative=SHAPES, dtype=TYPES)
def test_targets_of_any_shape_and_type(value, derivative, dtype):
  def call():
    return EXACT(scalar, X, (tf.ones(value, dtype), tf.ones(derivative, dtype)))
  if (value, derivative, dtype) == ((4,), (4, 2), tf.float32):
    assert call().reduce().shape == ()
  else:
    refuse(call, "target")


@settings(max_examples=60, deadline=None)
@given(weight=SHAPES)
def test_sample_weights_of_any_shape(weight):
  def call():
    return EXACT(scalar, X, (Y, DY), sample_weight=tf.ones(weight))
  if weight == (4,):
    assert call().total.shape == (4,)
  else:
    refuse(call, "sample_weight")


@settings(max_examples=60, deadline=None)
@given(seed=SHAPES, dtype=TYPES, batch_dims=st.sampled_from([1, 2]))
@example(seed=(1, 2), dtype=tf.int32, batch_dims=1)
@example(seed=(0, 2), dtype=tf.int32, batch_dims=2)
def test_seeds_of_any_shape_and_type(seed, dtype, batch_dims):
  def call():
    return losses.unit_directions(1, tf.ones(seed, dtype), batch_dims)
  members = batch_dims == 2 and len(seed) == 2 and seed[0] > 0
  if dtype == tf.int32 and (seed[1:] if members else seed) == (2,):
    assert len(call()) == 1
  else:
    refuse(call, "seed")
