"""Tests of derivatives and projections against closed forms, in float64.

Most functions are sin(<A, x> + 0.3), whose j-th derivative is
sin(<A, x> + 0.3 + j π/2) times A taken j times in an outer product.
"""

import math

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import derivatives, errors

BATCH = 4
# Scalars [B] and [B, 1], vectors, matrices; vectors, one input, images.
SHAPES = [
    # Output, event, highest order.
    ((), (2,), 3), ((1,), (2,), 2), ((3,), (2,), 3), ((2, 2), (3,), 1),
    ((), (1,), 3), ((1,), (1,), 3), ((2,), (1,), 2), ((), (), 3),
    ((), (2, 2, 1), 2), ((2,), (2, 1, 2), 2),
]


class Ridge:
  """sin(<A, x> + 0.3) and its derivatives, worked out on paper."""

  def __init__(self, out, event, seed=0):
    self.out, self.event = out, event
    self.a = np.random.default_rng(seed).normal(size=out + event)

  def __call__(self, x):
    size = math.prod(self.event)
    flat = tf.reshape(x, [-1, size])  # [B, D]
    s = tf.matmul(flat, self.a.reshape(-1, size), transpose_b=True)
    return tf.reshape(tf.sin(s + 0.3), (-1,) + self.out)

  def closed_form(self, x, order):
    """D^order at x, `[B] + out + event * order`; no axis for out = (1,)."""
    out = () if self.out == (1,) else self.out
    size = math.prod(self.event)
    a = self.a.reshape(-1, size)  # [M, D]
    phase = x.reshape(-1, size) @ a.T + 0.3 + order * np.pi / 2  # [B, M]
    power = np.ones((len(a), 1))  # A ⊗ ... ⊗ A, [M, D^order]
    for _ in range(order):
      power = (power[:, :, None] * a[:, None, :]).reshape(len(a), -1)
    result = np.sin(phase)[:, :, None] * power
    return result.reshape((len(x),) + out + self.event * order)


def points(event, batch=BATCH, seed=1):
  return np.random.default_rng(seed).normal(size=(batch,) + event)


