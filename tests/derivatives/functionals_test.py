"""Laplacians, divergences and users' functionals."""

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import derivatives, errors, losses, targets
from sobolev_tf.derivatives import functionals, tracing

RNG = np.random.default_rng(0)
X = RNG.normal(size=[5, 3])


def vector(x):
  """Two outputs; the second is harmonic."""
  return tf.stack([tf.reduce_sum(x**4, -1) + x[..., 0] * x[..., 1],
                   x[..., 0]**2 - x[..., 2]**2], -1)


def scalar(x):
  return vector(x)[..., 0]


def field(x):
  return tf.stack([x[..., 0] * x[..., 1], tf.sin(x[..., 1]), x[..., 0]], -1)


def test_closed_forms():
  expected = 12 * np.sum(X**2, -1)
  for x in (X, X[np.newaxis], X[:, np.newaxis]):
    batch = x.ndim - 1
    shape = x.shape[:-1]
    found = functionals.laplacian(vector, tf.constant(x), batch)
    np.testing.assert_allclose(
        found[..., 0], expected.reshape(shape), rtol=1e-12)
    np.testing.assert_allclose(found[..., 1], np.zeros(shape), atol=1e-12)
    np.testing.assert_allclose(
        functionals.divergence(field, tf.constant(x), batch),
        (X[:, 1] + np.cos(X[:, 1])).reshape(shape), rtol=1e-12)


def test_chosen_inputs_and_the_value_and_gradient_on_the_way():
  x = tf.constant(X)
  wrt = [2, 0]
  y, dy_dx, number = functionals.laplacian.compute(scalar, x, 1, wrt)
  expected = derivatives.value_and_derivatives(scalar, x, 1, wrt=wrt)
  np.testing.assert_allclose(y, expected[0])
  np.testing.assert_allclose(dy_dx, expected[1])
  np.testing.assert_allclose(number, 12 * np.sum(X[:, wrt]**2, -1), rtol=1e-12)
  np.testing.assert_allclose(functionals.divergence(
      lambda x: field(x)[..., :2], x, wrt=[0, 1]),
      X[:, 1] + np.cos(X[:, 1]), rtol=1e-12)
  linear = functionals.laplacian(lambda x: tf.reduce_sum(x, -1), x)
  np.testing.assert_array_equal(linear, np.zeros(5))


def squared_slope(y, dy_dx):
  return tf.reduce_sum(dy_dx**2, -1)


SLOPE = functionals.of_derivatives(squared_slope, 1)


def test_targets_of_a_function():
  found = targets.from_function(
      scalar, tf.constant(X), 2, functionals=[SLOPE, functionals.laplacian])
  expected = derivatives.value_and_derivatives(scalar, tf.constant(X), 2)
  for one, other in zip(found, expected):
    np.testing.assert_allclose(one, other, rtol=1e-12)
  np.testing.assert_allclose(found[3], np.sum(expected[1]**2, -1))
  np.testing.assert_allclose(found[4], np.trace(expected[2], axis1=1, axis2=2))


