"""Tests of the stochastic Sobolev loss and of its directions."""

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import derivatives, errors, losses, targets
from sobolev_tf.losses import stochastic

SEED = tf.constant([11, 12])


def draw(shape, seed=SEED, order=1, batch_dims=1, dtype=tf.float64):
  like = tf.zeros(shape, dtype)
  return [v(like).numpy() for v in losses.unit_directions(
      order, seed, batch_dims)]


@pytest.mark.parametrize("shape", [(6,), (6, 1), (6, 3), (6, 2, 4, 1)])
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_directions_have_unit_norm_shape_and_type(shape, dtype):
  for v in draw(shape, order=2, dtype=dtype):
    assert v.shape == shape and v.dtype == dtype.as_numpy_dtype
    np.testing.assert_allclose(
        np.sum(v.reshape(6, -1)**2, -1), 1, rtol=1e-6)


def test_directions_of_an_ensemble():
  v, = draw((3, 5, 4), batch_dims=2)
  np.testing.assert_allclose(np.sum(v**2, -1), np.ones([3, 5]), rtol=1e-12)
  assert len(np.unique(v[..., 0])) == 15


@pytest.mark.parametrize("size", [1, 2, 5])
def test_directions_are_uniform_on_the_sphere(size):
  count = 40000
  v, = draw((count, size))
  # Standard errors: 1 / sqrt(size · count) of the mean, less of the rest.
  limit = 4 / np.sqrt(size * count)
  np.testing.assert_allclose(v.mean(0), np.zeros(size), atol=limit)
  np.testing.assert_allclose(v.T @ v / count, np.eye(size) / size, atol=limit)
  if size == 1:
    assert set(v[:, 0]) == {-1, 1}


def test_directions_on_the_sphere_of_three_dimensions():
  # Archimedes: each coordinate is uniform on [-1, 1], which points of a cube
  # brought to length 1 are not. 1.63 / sqrt(N) is Kolmogorov's 1 % quantile.
  count = 40000
  v, = draw((count, 3))
  for z in np.sort(v, axis=0).T:
    distance = np.max(abs((z + 1) / 2 - np.arange(1, count + 1) / count))
    assert distance < 1.63 / count**0.5


def test_directions_are_fresh_for_every_example_and_order():
  first, second = draw((1000, 3), order=2)
  assert len(np.unique(first[:, 0])) == 1000
  # The two are independent: E <v1, v2> = 0, with variance 1/3 per example.
  assert abs(np.mean(np.sum(first * second, -1))) < 4 / np.sqrt(3 * 1000)
  assert abs(np.mean(np.sum(first[1:] * first[:-1], -1))) < 4 / np.sqrt(3000)


def test_directions_are_a_function_of_the_seed():
  np.testing.assert_array_equal(draw((9, 3), [1, 2]), draw((9, 3), [1, 2]))
  seeds = [[1, 2], [1, 3], [2, 2]] + [
      tf.random.fold_in(SEED, step) for step in range(3)]
  draws = [draw((9, 3), seed)[0] for seed in seeds]
  for i, a in enumerate(draws):
    for b in draws[:i]:
      assert (a != b).all()


def test_directions_are_the_same_in_a_graph_of_unknown_batch():
  @tf.function(input_signature=[
      tf.TensorSpec([None, 3], tf.float64), tf.TensorSpec([2], tf.int32)])
  def traced(like, seed):
    v, = losses.unit_directions(1, seed)
    return v(like)

  np.testing.assert_array_equal(
      traced(np.zeros([9, 3]), [1, 2]), draw((9, 3), [1, 2])[0])
  other = traced(np.zeros([9, 3]), [1, 3]).numpy()
  assert (other != draw((9, 3), [1, 2])[0]).all()


def target_function(x):
  return tf.stack([
      tf.sin(x[:, 0] * x[:, 1]), tf.exp(-x[:, 0]), x[:, 1]**3 * x[:, 0]], 1)


def network(outputs=3, seed=0):
  net = snt.nets.MLP(
      [4, outputs], activation=tf.tanh,
      w_init=snt.initializers.RandomNormal(seed=seed))
  net(tf.zeros([1, 2], tf.float64))
  return net


def points(count=4):
  return tf.constant(np.random.default_rng(0).normal(size=(count, 2)))


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_model_equal_to_its_target_has_exactly_no_loss(order):
  # So both are projected on the same draw.
  net = network()
  terms = losses.StochasticSobolevLoss(order=order)(
      net, points(), lambda x: net(x), SEED)
  np.testing.assert_array_equal(terms.orders, np.zeros([order + 1, 4]))


