"""Tests of what both Sobolev losses share: settings, masks, the reduction."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors, losses, targets

POINTWISE = [losses.squared_error, losses.norm, losses.absolute_error]
KINDS = [losses.SobolevLoss, losses.StochasticSobolevLoss]
BATCH = 5
X = tf.constant(np.random.default_rng(0).normal(size=(BATCH, 3)))


def target_function(x):
  return tf.sin(x[:, :1] * x[:, 1:2]) + tf.exp(-x[:, 2:])


def network(outputs=1, seed=1):
  """A smooth network in float64."""
  net = snt.nets.MLP(
      [6, outputs], activation=tf.tanh,
      w_init=snt.initializers.RandomNormal(seed=seed))
  net(X)
  return net


NET = network()
VALUE, FIRST = (a.numpy() for a in targets.from_function(target_function, X))


def loss_and_gradients(loss, x=X, arrays=(VALUE, FIRST), net=NET, **masks):
  with tf.GradientTape() as tape:
    seed = () if isinstance(loss, losses.SobolevLoss) else ([3, 4],)
    total = loss(net, x, arrays, *seed, **masks).reduce()
  return total.numpy(), [
      g.numpy() for g in tape.gradient(total, net.trainable_variables)]


def equal(a, b, factor=1):
  """Same loss and gradients, to the last bit if the factor is 1."""
  for one, other in zip([a[0], *a[1]], [b[0], *b[1]]):
    assert np.isfinite(one).all()
    if factor == 1:
      np.testing.assert_array_equal(one, other)
    else:
      np.testing.assert_allclose(one, factor * other, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("arguments, message", [
    ({"order": 0}, "order must be an integer >= 1, got 0"),
    ({"order": -1}, "order must be an integer >= 1, got -1"),
    ({"order": 1.5}, "order must be an integer >= 1, got 1.5"),
    ({"order": True}, "order must be an integer >= 1, got True"),
    ({"order": "1"}, "order must be an integer >= 1, got '1'"),
    ({"weights": [1]}, "weights needs 2 entries for order 1"),
    ({"order": 2, "weights": [1, 1]}, "weights needs 3 entries for order 2"),
    ({"weights": [1, -0.1]}, r"weights must be .* got \[1.0, -0.1\]"),
    ({"weights": [float("nan"), 1]}, "weights must be"),
    ({"weights": [1, float("inf")]}, "weights must be"),
    ({"weights": [0, 0]}, "weights must be .* not all 0"),
    ({"losses": [losses.norm]}, "losses needs 2 entries for order 1"),
    ({"losses": [losses.norm] * 3}, "losses needs 2 entries for order 1"),
])
def test_wrong_settings(kind, arguments, message):
  with pytest.raises(errors.UserError, match=message):
    kind(**arguments)


def test_an_order_of_weight_0_cannot_spoil_the_total():
  terms = losses.SobolevTerms(
      (tf.constant([1., 3.]), tf.constant([np.nan, np.inf])), (2., 0.))
  np.testing.assert_array_equal(terms.total, [2, 6])
  assert terms.reduce() == 4


def test_terms_by_name_and_mean_over_the_last_axis():
  value, first, second = (
      tf.constant(a) for a in ([[1., 2.], [3., 4.]], [[1., 0.], [0., 1.]],
                               [[2., 2.], [0., 6.]]))
  terms = losses.SobolevTerms((value, first, second), (1., 10., 0.5))
  assert terms.value is value
  assert terms.first is first
  assert terms.second is second
  np.testing.assert_array_equal(terms.total, [[12, 3], [3, 17]])
  np.testing.assert_array_equal(terms.reduce(), [7.5, 10])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pointwise", POINTWISE)
@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_an_example_of_weight_0_is_as_if_absent(kind, pointwise, missing):
  loss = kind(losses=[pointwise] * 2, weights=[1, 0.5])
  mask = np.array([1., 1., 0., 1., 1.])
  value, first = VALUE.copy(), FIRST.copy()
  value[2], first[2] = missing, missing
  masked = loss_and_gradients(loss, arrays=(value, first), sample_weight=mask)
  # It does not matter what is hidden ...
  equal(masked, loss_and_gradients(loss, sample_weight=mask))
  # ... and the rest is the mean of 4, divided by 5 instead.
  if kind is losses.SobolevLoss:
    keep = mask > 0
    without = loss_and_gradients(loss, X[keep], (VALUE[keep], FIRST[keep]))
    equal(masked, without, 4 / 5)
  with pytest.raises(AssertionError):
    equal(masked, loss_and_gradients(loss))


@pytest.mark.parametrize("pointwise", POINTWISE)
@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_an_entry_of_weight_0_contributes_nothing(pointwise, missing):
  loss = losses.SobolevLoss(losses=[pointwise] * 2)
  mask = np.ones_like(FIRST)
  mask[0, 1] = mask[1, :2] = mask[4] = 0
  first = np.where(mask > 0, FIRST, missing)
  value_mask = np.ones_like(VALUE)
  value_mask[3] = 0
  value = np.where(value_mask > 0, VALUE, missing)
  masked = loss_and_gradients(
      loss, arrays=(value, first), entry_weights=[value_mask, mask])
  equal(masked, loss_and_gradients(loss, entry_weights=[value_mask, mask]))
  # The terms are those of the entries left.
  terms = loss(NET, X, (value, first), entry_weights=[value_mask, mask])
  difference = (targets.from_function(NET, X)[1].numpy() - FIRST) * mask
  expected = {
      losses.squared_error: np.sum(difference**2, 1),
      losses.norm: np.sqrt(np.sum(difference**2, 1)),
      losses.absolute_error: np.sum(abs(difference), 1)}[pointwise]
  np.testing.assert_allclose(terms.first, expected, rtol=1e-12)
  assert terms.first[4] == 0


def test_the_prediction_beside_a_missing_target_is_hidden_too():
  # Losses that ignore their weight, and a slope that is infinite at 0.
  x = tf.constant([[0., 1.], [4., 9.]])

  def distance(target, prediction, weight=None):
    del weight
    return tf.reduce_sum(tf.abs(target - prediction), -1)

  first = [[np.nan, 0.], [0., 0.]]
  for masks, expected in (
      # 1 / (2 sqrt(x)): 1/2; 1/4 + 1/6.
      ({"entry_weights": [None, [[0., 1.], [1., 1.]]]}, [0.5, 5 / 12]),
      ({"sample_weight": [0., 1.]}, [0, 5 / 12])):
    terms = losses.SobolevLoss(losses=[distance] * 2)(
        lambda p: tf.reduce_sum(tf.sqrt(p), -1), x, ([0., 0.], first), **masks)
    np.testing.assert_allclose(terms.first, expected, rtol=1e-6)


def test_everything_missing_is_a_loss_of_0_with_gradients_of_0():
  nothing = VALUE * np.nan, FIRST * np.nan
  for masks in ({"sample_weight": np.zeros(BATCH)},
                {"entry_weights": [0., 0.]}):
    total, gradients = loss_and_gradients(
        losses.SobolevLoss(losses=[losses.norm] * 2), arrays=nothing, **masks)
    assert total == 0
    for gradient in gradients:
      np.testing.assert_array_equal(gradient, np.zeros_like(gradient))


@pytest.mark.parametrize("kind", KINDS)
def test_an_unmasked_nan_is_seen(kind):
  value = VALUE.copy()
  value[2, 0] = np.nan
  for pointwise in POINTWISE:
    def compute(pointwise=pointwise):
      return kind(losses=[pointwise] * 2)(
          NET, X, (value, FIRST), *([] if kind is KINDS[0] else [[3, 4]]),
          sample_weight=np.array([1., 0., 1., 1., 1.]))
    with pytest.raises(
        errors.UserError, match="target value of example 2 is NaN"):
      compute()
    def in_graph(compute=compute):
      terms = compute()
      return terms.value, terms.reduce()
    value_term, loss = tf.function(in_graph)()  # no check: it would cost time
    assert np.isnan(value_term[2])
    assert np.isnan(loss)


@pytest.mark.parametrize("pointwise, power", [
    (losses.squared_error, 1), (losses.absolute_error, 1),
    (losses.norm, 0.5)])
def test_fractional_weights_scale_terms(pointwise, power):
  loss = losses.SobolevLoss(losses=[pointwise] * 2)
  plain = loss(NET, X, (VALUE, FIRST))
  scaled = loss(NET, X, (VALUE, FIRST), entry_weights=[None, 0.3])
  np.testing.assert_array_equal(scaled.value, plain.value)
  np.testing.assert_allclose(scaled.first, 0.3**power * plain.first)
  # One weight per entry, of a single entry at a time: linear in each.
  if power == 1:
    entries = np.random.default_rng(1).uniform(size=FIRST.shape)
    total = np.zeros(BATCH)
    for i in range(3):
      only = np.zeros(FIRST.shape)
      only[:, i] = 1
      total += entries[:, i] * loss(
          NET, X, (VALUE, FIRST), entry_weights=[None, only]).first
    np.testing.assert_allclose(
        loss(NET, X, (VALUE, FIRST), entry_weights=[None, entries]).first,
        total, rtol=1e-12)
  # An example's weight multiplies every term, under any loss.
  weight = np.array([0.5, 1, 2, 0, 3])
  weighted = loss(NET, X, (VALUE, FIRST), sample_weight=weight)
  np.testing.assert_allclose(weighted.value, weight * plain.value)
  np.testing.assert_allclose(weighted.first, weight * plain.first)


def test_masks_that_are_only_known_when_the_graph_runs():
  loss = losses.SobolevLoss(losses=[losses.norm] * 2)
  first, mask = FIRST.copy(), np.ones_like(FIRST)
  first[1, 0], mask[1, 0] = np.nan, 0
  sample = np.array([1., 1., 2., 0., 1.])

  @tf.function(input_signature=[
      tf.TensorSpec([None, 3], tf.float64),
      tf.TensorSpec([None, 1], tf.float64),
      tf.TensorSpec([None, 3], tf.float64),
      tf.TensorSpec([None, 3], tf.float64),
      tf.TensorSpec([None], tf.float64)])
  def traced(x, value, first, mask, sample):
    with tf.GradientTape() as tape:
      total = loss(NET, x, (value, first), sample_weight=sample,
                   entry_weights=[None, mask]).reduce()
    return total, tape.gradient(total, NET.trainable_variables)

  total, gradients = traced(X, VALUE, first, mask, sample)
  eager = loss_and_gradients(
      loss, arrays=(VALUE, first), sample_weight=sample,
      entry_weights=[None, mask])
  np.testing.assert_allclose(total, eager[0], rtol=1e-13)
  for a, b in zip(gradients, eager[1]):
    np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("masks, message", [
    ({"sample_weight": [1., 1., -1., 1., 1.]}, "sample_weight must be >= 0"),
    ({"sample_weight": [1., np.nan, 1., 1., 1.]}, "sample_weight must be"),
    ({"sample_weight": 1.}, r"sample_weight has the shape \(\)"),
    ({"sample_weight": [[1.]] * 5}, r"sample_weight has the shape \(5, 1\)"),
    ({"sample_weight": [1.] * 4}, r"sample_weight has the shape \(4,\)"),
    ({"sample_weight": [1.]}, r"sample_weight has the shape \(1,\)"),
    ({"entry_weights": [None, -1.]}, r"entry_weights\[1\] must be >= 0"),
    ({"entry_weights": [np.nan, None]}, r"entry_weights\[0\] must be >= 0"),
    ({"entry_weights": [None]}, "entry_weights needs 2 entries"),
    ({"entry_weights": [None] * 3}, "entry_weights needs 2 entries"),
    ({"entry_weights": [[1.] * 5, None]}, r"entry_weights\[0\] has the shape"),
    ({"entry_weights": [None, np.ones([5, 2])]},
     r"entry_weights\[1\] has the shape \(5, 2\)"),
])
def test_wrong_weights(kind, masks, message):
  with pytest.raises(errors.UserError, match=message):
    loss_and_gradients(kind(), **masks)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("arrays, message", [
    ((VALUE,), "needs 2"),
    ((VALUE, FIRST, FIRST), "needs 2"),
    ((VALUE, FIRST[:, 0]), "derivative of order 1 has the shape"),
    ((VALUE, FIRST[:4]), "derivative of order 1 has the shape"),
    ((tf.cast(VALUE, tf.float32), FIRST), "value is float32"),
    ((VALUE, tf.cast(FIRST, tf.float32)), "derivative of order 1 is float32"),
])
def test_wrong_targets(kind, arrays, message):
  with pytest.raises(errors.UserError, match=message):
    loss_and_gradients(kind(), arrays=arrays)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("column_target", [True, False])
def test_a_column_never_meets_a_row(kind, column_target):
  # [B] minus [B, 1] would broadcast to [B, B].
  model = (lambda x: NET(x)[:, 0]) if column_target else NET
  value = np.ones([BATCH, 1] if column_target else [BATCH])
  seed = [] if kind is losses.SobolevLoss else [[0, 1]]
  with pytest.raises(errors.UserError, match="they must be equal"):
    kind()(model, X, (value, np.ones([BATCH, 3])), *seed)


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(st.permutations(range(BATCH)), st.sampled_from(POINTWISE))
def test_examples_in_any_order(permutation, pointwise):
  loss = losses.SobolevLoss(losses=[pointwise] * 2, weights=[1, 2])
  order = np.array(permutation)
  sample = np.array([0., 1., 0.5, 2., 1.])
  mask = np.random.default_rng(2).uniform(size=FIRST.shape) * (FIRST > 0)
  plain = loss(NET, X, (VALUE, FIRST), sample_weight=sample,
               entry_weights=[None, mask])
  moved = loss(NET, tf.gather(X, order), (VALUE[order], FIRST[order]),
               sample_weight=sample[order], entry_weights=[None, mask[order]])
  for a, b in zip(plain.orders, moved.orders):
    np.testing.assert_allclose(a.numpy()[order], b, rtol=1e-12, atol=1e-15)
  np.testing.assert_allclose(plain.reduce(), moved.reduce(), rtol=1e-12)


def test_a_row_of_a_jacobian_may_be_missing():
  # m = (x y, 3 y) at (2, 5): J = [[5, 2], [0, 3]] against zeros.
  terms = losses.SobolevLoss()(
      lambda x: tf.stack([x[:, 0] * x[:, 1], 3 * x[:, 1]], 1),
      tf.constant([[2., 5.]] * 3),
      (np.zeros([3, 2], np.float32),
       np.array([[[np.nan, np.nan], [0, 0]], [[0, 0], [0, np.nan]],
                 [[0, 0], [0, 0]]], np.float32)),
      entry_weights=[None, [[[0, 0], [1, 1]], [[1, 1], [1, 0]],
                            [[1, 0.5], [1, 2]]]])
  # 9; 25 + 4; 25 + 0.5 · 4 + 2 · 9.
  np.testing.assert_array_equal(terms.first, [9, 29, 45])


def test_float32_arrays_will_do_for_a_float64_model():
  arrays = VALUE.astype(np.float32), FIRST.astype(np.float32)
  for kind in KINDS:
    np.testing.assert_allclose(
        loss_and_gradients(kind(), arrays=arrays)[0],
        loss_and_gradients(kind())[0], rtol=1e-5)


def test_a_loss_of_ones_own():
  def huber(target, prediction, weight=None):
    assert weight is None
    distance = tf.abs(target - prediction)
    return tf.reduce_sum(tf.where(
        distance < 1, distance**2 / 2, distance - 0.5), -1)

  x = tf.constant([[0.], [3.]])
  # Differences of the values 0.5 and 2; of the derivatives 0 and 6.
  terms = losses.SobolevLoss(losses=[huber, huber])(
      tf.square, x, ([[0.5], [7.]], [[0.], [0.]]))
  np.testing.assert_allclose(terms.value, [0.125, 1.5])
  np.testing.assert_allclose(terms.first, [0, 5.5])
