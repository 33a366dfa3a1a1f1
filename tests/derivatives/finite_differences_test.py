"""Tests of finite differences against automatic and paper derivatives."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors, functions
from sobolev_tf.derivatives.finite_differences import finite_differences

SMOOTH_PART = {
    "ackley": lambda x, y: np.hypot(x, y) > 0.5,
    "bukin": lambda x, y: (abs(y - x**2 / 100) > 0.5) & (abs(x + 10) > 0.1),
}


class Recorder:
  """A black box that remembers the points of every call."""

  def __init__(self, function):
    self.function = function
    self.calls = []

  def __call__(self, x):
    self.calls.append(x.copy())
    return self.function(x)


def automatic(function, x):
  """TensorFlow's gradient [N, D] and Hessian [N, D, D]."""
  x = tf.constant(x)
  with tf.GradientTape() as outer:
    outer.watch(x)
    with tf.GradientTape() as inner:
      inner.watch(x)
      value = function(x)
    gradient = inner.gradient(value, x)
  return gradient.numpy(), outer.batch_jacobian(gradient, x).numpy()


def interior_points(f, count):
  """Points [N, 2] inside the domain of `f`, off its kinks."""
  low, high = np.transpose(f.domain)
  x = np.random.default_rng(2).uniform(low, high, (20 * count, 2))
  if f.name in SMOOTH_PART:
    x = x[SMOOTH_PART[f.name](*x.T)]
  return x[:count]


@pytest.mark.parametrize("name", functions.FUNCTIONS)
def test_agrees_with_automatic_differentiation(name):
  f = functions.by_name(name)
  x = interior_points(f, 50)
  value, first, second = finite_differences(f, x, order=2)
  gradient, hessian = automatic(f, x)
  np.testing.assert_array_equal(value, f(x))
  # Rounding, 4 ε F for f itself: 4 ε F / h and 16 ε F / h². Truncation:
  # h² M3 / 6 and at most h² M4 / 3, where each order of derivative adds at
  # most a factor 4π: Ackley's exp(cos 2πx) and its first harmonic. h is at
  # most L ε^(1/3) or L ε^(1/4), and at least that without L.
  epsilon = np.finfo(np.float64).eps
  largest, curvature = abs(value).max(), abs(hessian).max()  # F, M2
  length = abs(x).max()  # L
  atol_1 = epsilon**(2 / 3) * (
      4 * largest + length**2 / 6 * 4 * np.pi * curvature)
  atol_2 = epsilon**(1 / 2) * (
      16 * largest + length**2 / 3 * 16 * np.pi**2 * curvature)
  np.testing.assert_allclose(first, gradient, rtol=0, atol=atol_1)
  np.testing.assert_allclose(second, hessian, rtol=0, atol=atol_2)
  # The bounds mean something: five and three digits of the largest one.
  assert atol_1 < 1e-5 * abs(gradient).max()
  assert atol_2 < 1e-3 * curvature


def test_central_differences_are_exact_for_low_degrees():
  # Central first differences are exact up to degree 2 and second ones up to
  # degree 3, for any step: here 1/2, so that all of it is exact in binary.
  def f(x):
    return x[:, 0]**3 + 3 * x[:, 0] * x[:, 1] + 4 * x[:, 1]**2

  x = np.array([[1.0, -2.0], [0.0, 3.0]])
  value, first, second = finite_differences(f, x, order=2, step=0.5)
  np.testing.assert_array_equal(value, [1 - 6 + 16, 36])
  # ∂/∂x of the cubic is 3x² + h² with central differences; ∂/∂y is exact.
  np.testing.assert_array_equal(
      first, [[3 + 0.25 - 6, 3 - 16], [0.25 + 9, 24]])
  np.testing.assert_array_equal(second, [[[6, 3], [3, 8]], [[0, 3], [3, 8]]])