def test_a_teacher_with_other_weights_has_a_loss():
  terms = losses.StochasticSobolevLoss()(
      network(seed=1), points(), network(seed=2), SEED)
  assert (terms.first.numpy() > 1e-3).all()


def test_another_seed_is_another_loss_of_the_derivatives_alone():
  loss, net, x = losses.StochasticSobolevLoss(), network(), points()
  a, again, b = (
      loss(net, x, target_function, seed) for seed in (SEED, SEED, [0, 0]))
  np.testing.assert_array_equal(a.orders, again.orders)
  np.testing.assert_array_equal(a.value, b.value)
  assert (a.first.numpy() != b.first.numpy()).all()


@pytest.mark.parametrize("shape", [(), (1,)])
@pytest.mark.parametrize(
    "pointwise", [losses.squared_error, losses.norm, losses.absolute_error])
def test_equals_the_exact_loss_for_a_scalar_at_order_1(shape, pointwise):
  net, x = network(1), points()
  model = lambda p: tf.reshape(net(p), (-1,) + shape)
  target = lambda p: tf.reshape(tf.sin(p[:, 0] * p[:, 1]), (-1,) + shape)
  settings = {"losses": [pointwise] * 2, "weights": [1, 0.5]}
  exact = losses.SobolevLoss(**settings)(
      model, x, targets.from_function(target, x))
  random = losses.StochasticSobolevLoss(**settings)(model, x, target, SEED)
  np.testing.assert_allclose(random.orders, exact.orders, rtol=1e-13)
  np.testing.assert_allclose(random.reduce(), exact.reduce(), rtol=1e-13)


@pytest.mark.parametrize("target, order", [
    (target_function, 2), (lambda x: target_function(x)[:, :1], 2),
    (lambda x: target_function(x)[:, 0], 1),
    (lambda x: tf.reshape(tf.tile(target_function(x), [1, 2]), [-1, 2, 3]),
     1)], ids=["vector", "column", "scalar", "matrix"])
def test_arrays_as_targets_equal_the_function(target, order):
  x = points()
  loss = losses.StochasticSobolevLoss(order=order)
  model = lambda p: tf.tanh(target(1.5 * p))
  arrays = targets.from_function(target, x, order)
  np.testing.assert_allclose(
      loss(model, x, [a.numpy() for a in arrays], SEED).orders,
      loss(model, x, target, SEED).orders, rtol=1e-12)


def test_arrays_of_images_equal_the_function():
  x = tf.constant(np.random.default_rng(0).normal(size=(3, 2, 1, 1)))
  w = np.random.default_rng(1).normal(size=(2, 2))
  target = lambda p: tf.sin(tf.reshape(p, [-1, 2]) @ w)
  model = lambda p: tf.tanh(tf.reshape(p, [-1, 2]) @ w)
  loss = losses.StochasticSobolevLoss(order=2)
  np.testing.assert_allclose(
      loss(model, x, targets.from_function(target, x, 2), SEED).orders,
      loss(model, x, target, SEED).orders, rtol=1e-12, atol=1e-14)


def test_on_a_basis_the_projected_terms_sum_to_the_exact_one():
  net, x = network(), points()
  exact = losses.SobolevLoss()(
      net, x, targets.from_function(target_function, x)).first
  total = np.zeros(4)
  for v in np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]:
    v = np.broadcast_to(v, [4, 3])
    model = derivatives.projections(net, x, [v])
    target = derivatives.projections(target_function, x, [v])
    total += losses.squared_error(target[1], model[1])
  np.testing.assert_allclose(total, exact, rtol=1e-10)


def test_the_mean_over_draws_is_the_exact_term_over_its_dimensions():
  # E (v v^T) = I / size for both directions: 1/3 of the squared norm of the
  # Jacobian's error, 1/3 · 1/2 of that of the second derivatives'.
  draws, net, x = 20000, network(), points(1)
  exact = losses.SobolevLoss(order=2)(
      net, x, targets.from_function(target_function, x, 2))
  random = losses.StochasticSobolevLoss(order=2)(
      net, tf.repeat(x, draws, 0), target_function, SEED)
  for terms, expected in ((random.first, exact.first / 3),
                          (random.second, exact.second / 6)):
    error = np.std(terms) / draws**0.5
    assert error < 0.02 * expected
    assert abs(np.mean(terms) - expected) < 4 * error


