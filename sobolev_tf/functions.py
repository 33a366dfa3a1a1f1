"""The seven benchmark functions of Figures 2 and 3 (paper, Section 4.1).

https://arxiv.org/abs/1706.04859. Two-dimensional test functions from the
optimisation literature, with their textbook definitions: what the paper draws
its regression targets from, values and derivatives alike. They are TensorFlow
functions of points `[..., 2]`, so a teacher's derivatives of any order come
from automatic differentiation. The domains are those that a public replication
records from the paper's supplement (pp. 14-15; not verified by us).

**Kinks.** Two of the functions are not differentiable everywhere: Ackley at
the origin, Bukin N.6 on its ridge `y = x²/100` and on the line `x = -10`.
There, the derivatives of every order of the offending term are defined as
zero (for the first order, that is also the limit of central differences). On
the domains, value, gradient and Hessian are therefore finite in float32 and
float64. They are not bounded: beside Bukin's ridge the gradient grows like
`50 / sqrt(|y - x²/100|)`, and Ackley's Hessian like 1 / distance from the
origin.

References, for all seven:
  S. Surjanovic and D. Bingham, Virtual Library of Simulation Experiments,
    https://www.sfu.ca/~ssurjano/optimization.html (the page of each function
    is in its `source`).
  M. Jamil and X.-S. Yang, A literature survey of benchmark functions for
    global optimisation problems, 2013, https://arxiv.org/abs/1308.4008.
"""

import dataclasses
import math
import types
from typing import Any, Callable, Mapping, Tuple

import tensorflow as tf

from sobolev_tf import errors

_LIBRARY = "https://www.sfu.ca/~ssurjano/"


@dataclasses.dataclass(frozen=True)
class BenchmarkFunction:
  """A function of the plane, its domain and what is known about it.

  Attributes:
    name: the key in `FUNCTIONS`.
    title: the name to print.
    function: the definition; maps `x` and `y`, both `[...]`, to `[...]`.
    domain: ((lowest x, highest x), (lowest y, highest y)).
    minima: every global minimum inside the domain, as points (x, y).
    minimum_value: the function's value there.
    source: where the definition is from.
  """
  name: str
  title: str
  function: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
  domain: Tuple[Tuple[float, float], Tuple[float, float]]
  minima: Tuple[Tuple[float, float], ...]
  minimum_value: float
  source: str

  def __call__(self, x: Any) -> tf.Tensor:
    """Evaluates the function, one scalar per point.

    Args:
      x: points `[..., 2]` of a floating dtype; not checked against the domain.

    Returns:
      The values `[...]`, in the dtype of `x`.

    Raises:
      UserError: if `x` is not of floating dtype or its last axis is not 2.
    """
    x = tf.convert_to_tensor(x)
    if not x.dtype.is_floating:
      raise errors.UserError(
          f"'{self.name}' needs points of a floating dtype, not "
          f"{x.dtype.name}: convert x, e.g. with tf.cast(x, tf.float32).")
    if x.shape.rank is not None and (
        x.shape.rank == 0 or x.shape[-1] not in (2, None)):
      raise errors.UserError(
          f"'{self.name}' needs points of shape [..., 2], not {x.shape}: put "
          "the two coordinates on the last axis.")
    return self.function(x[..., 0], x[..., 1])  # [...]


def by_name(name: str) -> BenchmarkFunction:
  """Looks a benchmark function up.

  Args:
    name: a key of `FUNCTIONS`.

  Returns:
    The function.

  Raises:
    UserError: if there is none of that name; the message lists the names.
  """
  if name not in FUNCTIONS:
    raise errors.UserError(
        f"There is no benchmark function '{name}': choose one of "
        f"{', '.join(FUNCTIONS)}.")
  return FUNCTIONS[name]


def _safe_sqrt(z: tf.Tensor) -> tf.Tensor:
  """The square root of z >= 0 whose derivatives at 0 are 0, not infinite.

  Both branches of a `tf.where` are differentiated, and 0 * inf is NaN; so the
  root is taken of a harmless 1 wherever its own result is going to be
  discarded. "Zero" reaches up to the dtype's largest number to the power -1/2
  (5e-20 in float32): below, z^(-3/2) in the second derivative may overflow.
  NaN stays NaN.

  Args:
    z: non-negative numbers `[...]`.

  Returns:
    Their roots `[...]`.
  """
  is_zero = z <= float(z.dtype.max)**-0.5
  root = tf.sqrt(tf.where(is_zero, tf.ones_like(z), z))
  return tf.where(is_zero, tf.zeros_like(z), root)


