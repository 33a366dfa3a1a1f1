"""Sobolev Training in Keras's own idiom: `compile`, `fit`, `save`.

  >>> model = SobolevModel(keras.Sequential([...]))
  >>> model.compile("adam", loss_weights=(1., .1))
  >>> model.fit(x, (y, dy_dx), epochs=20)
  >>> model.predict(x)  # values, as of the model inside

Eq. 1 of https://arxiv.org/abs/1706.04859. Keras's losses, metrics, callbacks,
progress bar and sample weights act on every order of derivative by its name:
"value", "first", "second", "third", "order_4", ...
"""

from typing import Any, Callable, Dict, Optional, Tuple

import keras
import tensorflow as tf

from sobolev_tf import by_order, derivatives, errors
from sobolev_tf import targets as targets_lib
from sobolev_tf.derivatives import linearity
from sobolev_tf.losses import stochastic as stochastic_lib

_EVALUATION = -1  # in place of the count of training's draws
_REGISTER = keras.saving.register_keras_serializable("sobolev_tf")


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
  0 from it and passes back 0, and metrics count it as no error. (A projection
  mixes all outputs: with `stochastic` a NaN drops its input component for all
  of them.)
  """

  def __init__(self, model: keras.Model, order: int = 1, *,
               target: Optional[Callable[[tf.Tensor], tf.Tensor]] = None,
               stochastic: bool = False, seed: int = 0, **kwargs):
    """Wraps a model.

    Args:
      model: maps one input `[B, *event]` to one output `[B, *out]`.
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
      UserError: if the order is not a positive integer, or the model is not
        Keras's.
    """
    if not isinstance(model, keras.Layer):
      raise errors.UserError(
          f"model must be a Keras model or layer, got {type(model).__name__}: "
          "for others use sobolev_tf.SobolevLoss in a loop of your own.")
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
      raise errors.UserError(
          f"order must be an integer >= 1, got {order!r}: to train on values "
          "alone, fit the model itself.")
    super().__init__(**kwargs)
    self.model = model
    self.order = order
    self.set_target(target)
    self.stochastic = stochastic
    self._knows_shape = self._checked = False
    self.seed = seed
    self._draws = keras.Variable(
        0, trainable=False, dtype="int32", name="draws",
        aggregation="only_first_replica")
    self.built = model.built

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
      self.model(keras.Input(batch_shape=input_shape))
    self.built = True
    self._knows_shape = True

  def compile(self, optimizer="adam", loss=None, loss_weights=None,
              metrics=None, weighted_metrics=None, jit_compile: bool = False,
              **kwargs) -> None:
    """As `keras.Model.compile`, with one entry per order.

    Args:
      optimizer: Keras's.
      loss: one for all orders, or one per order, in a sequence or by name;
        None for `SquaredError` (Section 4.1).
      loss_weights: one number per order; None for ones.
      metrics: one or a list for all orders, or a list per order, in a
        sequence or by name.
      weighted_metrics: like `metrics`.
      jit_compile: as Keras's; off, since XLA is no gain for small models.
      **kwargs: as for `keras.Model.compile`.

    Raises:
      UserError: if the number of entries is not that of the orders.
    """
    names = by_order.order_names(self.order)
    if loss is None:
      loss = SquaredError()
    if isinstance(loss, (str, keras.losses.Loss)) or callable(loss):
      loss = dict.fromkeys(names, loss)
    super().compile(
        optimizer=optimizer, loss=by_order.by_name("loss", loss, self.order),
        loss_weights=by_order.by_name(
            "loss_weights", loss_weights, self.order),
        metrics=by_order.metrics("metrics", metrics, self.order),
        weighted_metrics=by_order.metrics(
            "weighted_metrics", weighted_metrics, self.order),
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
      weight = by_order.sample_weights(weight, self.order)
      loss = self.compute_loss(x, targets, predictions, weight, training=True)
      scaled = self.optimizer.scale_loss(loss)
    self.optimizer.apply_gradients(zip(
        tape.gradient(scaled, self.trainable_weights), self.trainable_weights))
    self._track(loss, x)
    return self.compute_metrics(x, targets, predictions, weight)

  def test_step(self, data) -> Dict[str, Any]:
    """Losses and metrics on a batch; called by `evaluate` and `fit`.

    Projections are the same at every call.
    """
    x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
    targets, predictions = self._compare(x, y, _EVALUATION, training=False)
    weight = by_order.sample_weights(weight, self.order)
    loss = self.compute_loss(x, targets, predictions, weight, training=False)
    self._track(loss, x)
    return self.compute_metrics(x, targets, predictions, weight)

  def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None,
                   training: bool = True) -> tf.Tensor:
    """Keras's, from what `fit` takes or from what `train_step` makes of it.

    Keras itself asks for the former when it builds a model for a distribution
    strategy, with the values alone as `y_pred`.
    """
    return super().compute_loss(
        x, *self._compared(x, y, y_pred, sample_weight), training=training)

  def compute_metrics(self, x, y, y_pred, sample_weight=None):
    """Keras's, with arguments as for `compute_loss`."""
    return super().compute_metrics(
        x, *self._compared(x, y, y_pred, sample_weight))

  def predict_derivatives(self, x, batch_size: int = 32) -> Tuple:
    """Values and derivatives in inference mode.

    Args:
      x: points `[B, *event]`.
      batch_size: points at a time.

    Returns:
      K + 1 arrays with the shapes of `sobolev_tf.derivatives`.
    """
    x = tf.cast(x, self.variable_dtype)
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
    """The values, in the precision of the variables."""
    def function(points: tf.Tensor) -> tf.Tensor:
      value = self(points, training=training)
      if not tf.is_tensor(value):
        raise errors.UserError(
            "The model inside must have one output, got "
            f"{len(tf.nest.flatten(value))}: join them in one tensor.")
      if getattr(value, "_keras_mask", None) is not None:
        raise errors.UserError(
            "The output of the model inside carries a mask, which would not "
            "fit its derivatives: mark what is missing by NaN targets.")
      return tf.cast(value, points.dtype)
    return function

  def _track(self, loss: tf.Tensor, x: tf.Tensor) -> None:
    """Notes the loss of a batch; Keras divides it by the replicas."""
    count = tf.distribute.get_strategy().num_replicas_in_sync
    self._loss_tracker.update_state(
        loss * count, sample_weight=tf.shape(x)[0])

  def _compared(self, x, y, y_pred, weight):
    """Targets, predictions and weights by name, unless they are already."""
    if isinstance(y_pred, dict):
      return y, y_pred, weight
    return (*self._compare(x, y, _EVALUATION, training=False),
            by_order.sample_weights(weight, self.order))

  def _compare(self, x, y, draw, training: bool
               ) -> Tuple[Dict[str, tf.Tensor], Dict[str, tf.Tensor]]:
    """Targets and predictions by the orders' names."""
    x = self._points(x)
    function = self._inside(training)
    if training and self.order > 1 and not self._checked:
      self._checked = True
      linearity.warn_if_piecewise_linear(function, x, self.order)
    if self.stochastic:
      directions = stochastic_lib.unit_directions(
          self.order, self._draw_seed(draw))
      predictions = derivatives.projections(function, x, directions)
    else:
      predictions = derivatives.value_and_derivatives(
          function, x, self.order)
    if y is not None:
      given = by_order.in_order("targets", y, self.order)
      targets = targets_lib.from_arrays(
          x, [_like(predictions[0], given[0]), *given[1:]])
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
    names = by_order.order_names(self.order)
    values = _like(predictions[0], targets[0])
    return (
        {name: _fill(target, prediction) for name, target, prediction in zip(
            names, (values, *targets[1:]), predictions)},
        dict(zip(names, predictions)))

  def _draw_seed(self, draw) -> tf.Tensor:
    """The seed of a batch's projections, another one in every replica."""
    seed = tf.stack([self.seed, draw])
    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
      return seed
    return tf.random.fold_in(seed, tf.cast(
        replica.replica_id_in_sync_group, tf.int32))

  def _points(self, x) -> tf.Tensor:
    """The input, checked, in the precision of the variables."""
    if not tf.is_tensor(x):
      raise errors.UserError(
          "SobolevModel differentiates by one input tensor, got "
          f"{len(tf.nest.flatten(x))}: join them, and split them in the model.")
    if x.shape.rank is None:
      raise errors.UserError(
          "The inputs have no static shape: give the data set one, with "
          "output_signature or tf.ensure_shape.")
    if not self._knows_shape:
      self.build(tuple(x.shape))  # for `export`
    return tf.cast(x, self.variable_dtype) if x.dtype.is_floating else x


def _like(prediction: tf.Tensor, target) -> tf.Tensor:
  """Values in the shape of the predicted ones; `[B]` and `[B, 1]` are alike.

  Anything else would be broadcast against them in silence.
  """
  target = tf.convert_to_tensor(target)
  shapes = [t.shape[1:] for t in (target, prediction)]
  if shapes[0].is_compatible_with(shapes[1]):
    return tf.ensure_shape(target, prediction.shape)
  if all(shape.as_list() in ([], [1]) for shape in shapes):
    return tf.reshape(target, tf.shape(prediction))
  raise errors.UserError(
      f"The target value has the shape {target.shape}, the model's "
      f"{prediction.shape}.")


def _fill(target: tf.Tensor, prediction: tf.Tensor) -> tf.Tensor:
  """Puts the prediction where the target is missing; all of it constant."""
  return tf.stop_gradient(
      tf.where(tf.math.is_nan(target), prediction, target))