def test_an_ensemble_projects_every_member():
  members = [network(seed=seed) for seed in range(2)]
  x = tf.constant(np.random.default_rng(2).normal(size=(2, 4, 2)))

  def ensemble(p):
    return tf.stack([net(p[e]) for e, net in enumerate(members)])

  def target(p):
    return tf.stack([target_function(p[0]), target_function(p[1])])

  loss = losses.StochasticSobolevLoss()
  terms = loss(ensemble, x, target, SEED, batch_dims=2)
  assert terms.reduce().shape == (2,)
  arrays = targets.from_function(target, x, batch_dims=2)
  np.testing.assert_allclose(
      loss(ensemble, x, arrays, SEED, batch_dims=2).orders, terms.orders,
      rtol=1e-12)
  # By hand: the directions drawn, and each member projected alone.
  v, = draw((2, 4, 3), batch_dims=2)
  for e, net in enumerate(members):
    a, b = (derivatives.projections(f, x[e], [v[e]])
            for f in (net, target_function))
    for order in (0, 1):
      np.testing.assert_allclose(
          terms.orders[order][e], np.sum((a[order] - b[order])**2, -1),
          rtol=1e-12)


def test_traced_with_an_unknown_batch_equals_eager():
  net, loss = network(), losses.StochasticSobolevLoss(order=2)
  traced = tf.function(
      lambda x, seed: loss(net, x, target_function, seed).orders,
      input_signature=[tf.TensorSpec([None, 2], tf.float64),
                       tf.TensorSpec([2], tf.int32)])
  for seed in ([1, 2], [3, 4]):
    np.testing.assert_allclose(
        traced(points(), seed), loss(net, points(), target_function, seed)
        .orders, rtol=1e-12)


def test_wrong_targets():
  loss, net, x = losses.StochasticSobolevLoss(), network(), points()
  value, first = targets.from_function(target_function, x)
  with pytest.raises(errors.UserError, match="target needs 2 arrays .* got 1"):
    loss(net, x, (value,), SEED)
  with pytest.raises(errors.UserError, match=r"need \(4, 3, 2\)"):
    loss(net, x, (value, first[:, 0]), SEED)
  with pytest.raises(errors.UserError, match="does not depend on its input"):
    loss(net, x, lambda p: tf.ones([4, 3], p.dtype), SEED)
  with pytest.raises(errors.UserError, match="does not depend on its input"):
    loss(lambda p: tf.ones([4, 3], p.dtype), x, target_function, SEED)
  with pytest.raises(errors.UserError, match="they must be equal"):
    loss(net, x, network(2), SEED)


def test_project_contracts_the_output_first():
  # One point, two outputs, three inputs, by hand: v1^T J.
  jacobian = np.array([[[1., 2., 3.], [4., 5., 6.]]])
  v1, v2 = np.array([[10., -1.]]), np.array([[1., 0., 2.]])
  # Second derivatives: 1 at (i, j) = (0, 2) of output 0, and 2 at (1, 1) of
  # output 1. v1 leaves 10 at (0, 2) and (2, 0), -2 at (1, 1).
  second = np.zeros([1, 2, 3, 3])
  second[0, 0, 0, 2] = second[0, 0, 2, 0] = 1
  second[0, 1, 1, 1] = 2
  directions = [lambda like: tf.constant(v1), lambda like: tf.constant(v2)]
  _, first, projected = stochastic.project(
      [np.zeros([1, 2]), jacobian, second], np.zeros([1, 3]), directions)
  np.testing.assert_array_equal(first, [[6, 15, 24]])
  # v2^T: 1 · (0, 0, 10) + 2 · (10, 0, 0).
  np.testing.assert_array_equal(projected, [[20, 0, 10]])


def test_directions_of_a_member_do_not_depend_on_its_neighbours():
  like = tf.zeros([3, 6, 4], tf.float64)
  draws = stochastic.unit_directions(2, [[5, 1], [8, 1], [5, 1]], batch_dims=2)
  first, second = (draw(like).numpy() for draw in draws)
  np.testing.assert_allclose(np.linalg.norm(first, axis=-1), 1., rtol=1e-12)
  np.testing.assert_array_equal(first[0], first[2])
  alone, _ = stochastic.unit_directions(2, [8, 1])
  np.testing.assert_array_equal(first[1], alone(like[1]))
  for other in (first[1], second[0]):
    assert np.abs(first[0] - other).min() > 0


def test_as_many_seeds_as_members():
  draw, = stochastic.unit_directions(1, [[5, 1], [8, 1]], batch_dims=2)
  with pytest.raises(errors.UserError, match="2 seeds for the members"):
    draw(tf.zeros([3, 6, 4]))