def close(actual, expected, tolerance=1e-12):
  assert actual.shape == expected.shape
  np.testing.assert_allclose(
      actual, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("out, event, highest", SHAPES)
def test_orders_0_to_3_are_the_closed_forms(out, event, highest):
  f, x = Ridge(out, event), points(event)
  results = derivatives.value_and_derivatives(f, tf.constant(x), highest)
  assert len(results) == highest + 1
  assert results[0].shape == (BATCH,) + out
  np.testing.assert_array_equal(results[0], f(x))
  for order in range(1, highest + 1):
    assert results[order].dtype == tf.float64
    close(results[order].numpy(), f.closed_form(x, order))


def test_a_cubic_by_hand():
  # f = x² y + 2 y³: mixed terms, which a function of <a, x> alone lacks.
  x, y = points((2,)).T
  zero, two = 0 * x, 2 + 0 * x
  _, first, second, third = derivatives.value_and_derivatives(
      lambda p: p[:, 0]**2 * p[:, 1] + 2 * p[:, 1]**3,
      tf.constant(np.stack([x, y], 1)), 3)
  close(first.numpy(), np.stack([2 * x * y, x**2 + 6 * y**2], 1))
  close(second.numpy(), np.stack(
      [2 * y, 2 * x, 2 * x, 12 * y], 1).reshape(-1, 2, 2))
  # fxxx = 0, fxxy = 2 in its three places, fxyy = 0, fyyy = 12.
  close(third.numpy(), np.stack(
      [zero, two, two, zero, two, zero, zero, 6 * two], 1
  ).reshape(-1, 2, 2, 2))


@pytest.mark.parametrize("out, event", [
    ((), (3,)), ((1,), (3,)), ((), (2, 2, 1)), ((1,), (1,))])
def test_gradient_and_hessian_of_a_scalar(out, event):
  f, x = Ridge(out, event), points(event)
  close(derivatives.gradient(f, tf.constant(x)).numpy(), f.closed_form(x, 1))
  close(derivatives.hessian(f, tf.constant(x)).numpy(), f.closed_form(x, 2))
  close(derivatives.jacobian(f, tf.constant(x)).numpy(), f.closed_form(x, 1))


@pytest.mark.parametrize("out, event", [((3,), (2,)), ((2,), (2, 2, 1))])
def test_jacobian_of_a_vector(out, event):
  f, x = Ridge(out, event), points(event)
  close(derivatives.jacobian(f, tf.constant(x)).numpy(), f.closed_form(x, 1))


def test_numpy_points_and_float32_will_do():
  f, x = Ridge((), (2,)), points((2,))
  close(derivatives.gradient(f, x).numpy(), f.closed_form(x, 1))
  narrow = derivatives.gradient(
      lambda p: tf.reduce_sum(p**3, -1), x.astype(np.float32))
  assert narrow.dtype == tf.float32
  np.testing.assert_allclose(narrow, 3 * x**2, rtol=1e-6)


@pytest.mark.parametrize("out, event, order", [
    ((), (2,), 2), ((3,), (2,), 2), ((2,), (2, 2, 1), 1)])
def test_traced_with_an_unknown_batch_equals_eager(out, event, order):
  f = Ridge(out, event)
  vs = [points(out, seed=2)] + [points(event, seed=3)] * (order - 1)

  def both(x, *directions):
    return (derivatives.value_and_derivatives(f, x, order),
            derivatives.projections(f, x, directions))

  def spec(shape):
    return tf.TensorSpec((None,) + shape, tf.float64)

  traced = tf.function(both, input_signature=[spec(event), spec(out)] + [
      spec(event)] * (order - 1))
  x = points(event)
  tf.nest.map_structure(
      lambda a, b: close(a.numpy(), b.numpy(), 1e-13),
      traced(x, *vs), both(tf.constant(x), *map(tf.constant, vs)))
  # The same trace at another size.
  one = traced(x[:1], *(v[:1] for v in vs))
  close(one[0][order].numpy(), f.closed_form(x[:1], order))


@pytest.mark.parametrize("out", [(), (1,), (3,)])
def test_two_batch_axes_equal_one_member_at_a_time(out):
  # Each of 3 members has weights of its own.
  members = [Ridge(out, (2,), seed=seed) for seed in range(3)]
  x = np.random.default_rng(5).normal(size=(3, BATCH, 2))
  vs = [np.random.default_rng(6).normal(size=(3, BATCH) + out),
        np.random.default_rng(7).normal(size=(3, BATCH, 2))]

  def ensemble(p):
    return tf.stack([f(p[e]) for e, f in enumerate(members)])

  whole = derivatives.value_and_derivatives(
      ensemble, tf.constant(x), 2, batch_dims=2)
  projected = derivatives.projections(
      ensemble, tf.constant(x), vs, batch_dims=2)
  np.testing.assert_array_equal(whole[0], ensemble(x))
  for e, f in enumerate(members):
    for order in (1, 2):
      close(whole[order][e].numpy(), f.closed_form(x[e], order))
    for a, b in zip(projected, derivatives.projections(
        f, tf.constant(x[e]), [v[e] for v in vs])):
      close(a[e].numpy(), b.numpy(), 1e-13)
  if out != (3,):
    close(derivatives.gradient(ensemble, x, batch_dims=2).numpy(),
          whole[1].numpy())
    close(derivatives.hessian(ensemble, x, batch_dims=2).numpy(),
          whole[2].numpy())


def test_two_batch_axes_of_unknown_size():
  f = Ridge((2,), (2,))

  @tf.function(input_signature=[tf.TensorSpec([None, None, 2], tf.float64)])
  def traced(x):
    return derivatives.value_and_derivatives(
        lambda p: tf.reshape(
            f(tf.reshape(p, [-1, 2])),
            tf.concat([tf.shape(p)[:2], [2]], 0)), x, 2, batch_dims=2)

  x = np.random.default_rng(5).normal(size=(3, BATCH, 2))
  _, first, second = traced(x)
  for e in range(3):
    close(first[e].numpy(), f.closed_form(x[e], 1))
    close(second[e].numpy(), f.closed_form(x[e], 2))


@pytest.mark.parametrize("out", [1, 3])
def test_higher_derivatives_of_a_linear_model_are_exactly_zero(out):
  x, w = tf.constant(points((2,))), np.arange(1., 1 + 2 * out).reshape(2, out)
  out_shape = (3,) if out == 3 else ()
  _, first, second, third = derivatives.value_and_derivatives(
      lambda p: p @ w, x, 3)
  np.testing.assert_array_equal(
      first, np.broadcast_to(w.T if out == 3 else w[:, 0], first.shape))
  np.testing.assert_array_equal(second, np.zeros((4,) + out_shape + (2, 2)))
  np.testing.assert_array_equal(third, np.zeros((4,) + out_shape + (2, 2, 2)))
  projected = derivatives.projections(
      lambda p: p @ w, x, [tf.ones([4, out], tf.float64), x, x])
  np.testing.assert_array_equal(projected[2:], np.zeros((2, 4, 2)))


@pytest.mark.parametrize("out", [(), (1,), (3,)])
@pytest.mark.parametrize("cut", ["constant", "stop_gradient"])
@pytest.mark.parametrize("how", ["derivatives", "projections"])
def test_a_model_independent_of_its_input_is_an_error(out, cut, how):
  x = tf.constant(points((2,)))

  def deaf(p):
    y = tf.ones((4,) + out, p.dtype)
    return y if cut == "constant" else y + tf.stop_gradient(
        tf.reduce_sum(p))

  with pytest.raises(errors.UserError) as error:
    if how == "derivatives":
      derivatives.value_and_derivatives(deaf, x, 1)
    else:
      derivatives.projections(deaf, x, [tf.ones((4,) + out, x.dtype)])
  assert str(error.value) == (
      "The output of 'deaf' does not depend on its input in a differentiable "
      "way, so it has no derivative to train: check that the model uses its "
      "argument and does not stop gradients.")


def test_a_deaf_ensemble_is_named_too():
  def deaf(p):
    return tf.ones([2, 3], p.dtype)

  with pytest.raises(errors.UserError, match="The output of 'deaf'"):
    derivatives.value_and_derivatives(deaf, np.ones([2, 3, 4]), 1, batch_dims=2)


def calls(order=1):
  """Both entry points, as functions of a function and points."""
  return [
      lambda f, x: derivatives.value_and_derivatives(f, x, order),
      lambda f, x: derivatives.projections(
          f, x, [lambda like: tf.ones_like(like)] * order)]


@pytest.mark.parametrize("call", calls(), ids=["exact", "projected"])
def test_wrong_types_and_shapes(call):
  x = points((2,))
  with pytest.raises(errors.UserError, match="x is of type int64"):
    call(lambda p: p, x.astype(np.int64))
  with pytest.raises(errors.UserError,
                     match="returned float32 for points of float64"):
    call(lambda p: tf.cast(p, tf.float32), x)
  with pytest.raises(errors.UserError, match="x has the shape"):
    call(lambda p: p, np.float64(3))
  # A lost batch axis, a sum over it, a transposition.
  for lossy in (tf.reduce_sum, lambda p: tf.reduce_sum(p, 0), tf.transpose):
    with pytest.raises(errors.UserError,
                       match=r"for points of shape \(4, 2\): the first 1"):
      call(lossy, x)


def test_a_lost_axis_of_an_ensemble():
  x = np.ones([3, 4, 2])
  for lossy in (lambda p: tf.reduce_sum(p, [1, 2]),
                lambda p: tf.reduce_sum(p, [0, 1]),
                lambda p: tf.transpose(p, [1, 0, 2])):
    with pytest.raises(errors.UserError, match="the first 2 axes"):
      derivatives.value_and_derivatives(lossy, x, 1, batch_dims=2)


def test_scalar_helpers_refuse_vectors():
  x = points((2,))
  with pytest.raises(errors.UserError, match=r"use jacobian\(\)"):
    derivatives.gradient(tf.sin, x)
  with pytest.raises(errors.UserError, match=r"use value_and_derivatives"):
    derivatives.hessian(tf.sin, x)


def test_autograph_converts_what_it_meets(caplog):
  """It warns of what it cannot convert, and does so once in a process."""
  step = tf.function(lambda x: derivatives.jacobian(
      lambda x: tf.stack([x[:, 0]**2, x[:, 1]], 1), x))
  with caplog.at_level("WARNING"):
    assert step(tf.ones([3, 2])).shape == (3, 2, 2)
  assert "AutoGraph" not in caplog.text


@pytest.mark.parametrize("order", [-1, True, 1.5, "2", None])
def test_wrong_order(order):
  with pytest.raises(errors.UserError, match="order must be an integer >= 0"):
    derivatives.value_and_derivatives(tf.sin, points((2,)), order)


def test_order_0_is_the_value_alone():
  x = points((2,))
  value, = derivatives.value_and_derivatives(tf.sin, x, 0)
  np.testing.assert_array_equal(value, np.sin(x))
  value, = derivatives.projections(tf.sin, x, [])
  np.testing.assert_array_equal(value, np.sin(x))


@pytest.mark.parametrize("out", [(), (1,), (3,)])
def test_projections_of_an_empty_batch_are_empty(out):
  x = tf.zeros([0, 2], tf.float64)
  projected = derivatives.projections(
      Ridge(out, (2,)), x, [tf.zeros((0,) + out, tf.float64), x])
  assert [p.shape for p in projected] == [(0,) + out, (0, 2), (0, 2)]


@pytest.mark.parametrize("out", [(), (1,)])
def test_the_gradient_of_an_empty_batch_is_empty(out):
  x = tf.zeros([0, 2], tf.float64)
  assert derivatives.gradient(Ridge(out, (2,)), x).shape == (0, 2)


# Projections.


@pytest.mark.parametrize("out, event", [
    ((3,), (2,)), ((1,), (2,)), ((), (2,)), ((2, 2), (3,)),
    ((4,), (2, 2, 1))])
def test_squared_projections_on_a_basis_sum_to_the_frobenius_norm(out, event):
  f, x = Ridge(out, event), points(event)
  size = math.prod(out)
  # Any orthonormal basis will do: the Q of a QR decomposition.
  basis, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(size, size)))
  total = np.zeros(BATCH)
  for v in basis.T:
    v = np.broadcast_to(v.reshape(out), (BATCH,) + out)
    _, projected = derivatives.projections(f, tf.constant(x), [v])
    assert projected.shape == x.shape
    total += np.sum(projected.numpy().reshape(BATCH, -1)**2, -1)
  exact = f.closed_form(x, 1).reshape(BATCH, -1)
  np.testing.assert_allclose(total, np.sum(exact**2, -1), rtol=1e-10)


