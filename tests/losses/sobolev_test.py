"""Tests of the exact Sobolev loss: golden values, gradients, routing."""

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import derivatives, errors, losses, targets

# m = x² + 3 y at (1, 2) and (-2, 0.5): values 7 and 5.5, gradients (2, 3) and
# (-4, 3), Hessians [[2, 0], [0, 0]]. The targets are typed in.
X = tf.constant([[1., 2.], [-2., 0.5]], tf.float64)
VALUE = [5., 6.]  # off by 2 and -0.5
FIRST = [[1., 5.], [-4., 0.]]  # off by (1, -2) and (0, 3)
SECOND = [  # off by [[2, -1], [-1, 0]] and [[0, 0], [0, 3]]
    [[0., 1.], [1., 0.]], [[2., 0.], [0., -3.]]]


def quadratic(x):
  return x[:, 0]**2 + 3 * x[:, 1]


def column(x):
  return quadratic(x)[:, None]


def golden_targets(model, order):
  value = np.array(VALUE)[:, None] if model is column else np.array(VALUE)
  return (value, np.array(FIRST), np.array(SECOND))[:order + 1]


@pytest.mark.parametrize("model", [quadratic, column])
def test_golden_values(model):
  terms = losses.SobolevLoss(order=2, weights=[0.5, 3, 2])(
      model, X, golden_targets(model, 2))
  np.testing.assert_allclose(terms.value, [4, 0.25], rtol=1e-15)
  np.testing.assert_allclose(terms.first, [1 + 4, 9], rtol=1e-15)
  np.testing.assert_allclose(terms.second, [4 + 1 + 1, 9], rtol=1e-15)
  # 0.5 · 4 + 3 · 5 + 2 · 6 and 0.5 · 0.25 + 3 · 9 + 2 · 9: weights as they
  # are (squared, the first would be 1 + 45 + 24), no 1/2, no mean over
  # entries; then the mean of the two.
  np.testing.assert_allclose(terms.total, [29, 45.125], rtol=1e-15)
  assert terms.reduce().shape == ()
  assert terms.reduce().numpy() == pytest.approx(37.0625, rel=1e-15)


@pytest.mark.parametrize("pointwise, expected", [
    (losses.squared_error, ([4, 0.25], [5, 9])),
    (losses.norm, ([2, 0.5], [5**0.5, 3])),
    (losses.absolute_error, ([2, 0.5], [3, 3])),
])
def test_golden_values_of_other_losses(pointwise, expected):
  terms = losses.SobolevLoss(losses=[pointwise] * 2)(
      column, X, golden_targets(column, 1))
  assert len(terms.orders) == 2
  np.testing.assert_allclose(terms.orders, expected, rtol=1e-15)


def test_losses_and_weights_belong_to_their_orders():
  terms = losses.SobolevLoss(
      order=2, weights=[1, 0, 10],
      losses=[losses.norm, losses.squared_error, losses.absolute_error])(
          quadratic, X, golden_targets(quadratic, 2))
  np.testing.assert_allclose(
      terms.orders, [[2, 0.5], [5, 9], [4, 3]], rtol=1e-15)
  np.testing.assert_allclose(terms.total, [42, 30.5], rtol=1e-15)


def test_defaults_are_order_1_squared_errors_with_weights_1():
  terms = losses.SobolevLoss()(quadratic, X, golden_targets(quadratic, 1))
  # (4 + 5 + 0.25 + 9) / 2.
  assert terms.reduce().numpy() == pytest.approx(9.125, rel=1e-15)


def test_golden_parameter_gradient():
  # m = a x², D m = 2 a x against 0: ∂/∂a of (a x²)² + 0.5 (2 a x)², which is
  # 2 a x⁴ + 4 a x², at a = 3 and x = 1, 2: mean of (18, 144) = 81 ...
  a = tf.Variable(3., dtype=tf.float64)
  with tf.GradientTape() as tape:
    total = losses.SobolevLoss(weights=[1, 0.5])(
        lambda x: a * x**2, tf.constant([[1.], [2.]], tf.float64),
        (np.zeros([2, 1]), np.zeros([2, 1]))).reduce()
  # 2·3·1 + 4·3·1 = 18 and 2·3·16 + 4·3·4 = 144.
  assert tape.gradient(total, a).numpy() == pytest.approx(81, rel=1e-15)