def test_vector_outputs_have_the_output_axes_first():
  # f(x) = (x0 x1, sin x2, x0² x2): Jacobian and Hessian on paper.
  def f(x):
    return np.stack(
        [x[:, 0] * x[:, 1], np.sin(x[:, 2]), x[:, 0]**2 * x[:, 2]], axis=1)

  x = np.random.default_rng(3).uniform(-2, 2, (5, 3))
  x0, x1, x2 = x.T
  value, first, second = finite_differences(f, x, order=2)
  jacobian = np.zeros((5, 3, 3))
  jacobian[:, 0, 0], jacobian[:, 0, 1] = x1, x0
  jacobian[:, 1, 2] = np.cos(x2)
  jacobian[:, 2, 0], jacobian[:, 2, 2] = 2 * x0 * x2, x0**2
  hessian = np.zeros((5, 3, 3, 3))
  hessian[:, 0, 0, 1] = hessian[:, 0, 1, 0] = 1
  hessian[:, 1, 2, 2] = -np.sin(x2)
  hessian[:, 2, 0, 0] = 2 * x2
  hessian[:, 2, 0, 2] = hessian[:, 2, 2, 0] = 2 * x0
  assert value.shape == (5, 3)
  # Ten times ε^(2/3) and ε^(1/2), values and derivatives being at most 8.
  np.testing.assert_allclose(first, jacobian, rtol=0, atol=4e-10)
  np.testing.assert_allclose(second, hessian, rtol=0, atol=1.5e-7)


@pytest.mark.parametrize("out, axes", [
    ((), ()), ((1,), ()), ((2,), (2,)), ((1, 1), (1, 1)), ((2, 3), (2, 3))])
@pytest.mark.parametrize("event", [(1,), (3,), (2, 2, 1)])
@pytest.mark.parametrize("batch", [4, 1, 0])
def test_shapes(batch, event, out, axes):
  def f(x):
    total = (x**2).reshape(len(x), int(np.prod(event))).sum(axis=1)
    return np.broadcast_to(
        total.reshape(len(x), *[1 for _ in out]), (len(x), *out))

  x = np.random.default_rng(4).normal(size=(batch, *event))
  value, first, second = finite_differences(f, x, order=2)
  assert value.shape == (batch, *out)
  assert first.shape == (batch, *axes, *event)
  assert second.shape == (batch, *axes, *event, *event)
  assert len(finite_differences(f, x)) == 2


def test_images():
  # f = Σ w x² + x[0, 1, 0] x[2, 0, 1], on 3 × 2 images with two channels.
  w = np.arange(1, 13).reshape(3, 2, 2) / 4

  def f(x):
    return (w * x**2).sum(axis=(1, 2, 3)) + x[:, 0, 1, 0] * x[:, 2, 0, 1]

  x = np.random.default_rng(5).normal(size=(4, 3, 2, 2))
  _, first, second = finite_differences(f, x, order=2)
  gradient = 2 * w * x
  gradient[:, 0, 1, 0] += x[:, 2, 0, 1]
  gradient[:, 2, 0, 1] += x[:, 0, 1, 0]
  hessian = np.broadcast_to(
      np.diag(2 * w.ravel()).reshape(3, 2, 2, 3, 2, 2), second.shape).copy()
  hessian[:, 0, 1, 0, 2, 0, 1] = hessian[:, 2, 0, 1, 0, 1, 0] = 1
  # No truncation (degree 2); rounding ε f / h and 4 ε f / h² with f ≈ 50.
  np.testing.assert_allclose(first, gradient, rtol=0, atol=1e-8)
  np.testing.assert_allclose(second, hessian, rtol=0, atol=1e-5)