def _ackley(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
  # 20 - 20 exp(a) + e - exp(1 + b), through expm1: exact next to 0, where the
  # textbook's form subtracts nearly equal numbers.
  a = -0.2 * _safe_sqrt(0.5 * (tf.square(x) + tf.square(y)))
  b = 0.5 * (tf.cos(2 * math.pi * x) + tf.cos(2 * math.pi * y)) - 1
  return -20 * tf.math.expm1(a) - math.e * tf.math.expm1(b)


def _beale(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
  return (tf.square(1.5 - x + x * y) + tf.square(2.25 - x + x * y * y) +
          tf.square(2.625 - x + x * y * y * y))


def _booth(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
  return tf.square(x + 2 * y - 7) + tf.square(2 * x + y - 5)


def _bukin(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
  # Dividing by 100 rounds once (0.01 is rounded before it multiplies), so that
  # a point written as (x, x²/100) is on the ridge, not beside it. TensorFlow's
  # derivatives of |·| at 0 are zero already.
  return (100 * _safe_sqrt(tf.abs(y - tf.square(x) / 100)) +
          0.01 * tf.abs(x + 10))


def _mccormick(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
  return tf.sin(x + y) + tf.square(x - y) - 1.5 * x + 2.5 * y + 1


def _rosenbrock(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
  return 100 * tf.square(y - tf.square(x)) + tf.square(1 - x)


def _styblinski_tang(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
  def along_axis(z):
    return 0.5 * (tf.square(tf.square(z)) - 16 * tf.square(z) + 5 * z)

  return along_axis(x) + along_axis(y)  # a sum, not a mean over dimensions


# In the order of the paper's Figure 2.
FUNCTIONS: Mapping[str, BenchmarkFunction] = types.MappingProxyType({
    f.name: f for f in (
        BenchmarkFunction(
            name="ackley", title="Ackley", function=_ackley,
            domain=((-5.0, 5.0), (-5.0, 5.0)),
            minima=((0.0, 0.0),), minimum_value=0.0,
            source=_LIBRARY + "ackley.html"),
        BenchmarkFunction(
            name="beale", title="Beale", function=_beale,
            domain=((-4.5, 4.5), (-4.5, 4.5)),
            minima=((3.0, 0.5),), minimum_value=0.0,
            source=_LIBRARY + "beale.html"),
        BenchmarkFunction(
            name="booth", title="Booth", function=_booth,
            domain=((-10.0, 10.0), (-10.0, 10.0)),
            minima=((1.0, 3.0),), minimum_value=0.0,
            source=_LIBRARY + "booth.html"),
        BenchmarkFunction(
            name="bukin", title="Bukin N.6", function=_bukin,
            domain=((-15.0, -5.0), (-3.0, 3.0)),
            minima=((-10.0, 1.0),), minimum_value=0.0,
            source=_LIBRARY + "bukin6.html"),
        # x - y = 1 and cos(x + y) = -1/2 at the minimum, hence its closed form.
        BenchmarkFunction(
            name="mccormick", title="McCormick", function=_mccormick,
            domain=((-1.5, 4.0), (-3.0, 4.0)),
            minima=((0.5 - math.pi / 3, -0.5 - math.pi / 3),),
            minimum_value=-math.sqrt(3) / 2 - math.pi / 3,
            source=_LIBRARY + "mccorm.html"),
        BenchmarkFunction(
            name="rosenbrock", title="Rosenbrock", function=_rosenbrock,
            domain=((-2.0, 2.0), (-2.0, 2.0)),
            minima=((1.0, 1.0),), minimum_value=0.0,
            source=_LIBRARY + "rosen.html"),
        # The lowest root of 4 z³ - 32 z + 5 = 0, twice.
        BenchmarkFunction(
            name="styblinski_tang", title="Styblinski-Tang",
            function=_styblinski_tang,
            domain=((-5.0, 5.0), (-5.0, 5.0)),
            minima=((-2.9035340277711771, -2.9035340277711771),),
            minimum_value=-78.332331407542839,
            source=_LIBRARY + "stybtang.html"),
    )
})
