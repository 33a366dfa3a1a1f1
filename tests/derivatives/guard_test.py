"""Tests of what is refused and warned of, and of how often it is looked for."""

import warnings

import keras
import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors, losses, ops
from sobolev_tf.derivatives import guard, operations, tracing

X = tf.constant(np.random.default_rng(0).normal(size=(4, 3)), tf.float32)
IMAGES = tf.ones([2, 4, 4, 1])


@pytest.fixture(name="table")
def fixture_table(monkeypatch):
  """A table in which Erf has no second derivative, and Sin a wrong one."""
  rows = {"Erf": operations.Verdict("Erf", "right", "missing"),
          "Sin": operations.Verdict("Sin", "right", "wrong"),
          "Cos": operations.Verdict("Cos", "right", "right", "wrong")}
  usual = operations.lookup
  monkeypatch.setattr(operations, "lookup", lambda op: rows.get(op, usual(op)))
  monkeypatch.setattr(guard, "_CHECKED", guard.memory.Memory())


def keras_model(activation):
  return keras.Sequential([
      keras.Input((3,)), keras.layers.Dense(4, name="below"),
      keras.layers.Activation(activation, name="strange"),
      keras.layers.Dense(1)], name="net")


class Strange(snt.Module):
  """A module with a name scope of its own."""

  def __call__(self, x):
    return tf.math.erf(x)


def loss_of(model, order=1):
  zeros = [tf.zeros([4, 1])] + [
      tf.zeros([4] + [3] * j) for j in range(1, order + 1)]
  return losses.SobolevLoss(order)(model, X, zeros)


@pytest.mark.parametrize("graph", [False, True])
def test_what_is_missing_is_refused_by_name(table, graph):
  sonnet = snt.Sequential([snt.Linear(4), Strange(name="odd"), snt.Linear(1)])
  sonnet(X)
  for model, name in ((keras_model(tf.math.erf), "net.*strange.*"),
                      (sonnet, "odd")):
    compute = lambda: loss_of(model).total  # noqa: B023
    with pytest.raises(errors.UserError, match=(
        f"^Layer '{name}' computes Erf, which has no second derivative in "
        f"TensorFlow {tf.__version__}: use another operation instead")):
      (tf.function(compute) if graph else compute)()


def test_what_is_wrong_is_warned_of_once(table):
  model = keras_model(tf.sin)
  loss = losses.SobolevLoss()
  targets = tf.zeros([4, 1]), tf.zeros([4, 3])
  with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    for _ in range(3):  # the same code and model, a lambda of its own
      loss(lambda z: model(z), X, targets)
    other = keras_model(tf.sin)
    losses.SobolevLoss()(other, X, targets)
  seen = [one for one in seen if one.category is guard.WrongDerivativeWarning]
  assert len(seen) == 2
  assert seen[0].filename == __file__
  assert "computes Sin, which has a wrong second derivative" in str(
      seen[0].message)


@pytest.mark.parametrize("order, verdicts", [(1, []), (2, ["third wrong"])])
def test_the_third_gradient_counts_from_order_2(table, order, verdicts):
  found = guard.findings(tracing.trace(tf.cos, X), order)
  assert [finding.verdict for finding in found] == verdicts


def test_what_is_not_differentiated_is_not_looked_at(table):
  @tf.custom_gradient
  def erf(x):
    return tf.math.erf(x), lambda dy: dy * tf.exp(-x * x)

  weights = tf.Variable(tf.ones([3, 1]))
  for model in (erf, lambda x: x @ tf.math.erf(weights),
                lambda x: x * tf.stop_gradient(tf.math.erf(x)),
                lambda x: x * tf.cast(tf.math.erf(x) > 0, x.dtype),
                lambda x: (tf.math.erf(x), x)[1]):
    assert guard.findings(tracing.trace(model, X), 1) == []