def teacher_function(x):
  """A smooth target with two outputs."""
  return tf.stack([tf.sin(x[:, 0] * x[:, 1]), tf.exp(-x[:, 0])], 1)


def network(outputs, seed=0, dtype=tf.float64):
  net = snt.nets.MLP(
      [4, outputs], activation=tf.tanh,
      w_init=snt.initializers.RandomNormal(stddev=0.7, seed=seed),
      b_init=snt.initializers.RandomNormal(stddev=0.5, seed=seed))
  net(tf.zeros([1, 2], dtype))
  return net


WEIGHTS = 0., 0.5, 1., 2.


@pytest.mark.parametrize("order, outputs", [(1, 2), (2, 2), (3, 1)])
@pytest.mark.parametrize("stochastic", [False, True],
                         ids=["exact", "stochastic"])
def test_parameter_gradients_are_those_of_central_differences(
    order, outputs, stochastic):
  net = network(outputs)
  variables = net.trainable_variables
  x = tf.constant(np.random.default_rng(1).uniform(-1, 1, size=(3, 2)))
  target = lambda p: teacher_function(p)[:, :outputs]
  rng = np.random.default_rng(2)
  if stochastic:
    loss = losses.StochasticSobolevLoss(order)
    arguments = target, [5, 6]
  else:
    loss = losses.SobolevLoss(order)
    arguments = (targets.from_arrays(x, [
        rng.normal(size=(3, outputs)),
        *(rng.normal(size=((3, outputs) if outputs > 1 else (3,)) + (2,) * j)
          for j in range(1, order + 1))]),)

  @tf.function
  def totals_and_gradients():
    with tf.GradientTape(persistent=True) as tape:
      terms = loss(net, x, *arguments)
      # The losses of these weights, without building the terms anew.
      totals = [terms._replace(weights=(1.,) + (w,) * order).reduce()
                for w in WEIGHTS]
    return tf.stack(totals), [tape.gradient(t, variables) for t in totals]

  start = [v.numpy() for v in variables]
  _, gradients = totals_and_gradients()

  def moved(step, direction):
    for v, s, d in zip(variables, start, direction):
      v.assign(s + step * d)
    return totals_and_gradients()[0].numpy()

  # Two random directions, and the gradient's own for the last weight.
  for direction in ([rng.normal(size=s.shape) for s in start],
                    [rng.normal(size=s.shape) for s in start],
                    [g.numpy() for g in gradients[-1]]):
    length = np.sqrt(sum(np.sum(d**2) for d in direction))
    direction = [d / length for d in direction]
    h = 1e-3  # Richardson: the error is of order h⁴, the rounding 1e-16 / h
    slope = (8 * (moved(h, direction) - moved(-h, direction))
             - moved(2 * h, direction) + moved(-2 * h, direction)) / (12 * h)
    exact = [sum(np.sum(g * d) for g, d in zip(of_weight, direction))
             for of_weight in gradients]
    assert (abs(slope) > 1e-4).all()  # else relative errors mean nothing
    np.testing.assert_allclose(exact, slope, rtol=1e-6)
    # The derivative weight does matter.
    assert len(np.unique(np.round(slope, 8))) == len(WEIGHTS)


@pytest.mark.parametrize("weights", [(0.5, 3), (1, 0), (0, 2)])
def test_the_weights_given_are_the_weights_used(weights):
  for kind in (losses.SobolevLoss, losses.StochasticSobolevLoss):
    assert kind(weights=weights)(
        quadratic, X, golden_targets(quadratic, 1),
        *([] if kind is losses.SobolevLoss else [[0, 1]])
    ).reduce().numpy() == pytest.approx(
        # Means of (4, 0.25) and (5, 9).
        weights[0] * 2.125 + weights[1] * 7, rel=1e-15)


def test_derivative_weight_0_is_ordinary_training():
  net = network(1)
  x = tf.constant(np.random.default_rng(1).normal(size=(6, 2)))
  value, first = targets.from_function(
      lambda p: teacher_function(p)[:, :1], x)
  with tf.GradientTape(persistent=True) as tape:
    sobolev = losses.SobolevLoss(weights=[1, 0])(
        net, x, (value, first)).reduce()
    plain = tf.reduce_mean(tf.reduce_sum((net(x) - value)**2, -1))
  np.testing.assert_allclose(sobolev, plain, rtol=1e-15)
  for a, b in zip(tape.gradient(sobolev, net.trainable_variables),
                  tape.gradient(plain, net.trainable_variables)):
    np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-16)


