"""Whether models with a Keras layer are trained right in the Sobolev sense.

The gradient of a Sobolev loss by all weights, along a random direction, is
compared with the slope of the loss by central differences; before that the
derivatives that the loss compares, with differences of those below. The losses
are written with TensorFlow's tapes alone, so they show TensorFlow as it is;
the last columns show `SobolevModel`.
"""

from typing import Callable, Dict, List, NamedTuple, Tuple
import warnings

import keras
import numpy as np
import tensorflow as tf

from benchmarks.operations import layers
from sobolev_tf import keras as sobolev_keras
from sobolev_tf.checks import differences, directional
from sobolev_tf.derivatives import gradients as gradients_lib

_POINTS = 3
LOSSES = ("order 1", "order 2", "stochastic")
MODES = ("eager", "graph", "XLA")
DOOR = tuple(f"{loss}, SobolevModel" for loss in LOSSES[:2])
COLUMNS = ("layer", *(f"{loss}, {mode}" for loss in LOSSES for mode in MODES),
           *DOOR, "note")


class Loss(NamedTuple):
  """A loss of a model.

  Attributes:
    order: its highest derivative.
    loss: what users call, a function without arguments.
    slow: the same number without vectorised Jacobians.
    targets: values and derivatives, for `SobolevModel`.
  """
  order: int
  loss: Callable[[], tf.Tensor]
  slow: Callable[[], tf.Tensor]
  targets: Tuple[tf.Tensor, ...] = ()


def row(name: str, setting: layers.Setting, door: bool = False) -> List[str]:
  """Measures a layer, in float64.

  Args:
    name: of the layer.
    setting: how it is put into a model.
    door: whether to measure training by `SobolevModel`, too.

  Returns:
    A row with `COLUMNS`.
  """
  before = keras.config.dtype_policy()
  keras.config.set_dtype_policy("float64")
  try:
    return _row(name, setting, door)
  finally:
    keras.config.set_dtype_policy(before)


def _row(name: str, setting: layers.Setting, door: bool) -> List[str]:
  model = layers.build(setting)
  rng = np.random.default_rng(0)
  for variable in model.trainable_variables:
    variable.assign(rng.normal(size=variable.shape) / 2)
  function = (lambda x: model(x, training=True)) if setting.training else model
  x = tf.constant(rng.normal(size=(_POINTS, *setting.shape)))
  wrong = _wrong_order(function, x) if not setting.training else 3
  cells, doors, notes = [], [], []
  for name_of_loss, loss in _losses(function, x, rng).items():
    directions = [tf.constant(rng.normal(size=v.shape))
                  for v in model.trainable_variables]
    weights = [v.value for v in model.trainable_variables]
    expected = _slope(loss.slow, weights, directions)
    for mode in MODES:
      cell, note = _cell(loss.loss, weights, directions, expected, mode)
      cells.append("wrong" if cell == "right" and loss.order >= wrong else cell)
      if note:
        notes.append(f"{name_of_loss}, {mode}: {note}")
    if loss.targets:
      cell, note = _through_door(
          model, function, x, loss, directions,
          coupled=setting.training) if door else ("", "")
      doors.append(cell)
      if note:
        notes.append(f"{name_of_loss}, SobolevModel: {note}")
  return [name, *cells, *doors, "; ".join(dict.fromkeys(notes))]


def _through_door(model, function, x, loss, directions, coupled):
  """What a step of stochastic gradient descent of rate 1 subtracts.

  The slope it is compared with is that of a loss of right derivatives, which
  TensorFlow's tapes alone may not have. In a batch that is coupled, as in
  `_row`, derivatives themselves are not checked.
  """
  with gradients_lib.right_gradients():
    if not coupled and _wrong_order(function, x) <= loss.order:
      return "wrong", ""
    expected = _slope(
        loss.slow, [v.value for v in model.trainable_variables], directions)
  if expected is None:
    return "undecided", "no differences"
  before = [v.numpy() for v in model.trainable_variables]
  try:
    with warnings.catch_warnings():
      warnings.simplefilter("ignore")
      wrapped = sobolev_keras.SobolevModel(model, loss.order)
      wrapped.compile(keras.optimizers.SGD(1.))
      wrapped.fit(x, loss.targets, batch_size=len(x), shuffle=False, verbose=0)
    slope = sum(np.sum((b - v.numpy()) * u) for b, v, u in zip(
        before, model.trainable_variables, directions))
  except Exception as error:  # whatever TensorFlow or Keras raises
    return _explain(error, "")
  finally:
    for variable, value in zip(model.trainable_variables, before):
      variable.assign(value)
  return differences.agreement(slope, expected).verdict, ""