def test_loops_and_calls_are_looked_into(table):
  inner = tf.function(tf.sin)

  def loop(x):
    return tf.while_loop(
        lambda i, z: i < 3, lambda i, z: (i + 1, tf.sin(z)), (0, x))[1]

  for model in (lambda x: inner(x), loop, tf.function(tf.function(tf.sin)),
                lambda x: tf.cond(x[0, 0] > 0, lambda: x, lambda: tf.sin(x))):
    found = guard.findings(tracing.trace(model, X), 1)
    assert [(one.operation, one.verdict) for one in found] == [("Sin", "wrong")]


@pytest.mark.parametrize("model, x, operation, drop_in", [
    (lambda x: tf.reduce_prod(x, -1), X, "Prod", "reduce_prod"),
    (lambda x: tf.math.cumprod(x, -1), X, "Cumprod", "cumprod"),
    (tf.nn.softsign, X, "Softsign", "softsign"),
    (lambda x: tf.image.resize(x, [3, 3]), IMAGES, "ResizeBilinear", "resize"),
    (lambda x: tf.nn.moments(x, [1])[1], X, "tf.nn.moments", "moments"),
])
def test_what_is_mended_is_left_in_peace(model, x, operation, drop_in):
  assert guard.findings(tracing.trace(model, x), 1) == []
  # Inside a tf.function it may have been differentiated before.
  found, = guard.findings(tracing.trace(tf.function(model), x), 1)
  assert (found.operation, found.verdict) == (operation, "unsure")
  assert f"use sobolev_tf.ops.{drop_in} instead" in str(found)


def test_our_moments_are_right():
  assert guard.findings(tracing.trace(
      tf.function(lambda x: ops.moments(x, [1])[1]), X), 1) == []


@pytest.mark.parametrize("wrap", [lambda f: f, tf.function])
def test_half_precision_is_warned_of(wrap):
  inner = wrap(lambda x: tf.cast(tf.cast(x, tf.float16)**2, x.dtype))
  with pytest.warns(guard.HalfPrecisionWarning, match="65504"):
    guard.check(lambda x: inner(x), X)


def test_what_cannot_be_traced_is_not_checked():
  """The model that is refused above, as one that only runs eagerly."""
  def model(x):
    return tf.raw_ops.ResizeBicubic(
        images=tf.constant(x.numpy()), size=[3, 3], align_corners=True)

  with warnings.catch_warnings():
    warnings.simplefilter("error")
    guard.check(model, IMAGES)
    np.testing.assert_array_equal(guard.Guard(1)(model)(IMAGES), model(IMAGES))


def test_what_is_wrong_at_zeros_only_says_so():
  with pytest.warns(guard.WrongDerivativeWarning, match=(
      r"Xlogy, whose second derivative is wrong .* where an input is 0")):
    guard.check(lambda x: tf.math.xlogy(x, x + 2.), X)


def test_a_refused_model_is_refused_again():
  def model(x):
    return tf.raw_ops.ResizeBicubic(
        images=x, size=[3, 3], align_corners=True)[:, 0, 0, 0]

  guarded = guard.Guard(1)(model)
  for _ in range(2):
    with pytest.raises(errors.UserError, match="ResizeBicubic"):
      guarded(IMAGES)


def test_a_layer_is_named_without_the_graphs_numbers(table):
  net = keras.Sequential([
      keras.Input((3,)), keras.layers.Dense(2, name="dense_1"),
      keras.layers.Lambda(tf.sin, name="strange")], name="net")

  @tf.function
  def twice(x):
    net(x)
    return guard.Guard(1)(net)(x)

  with pytest.warns(guard.WrongDerivativeWarning, match="'net/strange'"):
    twice(X)


def test_a_third_derivative_of_batch_normalisation():
  layer = snt.BatchNorm(True, True)
  model = lambda x: layer(x, is_training=True)
  images = tf.zeros([2, 3, 3, 1])
  layer(images, is_training=True)
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    guard.check(model, images, 1)
  with pytest.warns(guard.WrongDerivativeWarning, match="third derivative"):
    guard.check(model, images, 2)