def test_squared_projections_on_random_units_average_to_the_mean():
  out, draws = 5, 20000
  f, x = Ridge((out,), (2,)), points((2,), 1)
  v = np.random.default_rng(4).normal(size=(draws, out))
  v /= np.linalg.norm(v, axis=1, keepdims=True)
  _, projected = derivatives.projections(f, np.repeat(x, draws, 0), [v])
  squares = np.sum(projected.numpy()**2, -1)
  expected = np.sum(f.closed_form(x, 1)**2) / out
  # Within 4 standard errors, which are below 1 %.
  error = squares.std() / draws**0.5
  assert error < 0.01 * expected
  assert abs(squares.mean() - expected) < 4 * error


@pytest.mark.parametrize("out, event", [
    ((3,), (2,)), ((), (2,)), ((1,), (3,)), ((2,), (2, 1, 2)), ((2,), (1,))])
def test_projections_are_contractions_of_the_whole_derivatives(out, event):
  f, x = Ridge(out, event), points(event)
  vs = [points(out, seed=7)] + [points(event, seed=8 + j) for j in (0, 1)]
  projected = derivatives.projections(f, tf.constant(x), vs)
  assert len(projected) == 4
  np.testing.assert_array_equal(projected[0], f(x))
  m, d = math.prod(out), math.prod(event)
  flat = [v.reshape(BATCH, -1) for v in vs]
  for order, subscripts in (
      (1, "bmi,bm->bi"), (2, "bmij,bm,bi->bj"), (3, "bmijk,bm,bi,bj->bk")):
    whole = f.closed_form(x, order).reshape((BATCH, m) + (d,) * order)
    expected = np.einsum(subscripts, whole, *flat[:order])
    close(projected[order].numpy(), expected.reshape(x.shape), 1e-10)