def _wrong_order(function, x: tf.Tensor) -> int:
  """The lowest order of 1, 2 with a wrong derivative, or 3."""
  directions = [tf.constant(np.random.default_rng(k).normal(size=s))
                for k, s in enumerate([(_POINTS, 1), x.shape, x.shape])]
  for order in (1, 2):
    u = directions[order]
    try:
      p = _projections(function, x, directions[:order])[-1]
    except Exception:  # a missing gradient: the cells say so
      return 3
    def below(t, order=order, u=u):
      lower = _projections(function, x + t * u, directions[:order - 1])[-1]
      return tf.reduce_sum(lower * directions[order - 1])

    expected = differences.difference(below, x.dtype)
    if differences.agreement(
        tf.reduce_sum(p * u), expected).verdict == differences.WRONG:
      return order
  return 3


def _projections(function, x: tf.Tensor, directions) -> List[tf.Tensor]:
  """f, D_x <f, v>, D_x <D_x <f, v>, u>, ... by TensorFlow's tapes alone."""
  if not directions:
    return [function(x)]
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(x)
    lower = _projections(function, x, directions[:-1])
    s = lower[-1] * directions[-1]
  d = tape.gradient(s, x)
  return lower + [tf.zeros_like(x) if d is None else d]


def _hessian(function, x: tf.Tensor) -> List[tf.Tensor]:
  """f, D_x f and D_x^2 f, as users write it."""
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(x)
    y, dy_dx = _projections(function, x, [tf.ones([x.shape[0], 1], x.dtype)])
  return [y, dy_dx, tape.batch_jacobian(dy_dx, x)]


def _hessian_by_rows(function, x: tf.Tensor) -> List[tf.Tensor]:
  """The same without a vectorised Jacobian: a copy of a point per row."""
  count, size = x.shape[0], int(np.prod(x.shape[1:]))
  shape = [count * size, *x.shape[1:]]
  copies = tf.reshape(tf.repeat(x, size, 0), shape)
  rows = tf.reshape(tf.tile(tf.eye(size, dtype=x.dtype), [count, 1]), shape)
  ones = tf.ones([count * size, 1], x.dtype)
  hessian = _projections(function, copies, [ones, rows])[2]
  return _projections(function, x, [ones[:count]]) + [
      tf.reshape(hessian, [*x.shape, *x.shape[1:]])]


def _losses(function, x: tf.Tensor, rng) -> Dict[str, Loss]:
  shapes = [[_POINTS, 1], x.shape, [*x.shape, *x.shape[1:]]]
  targets = [tf.constant(rng.normal(size=shape)) for shape in shapes]
  ones = tf.ones([_POINTS, 1], x.dtype)
  u = tf.constant(rng.normal(size=x.shape))

  def loss(found, against=targets):
    """Mean over examples of squared errors, summed over entries (Eq. 1)."""
    return tf.add_n([tf.reduce_sum((d - t)**2)
                     for d, t in zip(found, against)]) / _POINTS

  def gradient():
    return loss(_projections(function, x, [ones]))

  def stochastic():
    return loss(_projections(function, x, [ones, u]),
                [*targets[:2], targets[1]])

  return dict(zip(LOSSES, (
      Loss(1, gradient, gradient, tuple(targets[:2])),
      Loss(2, lambda: loss(_hessian(function, x)),
           lambda: loss(_hessian_by_rows(function, x)), tuple(targets)),
      Loss(2, stochastic, stochastic))))


def _slope(loss, weights, directions):
  """The loss's slope along a direction, or None if it does not run."""
  loss = tf.function(loss, autograph=False)

  def along(t):
    for variable, u in zip(weights, directions):
      variable.assign_add(t * u)
    value = loss()
    for variable, u in zip(weights, directions):
      variable.assign_sub(t * u)
    return value

  try:
    return differences.difference(along, tf.float64)
  except Exception:  # whatever a missing gradient raises: the cells say so
    return None


def _cell(loss, weights, directions, expected, mode: str):
  """A verdict and what an error said."""
  def step():
    with tf.GradientTape() as tape:
      value = loss()
    gradients = tape.gradient(value, weights, unconnected_gradients="zero")
    return tf.add_n([tf.reduce_sum(tf.convert_to_tensor(g) * u)
                     for g, u in zip(gradients, directions)])

  run = step if mode == "eager" else tf.function(
      step, jit_compile=mode == "XLA", autograph=False)
  try:
    slope = run()
  except Exception as error:  # whatever TensorFlow raises
    return _explain(error, mode)
  if expected is None:
    return "undecided", "no differences"
  return differences.agreement(slope, expected).verdict, ""


def _explain(error: Exception, mode: str):
  text = str(error)
  short = text.strip().split("\n")[0][:80]
  if "no entry for" in text or "No gradient defined" in text:
    return "missing", directional.missing(error)
  if any(word in text for word in ("pfor", "vectorized", "Encountered an exc"
                                   "eption while vectorizing")):
    return "not vectorised", ""
  return ("not compilable" if mode == "XLA" else "fails"), short