NET = snt.Sequential([snt.Linear(4), tf.tanh, snt.Linear(1)])
NET(tf.zeros([1, 3], tf.float64))
FIELD = snt.Sequential([snt.Linear(4), tf.tanh, snt.Linear(3)])
FIELD(tf.zeros([1, 3], tf.float64))
HOLED = RNG.normal(size=[5])
HOLED[2] = np.nan
MASK = np.isfinite(HOLED) * 1.
CASES = {
    "laplacian": (NET, 0, [functionals.laplacian], [[5, 1]]),
    "gradient and two": (
        NET, 1, [SLOPE, functionals.laplacian], [[5, 1], [5, 3], [5]]),
    "divergence": (FIELD, 0, [functionals.divergence], [[5, 3]]),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("balanced", [False, True])
def test_the_loss_and_its_slope(name, balanced):
  """By hand, and central differences in float64; one target is missing."""
  net, order, chosen, shapes = CASES[name]
  given = [*(RNG.normal(size=s) for s in shapes), HOLED]
  masks = [None] * len(shapes) + [MASK]
  count = len(shapes)
  weights = (losses.ProfiledLikelihood(count, .1) if balanced else
             np.linspace(1., 2., count + 1))
  loss = losses.SobolevLoss(order, weights=weights, functionals=chosen)
  variables = net.trainable_variables

  @tf.function
  def compute():
    with tf.GradientTape() as tape:
      total = loss(net, X, given, entry_weights=masks).reduce()
    return total, tape.gradient(total, variables)

  total, gradient = compute()
  whole = derivatives.value_and_derivatives(net, tf.constant(X), 2)
  if name == "divergence":
    found = [whole[0], np.trace(whole[1], axis1=1, axis2=2)]
  else:
    found = [*whole[:order + 1], np.trace(whole[2], axis1=1, axis2=2)]
    if len(chosen) == 2:
      found.insert(2, np.sum(whole[1]**2, -1))
  means = []  # per order, those of its entries
  for prediction, target in zip(found, given, strict=True):
    square = (np.asarray(prediction) - target)**2
    means.append(np.ravel(np.where(np.isnan(square), 0, square).mean(0)))
  expected = (sum(.5 * np.sum(np.log(m + .1)) for m in means) if balanced else
              sum(w * np.sum(m) for w, m in zip(weights, means)))
  np.testing.assert_allclose(total, expected, rtol=1e-10)

  start = [v.numpy() for v in variables]
  direction = [RNG.normal(size=s.shape) for s in start]

  def moved(step):
    for v, s, d in zip(variables, start, direction):
      v.assign(s + step * d)
    return compute()[0].numpy()

  h = 1e-3
  slope = (8 * (moved(h) - moved(-h)) - moved(2 * h) + moved(-2 * h)) / 12 / h
  moved(0)
  np.testing.assert_allclose(
      sum(np.sum(g * d) for g, d in zip(gradient, direction)), slope,
      rtol=1e-6)


def test_products_per_layer():
  """2 + 2 D for value, gradient and Laplacian, as many as a Hessian's."""
  w = [tf.constant(RNG.normal(size=s)) for s in ((3, 4), (4, 4), (4, 1))]

  @tf.function
  def compute(x):
    return functionals.laplacian.compute(
        lambda x: tf.tanh(tf.tanh(x @ w[0]) @ w[1]) @ w[2], x)

  graph = compute.get_concrete_function(tf.TensorSpec([5, 3], tf.float64)).graph
  square = [operation for operation in tracing.all_operations(
      graph.get_operations()) if operation.type == "MatMul" and
            all(t.shape[-1] == 4 for t in operation.inputs)
            and operation.inputs[1].shape == [4, 4]]
  assert len(square) == 2 + 2 * 3
  assert max(t.shape.num_elements() or 0 for operation in graph.get_operations()
             for t in operation.outputs) < 5 * 3 * 3


@pytest.mark.parametrize("call, words", [
    (lambda: functionals.divergence(vector, tf.constant(X)),
     r"one output for each of the 3 inputs .* got outputs of the shape \(2,\)"),
    (lambda: losses.SobolevLoss(0), "order must be"),
    (lambda: losses.SobolevLoss(-1, functionals=[SLOPE]), "order must be"),
    (lambda: losses.SobolevLoss(weights=(1., 1.), functionals=[SLOPE]),
     "weights needs 3 entries"),
    (lambda: losses.SobolevLoss(
        0, functionals=[SLOPE], differentiate=print), "need nested tapes"),
    (lambda: functionals.value_and_functionals(
        scalar, tf.constant(X), 1, [functionals.of_derivatives(
            lambda y: tf.reduce_sum(y), 0)]), "must be the same"),
    (lambda: functionals.divergence(tf.ones_like, tf.constant(X)),
     "'ones_like_v2' does not depend on its input"),
    (lambda: functionals.divergence(
        lambda x: tf.ones_like(x[:, :2]), tf.constant(X), wrt=[0, 1]),
     "does not depend on its input"),
    (lambda: functionals.laplacian(
        lambda x: tf.ones_like(x[:, 0]), tf.constant(X)),
     "does not depend on its input"),
    *((lambda order=order: functionals.value_and_functionals(
        scalar, tf.constant(X), order, [functionals.laplacian]),
       "order must be an integer >= 0") for order in (-1, True, 1., "1")),
    *((lambda given=given: losses.SobolevLoss(0, functionals=given),
       "functionals must be a list") for given in (
           functionals.laplacian, [3], [scalar], 5, None, "laplacian")),
    (lambda: functionals.of_derivatives(scalar, "a"), "order must be"),
    (lambda: losses.SobolevLoss(0, functionals=[
        functionals.Functional("a", print)]), "order must be"),
    (lambda: losses.SobolevLoss(0, functionals=[functionals.laplacian])(
        scalar, X, (scalar(X), np.ones(1))), r"has the shape \(1,\)"),
])
def test_mistakes_are_named(call, words):
  with pytest.raises(errors.UserError, match=words):
    call()
