"""Sobolev Training in Keras's own idiom: `compile`, `fit`, `save`.

  >>> model = SobolevModel(keras.Sequential([...]))
  >>> model.compile("adam", loss_weights=(1., .1))
  >>> model.fit(x, (y, dy_dx), epochs=20)
  >>> model.predict(x)  # values, as of the model inside

Eq. 1 of https://arxiv.org/abs/1706.04859. Keras's losses, metrics, callbacks,
progress bar and sample weights act on every order of derivative by its name:
"value", "first", "second", "third", "order_4", ...
"""

from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

import keras
import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf import targets as targets_lib
from sobolev_tf.losses import stochastic as stochastic_lib

_NAMES = ("value", "first", "second", "third")
_EVALUATION = -1  # in place of the count of training's draws
_REGISTER = keras.saving.register_keras_serializable("sobolev_tf")


def order_names(order: int) -> Tuple[str, ...]:
  """What losses, metrics and weights of the orders 0 to K are called."""
  return tuple(
      _NAMES[j] if j < len(_NAMES) else f"order_{j}" for j in range(order + 1))


@_REGISTER
class SquaredError(keras.losses.Loss):
  """Squared L2 distance per example: a sum over entries, as in Section 4.1.

  Keras's own "mse" is a mean over entries and weighs derivatives less the more
  inputs there are.
  """

  def __init__(self, name: str = "squared_error", **kwargs):
    super().__init__(name=name, **kwargs)

  def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """`[B]` from two tensors `[B, ...]`."""
    squares = tf.math.squared_difference(y_pred, y_true)
    return tf.reduce_sum(
        tf.reshape(squares, [tf.shape(squares)[0], -1]), axis=1)


