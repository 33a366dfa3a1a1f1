"""What losses and derivatives must satisfy whatever the numbers are."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import tensorflow as tf

from sobolev_tf import derivatives, losses

ORDER = 2
NUMBERS = st.floats(-4, 4, width=32)
DTYPES = st.sampled_from([tf.float32, tf.float64])
POINTWISE = st.sampled_from(
    [losses.squared_error, losses.norm, losses.absolute_error])
FEW = settings(max_examples=15, deadline=None)


def model(x):
  """Smooth, with mixed second derivatives; scalar, whatever the inputs."""
  x = tf.reshape(x, [tf.shape(x)[0], -1])
  return tf.reduce_sum(tf.sin(x), axis=1) * tf.cos(x[:, 0])


def vector(x):
  return tf.stack([model(x), model(2 * x), tf.reduce_sum(x**3, axis=1)], 1)


def draw(shape, seed, dtype=tf.float64):
  return tf.random.stateless_normal(shape, [seed, 0], dtype=dtype)


def problem(batch, inputs, seed, dtype=tf.float64):
  """Points `[B, D]` and targets of orders 0 to 2 for a scalar output."""
  shapes = [batch, inputs], [batch], [batch, inputs], [batch, inputs, inputs]
  x, *targets = (draw(shape, seed + k, dtype)
                 for k, shape in enumerate(shapes))
  return x, targets


SIZES = {"batch": st.integers(1, 5), "inputs": st.integers(1, 4),
         "seed": st.integers(0, 2**30)}


@FEW
@given(**SIZES, dtype=DTYPES, order=st.integers(1, ORDER))
def test_shapes_and_types(batch, inputs, seed, dtype, order):
  x, targets = problem(batch, inputs, seed, dtype)
  terms = losses.SobolevLoss(order=order)(model, x, targets[:order + 1])
  for term in (*terms.orders, terms.total):
    assert term.shape == (batch,) and term.dtype == dtype
  assert terms.reduce().shape == () and terms.reduce().dtype == dtype
  found = derivatives.value_and_derivatives(vector, x, order)
  for j, derivative in enumerate(found):
    assert derivative.dtype == dtype
    assert derivative.shape == (batch, 3, *[inputs] * j)
  random = losses.StochasticSobolevLoss(order=order)(
      vector, x, vector, [seed, 1])
  assert all(t.shape == (batch,) and t.dtype == dtype for t in random.orders)


@FEW
@given(**SIZES, weights=st.lists(
    st.floats(.01, 100.), min_size=ORDER + 1, max_size=ORDER + 1))
def test_the_loss_is_linear_in_its_weights(batch, inputs, seed, weights):
  x, targets = problem(batch, inputs, seed)
  whole = losses.SobolevLoss(ORDER, weights=weights)(model, x, targets)
  parts = []
  for order, weight in enumerate(weights):
    alone = [0.] * (ORDER + 1)
    alone[order] = 1.
    parts.append(weight * losses.SobolevLoss(ORDER, weights=alone)(
        model, x, targets).reduce())
  np.testing.assert_allclose(whole.reduce(), sum(parts), rtol=1e-12)


@FEW
@given(**SIZES, weights=st.tuples(st.floats(.1, 9.), st.floats(.1, 9.)),
       pointwise=st.sampled_from([
           losses.squared_error, losses.absolute_error]))
def test_terms_are_linear_in_example_and_entry_weights(
    batch, inputs, seed, weights, pointwise):
  x, targets = problem(batch, inputs, seed)
  loss = losses.SobolevLoss(losses=[pointwise] * 2)
  plain = loss(model, x, targets[:2])
  example, entry = weights
  weighted = loss(model, x, targets[:2],
                  sample_weight=np.full(batch, example),
                  entry_weights=(None, np.array([[entry]])))
  np.testing.assert_allclose(
      weighted.value, example * plain.value, rtol=1e-12)
  np.testing.assert_allclose(
      weighted.first, example * entry * plain.first, rtol=1e-12)


@settings(max_examples=5, deadline=None)
@given(st.permutations(range(5)), st.integers(0, 2**30), POINTWISE)
def test_the_order_of_examples_does_not_matter(permutation, seed, pointwise):
  x, targets = problem(5, 3, seed)
  loss = losses.SobolevLoss(ORDER, losses=[pointwise] * (ORDER + 1))
  before = loss(model, x, targets)
  rows = tf.constant(permutation)
  after = loss(model, tf.gather(x, rows), [tf.gather(t, rows) for t in targets])
  for one, other in zip(before.orders, after.orders):
    np.testing.assert_allclose(tf.gather(one, rows), other, rtol=1e-12)
  np.testing.assert_allclose(before.reduce(), after.reduce(), rtol=1e-12)
  for one, other in zip(
      derivatives.value_and_derivatives(vector, x, ORDER),
      derivatives.value_and_derivatives(vector, tf.gather(x, rows), ORDER)):
    np.testing.assert_allclose(tf.gather(one, rows), other, rtol=1e-12)


@FEW
@given(a=NUMBERS, b=NUMBERS, **SIZES)
def test_derivatives_are_linear_in_the_function(a, b, batch, inputs, seed):
  x = draw([batch, inputs], seed)

  def other(points):
    return tf.reduce_sum(points**3, axis=1)

  combined = derivatives.value_and_derivatives(
      lambda points: a * model(points) + b * other(points), x, ORDER)
  parts = [derivatives.value_and_derivatives(f, x, ORDER)
           for f in (model, other)]
  for whole, one, two in zip(combined, *parts):
    np.testing.assert_allclose(whole, a * one + b * two, atol=1e-10)


@FEW
@given(**SIZES)
def test_second_derivatives_are_symmetric(batch, inputs, seed):
  second = derivatives.hessian(model, draw([batch, inputs], seed))
  np.testing.assert_allclose(second, tf.transpose(second, [0, 2, 1]),
                             atol=1e-13)


@FEW
@given(**SIZES, pointwise=POINTWISE)
def test_a_loss_is_never_negative_and_0_at_its_target(
    batch, inputs, seed, pointwise):
  x, targets = problem(batch, inputs, seed)
  loss = losses.SobolevLoss(ORDER, losses=[pointwise] * (ORDER + 1))
  assert (loss(model, x, targets).total.numpy() >= 0).all()
  exact = loss(model, x, derivatives.value_and_derivatives(model, x, ORDER))
  np.testing.assert_array_equal(exact.total, tf.zeros([batch], tf.float64))