def test_second_derivatives_are_exactly_symmetric():
  def f(x):
    return np.stack([np.sin(x.prod(axis=1)), np.exp(x.sum(axis=1))], axis=1)

  x = np.random.default_rng(6).normal(size=(7, 4))
  _, _, second = finite_differences(f, x, order=2)
  assert abs(second).max() > 1
  np.testing.assert_array_equal(second, np.swapaxes(second, -1, -2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_steps_are_exactly_representable(dtype):
  # With steps that are not, the slope of the identity is off by ε |x| / h
  # (4e-11 in float64, 2e-5 in float32), and its curvature by that over h.
  x = np.random.default_rng(7).uniform(1, 1e4, (500, 1))
  x *= np.where(np.arange(500) % 2, 1, -1)[:, None]
  _, first, second = finite_differences(lambda x: x, x, order=2, dtype=dtype)
  np.testing.assert_array_equal(first, np.ones((500, 1)))
  np.testing.assert_array_equal(second, np.zeros((500, 1, 1)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", [1, 2])
def test_default_step_is_near_the_best_one(order, dtype):
  x = np.linspace(0.2, 1.0, 40, dtype=dtype)[:, None]

  def error(step):
    result = finite_differences(
        lambda x: np.exp(x[:, 0]), x, order=2, step=step, dtype=dtype)
    return abs(result[order].ravel() - np.exp(x.astype(float)).ravel()).max()

  best = min(error(step) for step in 10.0**np.arange(-6, 0, 0.25))
  assert error(None) < 10 * best


def test_float32_black_box():
  # Only the black box is float32; the exact derivatives are of its formula.
  def model(x):
    assert x.dtype == np.float32
    return tf.sin(x[:, 0]) * tf.exp(x[:, 1])

  x = np.random.default_rng(8).uniform(-1, 1, (100, 2)).astype(np.float32)
  value, first, second = finite_differences(
      model, x, order=2, dtype=np.float32)
  a, b = x.astype(np.float64).T
  s, c, e = np.sin(a), np.cos(a), np.exp(b)
  assert value.dtype == np.float32
  assert first.dtype == second.dtype == np.float64
  # A few times ε^(2/3) = 2.4e-5 and ε^(1/2) = 3.5e-4; everything is below e.
  np.testing.assert_allclose(
      first, np.stack([c * e, s * e], 1), rtol=0, atol=2e-4)
  np.testing.assert_allclose(
      second, np.stack([-s * e, c * e, c * e, s * e], 1).reshape(-1, 2, 2),
      rtol=0, atol=5e-3)


def test_scale_adapts_the_step_to_small_inputs():
  # Inputs of the order of 1e-6 and 1: only a scale per input serves both.
  def f(x):
    return np.sin(1e6 * x[:, 0]) + np.sin(x[:, 1])

  x = np.random.default_rng(9).uniform(-1, 1, (20, 2)) * [1e-6, 1]
  expected = np.cos(x * [1e6, 1]) * [1e6, 1]
  _, first = finite_differences(f, x, scale=[1e-6, 1])
  np.testing.assert_allclose(first, expected, rtol=1e-8)
  _, first = finite_differences(f, x)
  assert abs(first[:, 0] / expected[:, 0] - 1).max() > 0.5


def test_default_step_grows_with_the_input():
  # At 1e8 a step of 6e-6 is lost in the rounding of x.
  _, first = finite_differences(lambda x: np.log(x[:, 0]), [[1e8], [1e12]])
  np.testing.assert_allclose(first, [[1e-8], [1e-12]], rtol=1e-7)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_number_of_evaluations(size):
  f = Recorder(lambda x: x.sum(axis=1))
  x = np.random.default_rng(10).normal(size=(3, size))
  finite_differences(f, x)
  assert [len(call) for call in f.calls] == [3 * (1 + 2 * size)]
  f.calls.clear()
  finite_differences(f, x, order=2)
  assert [len(call) for call in f.calls] == [
      3 * (1 + 2 * size), 3 * (2 * size + 2 * size * (size - 1))]


def test_the_points_are_those_of_the_module_docstring():
  f = Recorder(lambda x: x.sum(axis=1))
  finite_differences(f, [[10, 20]], order=2, step=[0.5, 2])
  first, second = ({tuple(point) for point in call} for call in f.calls)
  assert first == {
      (10, 20), (10.5, 20), (9.5, 20), (10, 22), (10, 18)}
  assert second == {
      (10.5, 20), (9.5, 20), (10, 22), (10, 18),
      (10.5, 22), (10.5, 18), (9.5, 22), (9.5, 18)}


def test_integers_and_lists_become_float64():
  f = Recorder(lambda x: x[:, 0]**2)
  _, first = finite_differences(f, [[3], [-4]])
  assert f.calls[0].dtype == np.float64
  np.testing.assert_allclose(first, [[6], [-8]], rtol=1e-9)


def test_a_black_box_that_reuses_its_memory():
  memory = np.empty(100)

  def f(x):
    np.square(x[:, 0], out=memory[:len(x)])
    x[:] = np.nan  # and spoils its argument
    return memory[:len(x)]

  x = np.array([[3.0], [4.0]])
  value, first, second = finite_differences(f, x, order=2)
  np.testing.assert_array_equal(x, [[3], [4]])
  np.testing.assert_array_equal(value, [9, 16])
  np.testing.assert_allclose(first, [[6], [8]], rtol=1e-9)
  np.testing.assert_allclose(second, [[[2]], [[2]]], rtol=1e-6)


def total(x):
  return x.sum(axis=1)


@pytest.mark.parametrize("function, x, options, message", [
    (total, np.ones((2, 2)), {"order": 0},
     "order must be 1 or 2, not 0: higher differences lose too many digits, "
     "and order 0 is the function itself."),
    (total, np.ones((2, 2)), {"order": 3}, "order must be 1 or 2, not 3"),
    (total, np.ones(2), {},
     "x has shape (2,) and no batch axis: pass points [N, ...], for one point "
     "x[np.newaxis], for N numbers x[:, np.newaxis]."),
    (total, 1.0, {}, "x has shape () and no batch axis"),
    (total, [[np.inf, np.nan], [2, 3]], {},
     "x holds NaN or infinity in 1 of 2 points"),
    (total, [[1e300, 1.0]], {"dtype": np.float32},
     "x holds NaN or infinity in 1 of 1 points (as float32)"),
    (total, np.ones((2, 2)), {"dtype": int},
     "dtype must be np.float32 or np.float64, not int64."),
    (total, np.ones((2, 2)), {"step": 0.0},
     "step must be positive and finite, not 0.0."),
    (total, np.ones((2, 2)), {"step": [0.1, -0.1]},
     "step must be positive and finite, not [0.1, -0.1]."),
    (total, np.ones((2, 2)), {"scale": np.nan},
     "scale must be positive and finite, not nan."),
    (total, np.ones((2, 2)), {"step": [0.1, 0.1, 0.1]},
     "step has shape (3,), which does not broadcast to the shape (2,) of one "
     "point: give one number or one per input."),
    (total, np.full((2, 2), 1e9), {"step": 1e-9},
     "step is too small: added to x in float64 it changes nothing; pass a "
     "larger step."),
    (lambda x: x.sum(axis=1)[:-1], np.ones((2, 2)), {},
     "function returned an array of shape (9,) for 10 points: it must return "
     "one row per point, [10, ...]."),
    (lambda x: x.sum(), np.ones((2, 2)), {},
     "function returned an array of shape () for 10 points"),
    # The step from 1e-9 down leaves the domain of the logarithm.
    (lambda x: np.log(np.maximum(x[:, 0], 0)), [[1.0], [1e-9], [2.0]], {},
     "function returned NaN or infinity at or beside 1 of 3 points: keep x a "
     "step inside the region where it is defined, give that region as "
     "bounds=(lower, upper), or pass a smaller step."),
    (lambda x: x.sum(axis=1).astype(np.float32), np.ones((2, 2)), {},
     "function returned float32 for float64 points, too coarse for the "
     "default step: pass dtype=np.float32 or a step."),
])
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:overflow")
def test_errors(function, x, options, message):
  with pytest.raises(errors.UserError) as error:
    finite_differences(function, x, **options)
  assert str(error.value).startswith(message)


def test_non_finite_values_of_the_second_call_are_noticed():
  # Only the mixed points leave the disc.
  def f(x):
    with np.errstate(invalid="ignore"):
      return np.sqrt(0.015 - (x**2).sum(axis=1))

  x = np.zeros((2, 2))
  finite_differences(f, x, step=0.1)
  with pytest.raises(errors.UserError, match="beside 2 of 2 points"):
    finite_differences(f, x, order=2, step=0.1)


def test_a_coarse_black_box_is_accepted_with_a_step():
  _, first = finite_differences(
      lambda x: (x[:, 0]**2).astype(np.float32), [[1.0]], step=0.25)
  np.testing.assert_array_equal(first, [[2]])