def test_v2_meets_the_first_derivative_and_v3_the_second():
  # <D f, v2> = 2 x y a + (x² + 6 y²) b of the cubic above, by hand: swapping
  # directions would show. At (1, 2): D f = (4, 25), D² f = [[4, 2], [2, 24]].
  one = tf.constant([1.], tf.float64)
  _, first, second, third = derivatives.projections(
      lambda p: p[:, 0]**2 * p[:, 1] + 2 * p[:, 1]**3,
      tf.constant([[1., 2.]], tf.float64),
      [-one, tf.constant([[3., 1.]], tf.float64),
       tf.constant([[0., 5.]], tf.float64)])
  np.testing.assert_allclose(first, [[-4, -25]], rtol=1e-14)
  # -(3 · (4, 2) + (2, 24)).
  np.testing.assert_allclose(second, [[-14, -30]], rtol=1e-14)
  # <second, v3> = -5 (3 · 2 x + 12 y): its gradient is -5 (6, 12).
  np.testing.assert_allclose(third, [[-30, -60]], rtol=1e-14)


def projection_graph(size, order=2):
  w = np.ones([2, size])

  @tf.function(input_signature=[
      tf.TensorSpec([None, 2], tf.float64),
      tf.TensorSpec([None, size], tf.float64)])
  def project(x, v):
    return derivatives.projections(
        lambda p: tf.tanh(p @ w), x, [v] + [x] * (order - 1))

  return project.get_concrete_function().graph