@_REGISTER
class SobolevModel(keras.Model):
  """Trains any Keras model on values and derivatives.

  As a model it is the one inside: `predict` and calls give its values, and
  both share their weights. `fit`, `evaluate` and datasets take targets
  `(y, dy_dx, ...)`: the values and K derivatives with respect to the input,
  with the shapes of `sobolev_tf.derivatives`. With a target function they take
  the inputs alone. A NaN marks a value or partial derivative that is missing:
  the prediction itself takes its place, so that a loss that is a distance gets
  0 from it and passes back 0, and metrics count it as no error.
  """

  def __init__(self, model: keras.Model, order: int = 1, *,
               target: Optional[Callable[[tf.Tensor], tf.Tensor]] = None,
               stochastic: bool = False, seed: int = 0, **kwargs):
    """Wraps a model.

    Args:
      model: maps `[B, *event]` to `[B, *out]`.
      order: the highest order K of derivative, at least 1.
      target: a TensorFlow function or teacher of the model's form, from which
        targets are computed. It gets no gradient, and it is not saved: call
        `set_target` after loading.
      stochastic: compares derivatives on random projections (Figure 1b), new
        ones for every example and step, whose cost does not depend on the
        size of the output.
      seed: of the projections.
      **kwargs: as for `keras.Model`, `name` say.

    Raises:
      UserError: if the order is not a positive integer.
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
      raise errors.UserError(
          f"order must be an integer >= 1, got {order!r}: to train on values "
          "alone, fit the model itself.")
    super().__init__(**kwargs)
    self.model = model
    self.order = order
    self.set_target(target)
    self.stochastic = stochastic
    self.seed = seed
    self._draws = keras.Variable(
        0, trainable=False, dtype="int32", name="draws")

  def set_target(self, target: Optional[derivatives.Function]) -> None:
    """Sets the function from which targets are computed, or none."""
    # Past Keras, which would count a teacher's weights among this model's.
    object.__setattr__(self, "target", target)

  def call(self, x, training: Optional[bool] = None):
    """The values of the model inside."""
    return self.model(x, training=training)

  def build(self, input_shape) -> None:
    """Builds the model inside."""
    if not self.model.built:
      self.model.build(input_shape)
    self.built = True

  def compile(self, optimizer="adam", loss=None, loss_weights=None,
              metrics=None, weighted_metrics=None, jit_compile: bool = False,
              **kwargs) -> None:
    """As `keras.Model.compile`, with one entry per order.

    Args:
      optimizer: Keras's.
      loss: one for all orders, or one per order, in a sequence or by name;
        None for `SquaredError` (Section 4.1).
      loss_weights: one number per order; None for ones.
      metrics: a list for all orders, or a list per order, in a sequence or by
        name.
      weighted_metrics: like `metrics`.
      jit_compile: as Keras's; off, since XLA is no gain for small models.
      **kwargs: as for `keras.Model.compile`.

    Raises:
      UserError: if the number of entries is not that of the orders.
    """
    names = order_names(self.order)
    if loss is None:
      loss = SquaredError()
    if isinstance(loss, (str, keras.losses.Loss)) or callable(loss):
      loss = dict.fromkeys(names, loss)
    super().compile(
        optimizer=optimizer, loss=self._by_name("loss", loss),
        loss_weights=self._by_name("loss_weights", loss_weights),
        metrics=self._metrics_by_name("metrics", metrics),
        weighted_metrics=self._metrics_by_name(
            "weighted_metrics", weighted_metrics),
        jit_compile=jit_compile, **kwargs)

  def compile_from_config(self, config: Dict[str, Any]) -> None:
    """Compiles as before `save`; called on loading."""
    self.compile(**keras.saving.deserialize_keras_object(config))
    if self.built:  # so that the optimizer's state can be loaded
      self.optimizer.build(self.trainable_variables)

  def train_step(self, data) -> Dict[str, Any]:
    """One update on a batch; called by `fit`.

    Args:
      data: `x` `[B, *event]`, or (x, targets), or with sample weights.

    Returns:
      Keras's logs.

    Raises:
      UserError: if there are no targets or their shapes do not fit.
    """
    x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
    with tf.GradientTape() as tape:
      targets, predictions = self._compare(
          x, y, self._draws.value, training=True)
      self._draws.assign_add(1)
      weight = self._weights_by_name(weight)
      loss = self.compute_loss(x, targets, predictions, weight, training=True)
      scaled = self.optimizer.scale_loss(loss)
    self.optimizer.apply_gradients(zip(
        tape.gradient(scaled, self.trainable_weights), self.trainable_weights))
    self._loss_tracker.update_state(loss, sample_weight=tf.shape(x)[0])
    return self.compute_metrics(x, targets, predictions, weight)

  def test_step(self, data) -> Dict[str, Any]:
    """Losses and metrics on a batch; called by `evaluate` and `fit`.

    Projections are the same at every call.
    """
    x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
    targets, predictions = self._compare(x, y, _EVALUATION, training=False)
    weight = self._weights_by_name(weight)
    loss = self.compute_loss(x, targets, predictions, weight, training=False)
    self._loss_tracker.update_state(loss, sample_weight=tf.shape(x)[0])
    return self.compute_metrics(x, targets, predictions, weight)

  def predict_derivatives(self, x, batch_size: int = 32) -> Tuple:
    """Values and derivatives in inference mode.

    Args:
      x: points `[B, *event]`.
      batch_size: points at a time.

    Returns:
      K + 1 arrays with the shapes of `sobolev_tf.derivatives`.
    """
    x = tf.cast(x, self.compute_dtype)
    compute = tf.function(
        lambda points: derivatives.value_and_derivatives(
            self._inside(False), points, self.order), reduce_retracing=True)
    parts = [compute(part) for part in tf.data.Dataset.from_tensor_slices(
        x).batch(batch_size)]
    return tuple(tf.concat(order, 0).numpy() for order in zip(*parts))

  def get_config(self) -> Dict[str, Any]:
    """What `save` stores beside the weights."""
    return {
        **super().get_config(),
        "model": keras.saving.serialize_keras_object(self.model),
        "order": self.order, "stochastic": self.stochastic, "seed": self.seed}

  @classmethod
  def from_config(cls, config: Dict[str, Any]) -> "SobolevModel":
    """The reverse of `get_config`."""
    config = dict(config)
    model = keras.saving.deserialize_keras_object(config.pop("model"))
    return cls(model, **config)

  def _inside(self, training: bool) -> derivatives.Function:
    return lambda points: self.model(points, training=training)

  def _compare(self, x, y, draw, training: bool
               ) -> Tuple[Dict[str, tf.Tensor], Dict[str, tf.Tensor]]:
    """Targets and predictions by the orders' names."""
    if not self.built:
      self.build(x.shape)
    if x.dtype.is_floating:
      x = tf.cast(x, self.compute_dtype)
    function = self._inside(training)
    if self.stochastic:
      directions = stochastic_lib.unit_directions(
          self.order, tf.stack([self.seed, draw]))
      predictions = derivatives.projections(function, x, directions)
    else:
      predictions = derivatives.value_and_derivatives(
          function, x, self.order)
    if y is not None:
      targets = self._arrays(x, y, predictions[0])
      if self.stochastic:
        targets = stochastic_lib.project(targets, x, directions)
    elif self.target is None:
      raise errors.UserError(
          "There are no targets: fit(x, (y, dy_dx)), or give SobolevModel a "
          "target function.")
    elif self.stochastic:
      targets = derivatives.projections(self.target, x, directions)
    else:
      targets = targets_lib.from_function(self.target, x, self.order)
    names = order_names(self.order)
    return (
        {name: _fill(target, prediction) for name, target, prediction in zip(
            names, targets, predictions)},
        dict(zip(names, predictions)))

  def _arrays(self, x, y, value: tf.Tensor) -> Tuple[tf.Tensor, ...]:
    """Given targets, checked and in order."""
    arrays = list(self._in_order("targets", y))
    arrays[0] = tf.convert_to_tensor(arrays[0])
    if arrays[0].shape[1:].num_elements() == value.shape[1:].num_elements():
      arrays[0] = tf.reshape(arrays[0], tf.shape(value))  # [B] and [B, 1]
    else:
      raise errors.UserError(
          f"The target value has the shape {arrays[0].shape}, the model's "
          f"{value.shape}.")
    return targets_lib.from_arrays(x, arrays)

  def _weights_by_name(self, weight):
    """Sample weights by name; one `[B]` is for all orders."""
    names = order_names(self.order)
    if weight is None or isinstance(weight, (list, tuple, Mapping)):
      return self._by_name("sample_weight", weight)
    return dict.fromkeys(names, weight)

  def _metrics_by_name(self, what: str, given):
    if given is not None and not isinstance(given, Mapping) and not any(
        isinstance(entry, (list, tuple)) for entry in given):
      return {name: list(map(_copy, given))
              for name in order_names(self.order)}
    return self._by_name(what, given)

  def _by_name(self, what: str, given) -> Optional[Dict[str, Any]]:
    """A dictionary of one entry per order, or None."""
    if given is None:
      return None
    return dict(zip(order_names(self.order), self._in_order(what, given)))

  def _in_order(self, what: str, given) -> Sequence:
    """One entry per order, from a sequence or from a dictionary by name."""
    names = order_names(self.order)
    if isinstance(given, Mapping):
      if set(given) != set(names):
        raise errors.UserError(
            f"{what} needs the entries {', '.join(names)}, got "
            f"{', '.join(map(str, given))}.")
      return [given[name] for name in names]
    if not isinstance(given, (list, tuple)) or len(given) != len(names):
      count = len(given) if isinstance(given, (list, tuple)) else "no sequence"
      raise errors.UserError(
          f"{what} needs {len(names)} entries ({', '.join(names)}), got "
          f"{count}.")
    return given


def _fill(target: tf.Tensor, prediction: tf.Tensor) -> tf.Tensor:
  """Puts the prediction where the target is missing; all of it constant."""
  return tf.stop_gradient(
      tf.where(tf.math.is_nan(target), prediction, target))


def _copy(metric):
  """A metric of its own for every order."""
  if isinstance(metric, keras.metrics.Metric):
    return metric.__class__.from_config(metric.get_config())
  return metric
