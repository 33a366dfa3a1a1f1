"""Tests of the benchmark functions against numbers worked out by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors, functions

ALL = list(functions.FUNCTIONS.values())
# Points where a derivative does not exist.
KINKS = {
    "ackley": [(0.0, 0.0), (-0.0, 0.0)],
    # On the ridge, on the ridge where x = -10, and on x = -10 alone.
    "bukin": [(-5.0, 0.25), (-15.0, 2.25), (-10.0, 1.0), (-10.0, -2.0)],
}
# Points so near to a kink that z^(-3/2) under- or overflows on the way.
NEAR_KINKS = {
    "ackley": [(1e-6, 0.0), (1e-10, 1e-10), (0.0, -1e-12), (1e-20, 1e-20),
               (1e-38, 0.0), (1e-44, 1e-44)] + [
                   (10.0**-k, 0.0) for k in range(8, 162)],
    "bukin": [(-10.0, 1.0 + 1e-7), (-10.0 + 1e-6, 1.0), (-5.0, 0.25 - 1e-8)],
}


def derivatives(f, points, dtype=np.float64):
  """Value [N], gradient [N, 2] and Hessian [N, 2, 2], as numpy arrays."""
  x = tf.constant(np.asarray(points, dtype))
  with tf.GradientTape() as outer:
    outer.watch(x)
    with tf.GradientTape() as inner:
      inner.watch(x)
      value = f(x)
    gradient = inner.gradient(value, x)
  hessian = outer.batch_jacobian(gradient, x)
  return value.numpy(), gradient.numpy(), hessian.numpy()


def uniform(f, count, seed=0):
  low, high = np.transpose(f.domain)
  return np.random.default_rng(seed).uniform(low, high, (count, 2))


def test_names_domains_and_order_are_the_papers():
  assert {name: f.domain for name, f in functions.FUNCTIONS.items()} == {
      "ackley": ((-5, 5), (-5, 5)),
      "beale": ((-4.5, 4.5), (-4.5, 4.5)),
      "booth": ((-10, 10), (-10, 10)),
      "bukin": ((-15, -5), (-3, 3)),
      "mccormick": ((-1.5, 4), (-3, 4)),
      "rosenbrock": ((-2, 2), (-2, 2)),
      "styblinski_tang": ((-5, 5), (-5, 5)),
  }
  assert list(functions.FUNCTIONS) == sorted(functions.FUNCTIONS)
  assert all(name == f.name for name, f in functions.FUNCTIONS.items())


# Each worked out on paper from the textbook definition.
@pytest.mark.parametrize("name, point, expected", [
    # r = sqrt((1 + 1) / 2) = 1, both cosines 1: 20 - 20 exp(-0.2).
    ("ackley", (1, 1), 3.6253849384403628),
    # cos(π) = -1 and r = 0.5: 20 - 20 exp(-0.1) + e - exp(-1).
    ("ackley", (0.5, -0.5), 4.2536540265684115),
    # r = 5/sqrt(2): 20 - 20 exp(-1/sqrt(2)).
    ("ackley", (-3, 4), 10.138626172095203),
    # 1.5² + 2.25² + 2.625² = 2.25 + 5.0625 + 6.890625.
    ("beale", (0, 0), 14.203125),
    # y = 1 cancels x: the same.
    ("beale", (-2, 1), 14.203125),
    # (1.5-2+4)² + (2.25-2+8)² + (2.625-2+16)² = 12.25 + 68.0625 + 276.390625.
    ("beale", (2, 2), 356.703125),
    # (1.5+1+1)² + (2.25+1-1)² + (2.625+1+1)² = 12.25 + 5.0625 + 21.390625.
    ("beale", (-1, -1), 38.703125),
    # 49 + 25.
    ("booth", (0, 0), 74),
    # (2 - 2 - 7)² + (4 - 1 - 5)² = 49 + 4.
    ("booth", (2, -1), 53),
    # The corner: (-37)² + (-35)² = 1369 + 1225.
    ("booth", (-10, -10), 2594),
    # 100 sqrt(|1.25 - 0.25|) + 0.01 · 5.
    ("bukin", (-5, 1.25), 100.05),
    # 100 sqrt(|-3 - 1|) + 0.
    ("bukin", (-10, -3), 200),
    # On the ridge: 0 + 0.01 · 5.
    ("bukin", (-15, 2.25), 0.05),
    # sin 0 + 0 + 1.
    ("mccormick", (0, 0), 1),
    # sin(0) + 2² - 1.5 - 2.5 + 1; (x + y)² would give -3.
    ("mccormick", (1, -1), 1),
    # sin(π) + 0 - 0.75π + 1.25π + 1 = 1 + π/2.
    ("mccormick", (math.pi / 2, math.pi / 2), 2.5707963267948966),
    # 0 + 1.
    ("rosenbrock", (0, 0), 1),
    # 100 (2 - 1)² + (1 + 1)².
    ("rosenbrock", (-1, 2), 104),
    # 100 (-2 - 4)² + (1 - 2)².
    ("rosenbrock", (2, -2), 3601),
    # (1 - 16 + 5) / 2 + 0.
    ("styblinski_tang", (1, 0), -5),
    # (16 - 64 + 10) / 2 + (81 - 144 - 15) / 2 = -19 - 39.
    ("styblinski_tang", (2, -3), -58),
    # Twice (625 - 400 + 25) / 2.
    ("styblinski_tang", (5, 5), 250),
])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_golden_values(name, point, expected, dtype):
  value = functions.by_name(name)(np.array(point, dtype)).numpy()
  assert value.dtype == dtype
  # A few roundings of terms that are no larger than 500 (3601 in one case).
  np.testing.assert_allclose(
      value, expected, rtol=8 * np.finfo(dtype).eps,
      atol=32 * np.finfo(dtype).eps)


@pytest.mark.parametrize("f", ALL, ids=lambda f: f.name)
def test_value_at_the_known_minima(f):
  value = f(np.array(f.minima)).numpy()
  np.testing.assert_allclose(value, f.minimum_value, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("name, printed", [
    ("mccormick", -1.9133), ("styblinski_tang", 2 * -39.16617)])
def test_minimum_is_the_one_the_literature_prints(name, printed):
  assert functions.by_name(name).minimum_value == pytest.approx(
      printed, abs=1e-4)


@pytest.mark.parametrize("f", ALL, ids=lambda f: f.name)
def test_minima_lie_inside_the_domain(f):
  low, high = np.transpose(f.domain)
  minima = np.array(f.minima)
  assert minima.shape[1:] == (2,) and len(minima) >= 1
  assert (low < minima).all() and (minima < high).all()


@pytest.mark.parametrize("f", ALL, ids=lambda f: f.name)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_never_below_the_known_minimum(f, dtype):
  spread = np.random.default_rng(1).normal(scale=0.03, size=(2000, 2))
  points = np.concatenate([uniform(f, 20000), np.array(f.minima) + spread])
  slack = 16 * np.finfo(dtype).eps * abs(f.minimum_value)
  assert f(points.astype(dtype)).numpy().min() >= f.minimum_value - slack


@pytest.mark.parametrize(
    "name", ["beale", "booth", "mccormick", "rosenbrock", "styblinski_tang"])
def test_smooth_minima_are_stationary_and_curved_upwards(name):
  f = functions.by_name(name)
  _, gradient, hessian = derivatives(f, f.minima)
  # Curvature (at most 802, Rosenbrock) times the rounding of the point.
  np.testing.assert_allclose(gradient, 0, atol=1e-12)
  assert (np.linalg.eigvalsh(hessian) > 0.1).all()


# ∂f/∂x and ∂f/∂y, differentiated by hand and multiplied out.
BY_HAND = {
    # f = 5x² + 5y² + 8xy - 34x - 38y + 74.
    "booth": lambda x, y: (10 * x + 8 * y - 34, 8 * x + 10 * y - 38),
    "rosenbrock": lambda x, y: (
        400 * x**3 - 400 * x * y + 2 * x - 2, 200 * y - 200 * x**2),
    "mccormick": lambda x, y: (
        np.cos(x + y) + 2 * x - 2 * y - 1.5,
        np.cos(x + y) - 2 * x + 2 * y + 2.5),
    "styblinski_tang": lambda x, y: (
        2 * x**3 - 16 * x + 2.5, 2 * y**3 - 16 * y + 2.5),
    # With r = sqrt((x² + y²) / 2): 20 · 0.2 · x / (2r) · exp(-0.2 r), and
    # π sin(2πx) times the second exponential.
    "ackley": lambda x, y: tuple(
        2 * z / np.hypot(x, y) * np.sqrt(2) * np.exp(-np.hypot(x, y) / 50**0.5)
        + np.pi * np.sin(2 * np.pi * z) * np.exp(
            (np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)) / 2)
        for z in (x, y)),
    # With s = sign(y - x²/100): -s x / sqrt|·| + 0.01 sign(x + 10), 50 s / ...
    "bukin": lambda x, y: (
        -np.sign(y - x**2 / 100) * x / np.sqrt(abs(y - x**2 / 100))
        + 0.01 * np.sign(x + 10),
        50 * np.sign(y - x**2 / 100) / np.sqrt(abs(y - x**2 / 100))),
    "beale": lambda x, y: (
        2 * (
            (1.5 - x + x * y) * (y - 1) + (2.25 - x + x * y**2) * (y**2 - 1)
            + (2.625 - x + x * y**3) * (y**3 - 1)),
        2 * x * ((1.5 - x + x * y) + 2 * y * (2.25 - x + x * y**2)
                 + 3 * y**2 * (2.625 - x + x * y**3))),
}


@pytest.mark.parametrize("name", functions.FUNCTIONS)
def test_gradients_are_those_derived_by_hand(name):
  f = functions.by_name(name)
  points = uniform(f, 200)
  _, gradient, _ = derivatives(f, points)
  expected = np.stack(BY_HAND[name](*points.T), axis=-1)
  # Rounding of terms up to ~1e5 (Beale) that may cancel, relative to them;
  # Bukin's are amplified near its ridge.
  np.testing.assert_allclose(
      gradient, expected, rtol=1e-11, atol=1e-14 * abs(expected).max())


@pytest.mark.parametrize("name, point, expected", [
    ("booth", (4, -7), [[10, 8], [8, 10]]),
    # [[1200 x² - 400 y + 2, -400 x], [-400 x, 200]].
    ("rosenbrock", (-1, 2), [[402, 400], [400, 200]]),
    # -sin(x + y) = -1 on top of ±2.
    ("mccormick", (math.pi / 2, 0), [[1, -3], [-3, 1]]),
    # 6 z² - 16.
    ("styblinski_tang", (1, -2), [[-10, 0], [0, 8]]),
    # Only the first term at (x, 1.25): u = 1.25 - 0.25 = 1, u_x = 0.1, so
    # xx: 100 (-u_x²/4 - 0.02/2), xy: -100 u_x / 4, yy: -100 / 4.
    ("bukin", (-5, 1.25), [[-1.25, -2.5], [-2.5, -25]]),
    # 2 Σ (y^k - 1)² with k = 1, 2, 3 at y = 0; xy: at (0, 0) only 2 · 1.5;
    # yy: 4 x (2.25 - x) = 0 at x = 0.
    ("beale", (0, 0), [[6, 3], [3, 0]]),
])
def test_hessians_are_those_derived_by_hand(name, point, expected):
  _, _, hessian = derivatives(functions.by_name(name), [point])
  np.testing.assert_allclose(hessian[0], expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", KINKS)
def test_finite_on_and_beside_the_kinks(name, dtype):
  points = KINKS[name] + NEAR_KINKS[name]
  for result in derivatives(functions.by_name(name), points, dtype):
    assert np.isfinite(result).all(), result


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("f", ALL, ids=lambda f: f.name)
def test_finite_all_over_the_domain(f, dtype):
  # A grid that hits the borders, the axes and every kink's whole numbers.
  x, y = (np.linspace(low, high, 41) for low, high in f.domain)
  points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
  for result in derivatives(f, points, dtype):
    assert np.isfinite(result).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bukins_ridge_is_hit_wherever_it_is_written_down(dtype):
  x = np.linspace(-15, -5, 1001).astype(dtype)
  points = np.stack([x, x * x / 100], axis=1)
  np.testing.assert_allclose(
      functions.by_name("bukin")(points), 0.01 * abs(x + 10), rtol=1e-6)


def test_derivatives_at_the_kinks_are_those_of_the_smooth_terms():
  # Ackley at 0: the cosines leave -e·expm1(b), b ≈ -π²(x² + y²), so the
  # gradient vanishes and the Hessian is 2 π² e on the diagonal.
  _, gradient, hessian = derivatives(functions.by_name("ackley"), [(0, 0)])
  np.testing.assert_array_equal(gradient, [[0, 0]])
  np.testing.assert_allclose(
      hessian[0], 2 * math.pi**2 * math.e * np.eye(2), rtol=1e-14, atol=1e-12)
  # Bukin: off x = -10 on the ridge ±0.01 is left; on both, nothing.
  _, gradient, hessian = derivatives(
      functions.by_name("bukin"), [(-5, 0.25), (-15, 2.25), (-10, 1)])
  np.testing.assert_array_equal(gradient, [[0.01, 0], [-0.01, 0], [0, 0]])
  np.testing.assert_array_equal(hessian, np.zeros((3, 2, 2)))
  # On x = -10 alone: u = -3, so ∂/∂x = -x s / sqrt(3) and ∂/∂y = 50 s/sqrt(3).
  _, gradient, _ = derivatives(functions.by_name("bukin"), [(-10, -2)])
  np.testing.assert_allclose(
      gradient, [[-10 / 3**0.5, -50 / 3**0.5]], rtol=1e-14)


def test_derivatives_beside_the_kinks_are_the_true_ones():
  # Next to 0 the gradient is 2 sqrt(2) (x, y) / |(x, y)|, however small that
  # is: the guard must not reach further than it has to.
  _, gradient, _ = derivatives(
      functions.by_name("ackley"), [(3e-9, 4e-9)], np.float32)
  np.testing.assert_allclose(
      gradient, [[1.2 * 2**0.5, 1.6 * 2**0.5]], rtol=1e-5)


@pytest.mark.parametrize("f", ALL, ids=lambda f: f.name)
def test_nan_is_not_hidden(f):
  value = f(np.array([[np.nan, 1.0], [-6.0, np.nan]])).numpy()
  assert np.isnan(value).all()


@pytest.mark.parametrize("f", ALL, ids=lambda f: f.name)
def test_any_leading_axes_and_unknown_batch(f):
  points = uniform(f, 6)
  values = f(points)
  assert values.shape == (6,)
  np.testing.assert_array_equal(f(points.reshape(3, 2, 2)),
                                tf.reshape(values, (3, 2)))
  assert f(points[0]).shape == ()
  traced = tf.function(
      f, input_signature=[tf.TensorSpec([None, 2], tf.float64)])
  np.testing.assert_allclose(traced(points), values, rtol=1e-12)


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16])
@pytest.mark.parametrize("f", ALL, ids=lambda f: f.name)
def test_narrow_dtypes_are_kept(f, dtype):
  value = f(tf.cast([[-5.0, 1.0]], dtype))
  assert value.dtype == dtype
  expected = f(np.array([[-5.0, 1.0]]))
  np.testing.assert_allclose(tf.cast(value, tf.float64), expected, rtol=0.05)


def test_unknown_name():
  with pytest.raises(errors.UserError) as error:
    functions.by_name("akley")
  assert str(error.value) == (
      "There is no benchmark function 'akley': choose one of ackley, beale, "
      "booth, bukin, mccormick, rosenbrock, styblinski_tang.")


def test_the_registry_cannot_be_changed():
  with pytest.raises(TypeError):
    functions.FUNCTIONS["mine"] = ALL[0]


@pytest.mark.parametrize("x, message", [
    (np.zeros((4, 3)), "'booth' needs points of shape [..., 2], not (4, 3)"),
    (np.zeros(()), "'booth' needs points of shape [..., 2], not ()"),
    (np.zeros((4, 2), int), "'booth' needs points of a floating dtype, not "
                            "int64"),
])
def test_wrong_points(x, message):
  with pytest.raises(errors.UserError) as error:
    functions.by_name("booth")(x)
  assert str(error.value).startswith(message)