def test_a_model_equal_to_its_target_has_no_loss():
  net = network(2)
  x = tf.constant(np.random.default_rng(1).normal(size=(6, 2)))
  terms = losses.SobolevLoss(order=2)(
      net, x, targets.from_function(net, x, order=2))
  np.testing.assert_array_equal(terms.orders, np.zeros([3, 6]))


@pytest.mark.parametrize("how", ["from_function", "raw", "stochastic"])
def test_gradients_reach_the_student_only(how):
  teacher, student = network(1, seed=1), network(1, seed=2)
  x = tf.constant(np.random.default_rng(1).normal(size=(3, 2)))
  with tf.GradientTape() as tape:
    if how == "stochastic":
      terms = losses.StochasticSobolevLoss()(student, x, teacher, [0, 1])
    else:
      # The second is not cut off from the teacher by its maker.
      make = targets.from_function if how == "from_function" else (
          derivatives.value_and_derivatives)
      terms = losses.SobolevLoss()(student, x, make(teacher, x, 1))
    total = terms.reduce()
  count = len(student.trainable_variables)
  assert count == len(teacher.trainable_variables) == 4
  gradients = tape.gradient(
      total, [*teacher.trainable_variables, *student.trainable_variables])
  assert gradients[:count] == [None] * count
  for gradient in gradients[count:]:
    assert np.any(gradient.numpy() != 0)


def test_traced_with_an_unknown_batch_equals_eager():
  net = network(2)
  loss = losses.SobolevLoss(weights=[1, 0.5])
  x = tf.constant(np.random.default_rng(1).normal(size=(6, 2)))
  traced = tf.function(
      lambda p: loss(net, p, targets.from_function(teacher_function, p)).total,
      input_signature=[tf.TensorSpec([None, 2], tf.float64)])
  eager = loss(net, x, targets.from_function(teacher_function, x)).total
  np.testing.assert_allclose(traced(x), eager, rtol=1e-13)
  np.testing.assert_allclose(traced(x[:2]), eager[:2], rtol=1e-13)


def test_an_ensemble_equals_its_members():
  rng = np.random.default_rng(3)
  members = [network(1, seed=seed) for seed in range(3)]
  x = tf.constant(rng.normal(size=(3, 4, 2)))
  arrays = [rng.normal(size=s) for s in ((3, 4, 1), (3, 4, 2))]
  sample, mask = rng.uniform(size=(3, 4)), rng.uniform(size=(3, 4, 2))

  def ensemble(p):
    return tf.stack([net(p[e]) for e, net in enumerate(members)])

  loss = losses.SobolevLoss(weights=[1, 0.5])
  with tf.GradientTape(persistent=True) as tape:
    whole = loss(ensemble, x, arrays, batch_dims=2, sample_weight=sample,
                 entry_weights=[None, mask]).reduce()
    single = [
        loss(net, x[e], [a[e] for a in arrays], sample_weight=sample[e],
             entry_weights=[None, mask[e]]).reduce()
        for e, net in enumerate(members)]
    total = tf.reduce_sum(whole)
  assert whole.shape == (3,)
  np.testing.assert_allclose(whole, single, rtol=1e-13)
  for e, net in enumerate(members):
    for a, b in zip(tape.gradient(total, net.trainable_variables),
                    tape.gradient(single[e], net.trainable_variables)):
      np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


def test_a_model_that_ignores_its_input():
  y = np.ones([2, 3])
  with pytest.raises(errors.UserError, match="does not depend on its input"):
    losses.SobolevLoss()(
        lambda x: tf.constant(y), X, (y, np.ones([2, 3, 2])))


def test_a_second_derivative_of_the_wrong_shape():
  value, first, _ = golden_targets(quadratic, 2)
  with pytest.raises(
      errors.UserError,
      match=r"derivative of order 2 has the shape \(2, 2\), the model's has "
            r"\(2, 2, 2\)"):
    losses.SobolevLoss(order=2)(quadratic, X, (value, first, first))
