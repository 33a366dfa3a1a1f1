"""Whether models with a Keras layer are trained right in the Sobolev sense.

The gradient of a Sobolev loss by all weights, along a random direction, is
compared with the slope of the loss by central differences; before that the
derivatives that the loss compares, with differences of those below. The losses
are written with TensorFlow's tapes alone, so they show TensorFlow as it is;
the last columns show `SobolevModel`.
"""

from typing import List
import warnings

import keras
import numpy as np
import tensorflow as tf

from benchmarks.operations import layer_losses, layers
from benchmarks.operations.layer_losses import NAMES, projections
from sobolev_tf import keras as sobolev_keras
from sobolev_tf.checks import differences, directional
from sobolev_tf.derivatives import gradients as gradients_lib

_POINTS = 3
MODES = ("eager", "graph", "XLA")
DOOR = tuple(f"{loss}, SobolevModel" for loss in NAMES[:2])
COLUMNS = ("layer", *(f"{loss}, {mode}" for loss in NAMES for mode in MODES),
           *DOOR, "note")


def row(name: str, setting: layers.Setting, door: bool = False) -> List[str]:
  """Measures a layer, in float64.

  Args:
    name: of the layer.
    setting: how it is put into a model.
    door: whether to measure training by `SobolevModel`, too.

  Returns:
    A row with `COLUMNS`.
  """
  before = keras.config.floatx(), keras.config.dtype_policy()
  keras.config.set_floatx("float64")  # that of losses
  keras.config.set_dtype_policy("float64")
  try:
    return _row(name, setting, door)
  finally:
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


def _row(name: str, setting: layers.Setting, door: bool) -> List[str]:
  model = layers.build(setting)
  rng = np.random.default_rng(0)
  for variable in model.trainable_variables:
    variable.assign(rng.normal(size=variable.shape) / 2)
  function = (lambda x: model(x, training=True)) if setting.training else model
  x = tf.constant(rng.normal(size=(_POINTS, *setting.shape)))
  wrong = _wrong_order(function, x) if not setting.training else 3
  cells, doors, notes = [], [], []
  losses = layer_losses.make(function, x, rng, coupled=setting.training)
  for name_of_loss, loss in losses.items():
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


class _InMode(keras.layers.Layer):
  """A model that is called in one mode, whatever it is told."""

  def __init__(self, model: keras.Model, training: bool):
    super().__init__()
    self.model, self.training = model, training
    self.built = True

  def call(self, x, training=None):
    """The output for `x`."""
    return self.model(x, training=self.training)


def _through_door(model, function, x, loss, directions, coupled):
  """What a step of stochastic gradient descent of rate 1 subtracts.

  The slope it is compared with is that of a loss of right derivatives, which
  TensorFlow's tapes alone may not have. In a batch that is coupled, as in
  `_row`, derivatives themselves are not checked. Any other model is trained
  in inference mode, in which it is swept, without drawing.
  """
  with gradients_lib.right_gradients():
    if not coupled and _wrong_order(function, x) <= loss.order:
      return "wrong", ""
    expected = _slope(
        loss.slow, [v.value for v in model.trainable_variables], directions)
  before = [v.numpy() for v in model.trainable_variables]
  try:
    with warnings.catch_warnings():
      warnings.simplefilter("ignore")
      wrapped = sobolev_keras.SobolevModel(
          _InMode(model, coupled), loss.order)
      wrapped.compile(keras.optimizers.SGD(1.))
      wrapped.fit(x, loss.targets, batch_size=len(x), shuffle=False, verbose=0)
    slope = sum(np.sum((b - v.numpy()) * u) for b, v, u in zip(
        before, model.trainable_variables, directions))
  except Exception as error:  # whatever TensorFlow or Keras raises
    return _explain(error, "")
  finally:
    for variable, value in zip(model.trainable_variables, before):
      variable.assign(value)
  return _verdict(slope, expected)


def _wrong_order(function, x: tf.Tensor) -> int:
  """The lowest order of 1, 2 with a wrong derivative, or 3."""
  directions = [tf.constant(np.random.default_rng(k).normal(size=s))
                for k, s in enumerate([(_POINTS, 1), x.shape, x.shape])]
  for order in (1, 2):
    u = directions[order]
    try:
      p = projections(function, x, directions[:order])[-1]
    except Exception:  # a missing gradient: the cells say so
      return 3
    def below(t, order=order, u=u):
      lower = projections(function, x + t * u, directions[:order - 1])[-1]
      return tf.reduce_sum(lower * directions[order - 1])

    expected = differences.difference(below, x.dtype)
    if differences.agreement(
        tf.reduce_sum(p * u), expected).verdict == differences.WRONG:
      return order
  return 3


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
  return _verdict(slope, expected)


def _verdict(slope, expected):
  """The agreement, and why there is none."""
  if expected is None:
    return "undecided", "no differences"
  return differences.agreement(slope, expected).verdict, ""


def _explain(error: Exception, mode: str):
  text = str(error)
  short = text.strip().split("\n")[0][:80]
  if "no entry for" in text or "No gradient defined" in text:
    return "missing", directional.missing(error)
  if "has no second derivative" in text:  # what the library says
    return "missing", ""
  if any(word in text for word in ("pfor", "vectorized", "Encountered an exc"
                                   "eption while vectorizing")):
    return "not vectorised", ""
  return ("not compilable" if mode == "XLA" else "fails"), short