def test_no_jacobian_is_built_however_large_the_output():
  small, large = projection_graph(10), projection_graph(1000)
  kinds = [[op.type for op in graph.get_operations()]
           for graph in (small, large)]
  assert kinds[0] == kinds[1]
  # Nor hidden in a loop or a function; a Jacobian [B, M, D] has rank 3.
  assert not any("While" in kind or "Call" in kind for kind in kinds[1])
  assert all(t.shape.rank is not None and t.shape.rank <= 2
             for op in large.get_operations() for t in op.outputs)


@pytest.mark.parametrize("directions, message", [
    ([np.ones([4])], r"v1 has the shape \(4,\), .* has \(4, 3\)"),
    ([np.ones([3])], r"v1 has the shape \(3,\), .* has \(4, 3\)"),
    ([np.ones([4, 2])], r"v1 has the shape \(4, 2\), .* has \(4, 3\)"),
    ([np.ones([4, 3]), np.ones([4, 3])],
     r"v2 has the shape \(4, 3\), .* has \(4, 2\)"),
    ([lambda like: tf.ones([4, 1], like.dtype)],
     r"v1 has the shape \(4, 1\)"),
])
def test_direction_of_the_wrong_shape(directions, message):
  with pytest.raises(errors.UserError, match=message):
    derivatives.projections(Ridge((3,), (2,)), points((2,)), directions)


def test_direction_for_a_column_output_must_be_a_column():
  with pytest.raises(errors.UserError, match=r"v1 has the shape \(4,\)"):
    derivatives.projections(
        Ridge((1,), (2,)), points((2,)), [np.ones([4])])
