"""A Keras model that is trained on values and derivatives (Eq. 1)."""

import functools
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import keras
import numpy as np
import tensorflow as tf

from sobolev_tf import derivatives, errors, losses
from sobolev_tf.derivatives import chosen, shapes
from sobolev_tf.derivatives import functionals as functionals_lib
from sobolev_tf.keras import (
    balanced,
    batch_norm,
    by_order,
    comparison,
    finite,
    matching,
    replicas,
    supervision,
    tensors,
    variables,
)
from sobolev_tf.keras import functionals as naming
from sobolev_tf.keras import losses as losses_lib
from sobolev_tf.losses import stochastic as stochastic_lib

_EVALUATION = -1  # in place of the count of training's draws


@keras.saving.register_keras_serializable("sobolev_tf")
class SobolevModel(keras.Model):
  """Trains any Keras model on values and derivatives.

  As a model it is the one inside: `predict` and calls give its values, and
  both share their weights. `fit`, `evaluate` and datasets take targets
  `(y, dy_dx, ...)`: the values and K derivatives with respect to the input,
  with the shapes of `sobolev_tf.derivatives`. With a target function they take
  the inputs alone. A NaN marks a value or partial derivative that is missing:
  0 takes its place and that of its prediction, so that a loss that is a
  distance gets 0 and passes back 0, and metrics count no error. (A projection
  mixes all outputs: with `stochastic` a NaN drops its input component for all
  of them.) Losses and metrics get one vector per example, `[B, P]`.
  """

  def __init__(self, model: keras.Model, order: int = 1, *,
               target: Optional[Callable[[tf.Tensor], tf.Tensor]] = None,
               stochastic: bool = False, seed: int = 0,
               freeze_statistics: bool = False, wrt=None,
               functionals: Sequence[functionals_lib.Functional] = (),
               **kwargs):
    """Wraps a model.

    Args:
      model: maps one input `[B, *event]` to one output `[B, *out]`.
      order: the highest order K of derivative, at least 1; 0 with
        functionals.
      target: a TensorFlow function or teacher of the model's form, from which
        targets are computed. It gets no gradient, and it is not saved: call
        `set_target` after loading.
      stochastic: compares derivatives on random projections (Figure 1b), new
        ones for every example and step, whose cost does not depend on the
        size of the output.
      seed: of the projections.
      freeze_statistics: batch normalisation takes its moving statistics in
        training, too, and leaves them as they are: see `batch_norm`.
      wrt: the n inputs by which is differentiated, as
        `sobolev_tf.derivatives.chosen` says (derivatives then have `[n]` in
        place of `event`); None for all.
      functionals: numbers made of derivatives, such as
        `sobolev_tf.laplacian`, that have targets of their own: wherever there
        is an entry per order, theirs come after them, by their names.
      **kwargs: as for `keras.Model`, `name` say.

    Raises:
      UserError: if the order is not a positive integer, the model is not
        Keras's, or functionals are stochastic or share a name.
    """
    if not isinstance(model, keras.Layer):
      raise errors.UserError(
          f"model must be a Keras model or layer, got {type(model).__name__}: "
          "for others use sobolev_tf.SobolevLoss in a loop of your own.")
    chosen_ones = functionals_lib.check(functionals)
    if chosen_ones:
      shapes.check_order(order)
    elif isinstance(order, bool) or not isinstance(order, int) or order < 1:
      raise errors.UserError(
          f"order must be an integer >= 1, got {order!r}: to train on values "
          "alone, fit the model itself.")
    if chosen_ones and stochastic:
      raise errors.UserError(
          "Functionals are made of whole derivatives: leave stochastic as it "
          "is.")
    super().__init__(**kwargs)
    self.model = model
    self.order = order
    self.set_target(target)
    self.stochastic = stochastic
    self.freeze_statistics = freeze_statistics
    object.__setattr__(self, "wrt", wrt)  # Keras would wrap a list
    object.__setattr__(self, "functionals", chosen_ones)
    self._checked = self._has_losses = False
    self._mistake = finite.Mistake()
    self._balanced: Optional[balanced.BalancedLoss] = None
    self._settings: Optional[Dict[str, Any]] = None  # of `compile`
    self.seed = seed
    self._names = naming.names(by_order.order_names(order), chosen_ones)
    self._shapes: Any = None  # of what was compared last, per example
    self._draws = keras.Variable(
        0, trainable=False, dtype="int32", name="draws",
        aggregation="only_first_replica")
    self.built = model.built

  def set_target(self, target: Optional[derivatives.Function]) -> None:
    """Sets the function from which targets are computed, or none."""
    # Past Keras, which would count a teacher's weights among this model's.
    object.__setattr__(self, "target", target)
    self._out: Any = None  # the output's shape, when known
    self.train_function = self.test_function = None  # have the one before

  def call(self, x, training: Optional[bool] = None):
    """The values of the model inside."""
    return self.model(x, training=training)

  def build(self, input_shape) -> None:
    """Builds the model inside."""
    if not self.model.built:
      self.model(keras.Input(batch_shape=input_shape))
    self.built = True

  def compile(self, optimizer="adam", loss=None, loss_weights=None,
              metrics=None, weighted_metrics=None, jit_compile: bool = False,
              **kwargs) -> None:
    """As `keras.Model.compile`, with one entry per order.

    Args:
      optimizer: Keras's.
      loss: one for all orders, or one per order, in a sequence or by name;
        None for `SquaredError` (Section 4.1), and as an entry for an order
        that is not trained on.
      loss_weights: one number per order; None for ones. An order of weight 0
        is not computed in training, where its loss is logged as NaN unless a
        higher order needs it; `evaluate` computes it. Or a balancing from
        `sobolev_tf.losses`, of which a copy is taken: updated after every
        step, saved with the model.
      metrics: one or a list for all orders, or a list per order, in a
        sequence or by name.
      weighted_metrics: like `metrics`.
      jit_compile: as Keras's; off, since XLA is no gain for small models.
      **kwargs: as for `keras.Model.compile`.

    Raises:
      UserError: if the number of entries is not that of the orders, or no
        order is trained on.
    """
    loss_weights = balanced.wrap(loss_weights, len(self._names) - 1)
    settings = {
        "optimizer": keras.optimizers.get(optimizer), "loss": loss,
        "loss_weights": loss_weights, "metrics": metrics,
        "weighted_metrics": weighted_metrics, "jit_compile": jit_compile,
        **kwargs}
    self._settings = keras.saving.serialize_keras_object(settings)
    plan = by_order.plan(
        self._names, losses_lib.SquaredError() if loss is None else loss,
        loss_weights, metrics, weighted_metrics)
    self._supervised, self._balanced = plan.supervised, plan.balancing
    self._may_miss = False
    self._compile_loss = None  # an earlier one's, which Keras would keep
    super().compile(**{
        **settings, "loss": plan.loss, "loss_weights": plan.loss_weights,
        "metrics": plan.metrics, "weighted_metrics": plan.weighted_metrics})

  @property
  def balancing(self) -> Optional[losses.Balancing]:
    """This model's copy of what `compile` was given, with its state; or None.
    """
    return None if self._balanced is None else self._balanced.balancing

  def get_compile_config(self) -> Optional[Dict[str, Any]]:
    """What `save` stores of `compile`; None before it."""
    return self._settings

  def compile_from_config(self, config: Dict[str, Any]) -> None:
    """Compiles as before `save`; called on loading."""
    self.compile(**keras.saving.deserialize_keras_object(config))
    if self.built:  # so that the optimizer's state can be loaded
      self.optimizer.build(self.trainable_variables)

  def fit(self, x=None, y=None, *args, **kwargs):
    """As Keras's, with targets (y, dy_dx, ...).

    Raises:
      UserError: if targets do not fit, or the loss is not finite.
    """
    self._look_for_missing(x, y, kwargs.get("sample_weight"))
    with self._mistake.raised():
      return super().fit(x, y, *args, **kwargs)

  def evaluate(self, *args, **kwargs):
    """As Keras's, with targets (y, dy_dx, ...)."""
    with self._mistake.raised():
      return super().evaluate(*args, **kwargs)

  def train_on_batch(self, x, y=None, sample_weight=None, **kwargs):
    """As Keras's, with targets (y, dy_dx, ...)."""
    self._look_for_missing(x, y, sample_weight)
    with self._mistake.raised():
      return super().train_on_batch(x, y, sample_weight, **kwargs)

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
    x = self._points(x)
    weight = self._weights(weight)
    matched = self._matching(x, self._draws.value)
    # Before the tape: nothing of a teacher is recorded.
    given = self._targets(matched, x, y)
    with tf.GradientTape() as tape:
      found = self._trained(matched, x, given, weight)
      self._draws.assign_add(1)
      targets, predictions = self._by_name(given, found, x)
      variables.make(self, predictions)
      loss = self.compute_loss(x, targets, predictions, weight, training=True)
      scaled = self.optimizer.scale_loss(loss)
    seed = None
    if not self.jit_compile:  # XLA has no way out of a step
      seed = finite.check(
          loss, comparison.a_float(x), *comparison.without_weightless(
              targets, predictions, weight), self._mistake.note)
    self.optimizer.apply_gradients(zip(
        tape.gradient(scaled, self.trainable_weights, seed),
        self.trainable_weights))
    replicas.track(self._loss_tracker, loss, comparison.a_float(x))
    if self._balanced is not None:
      self._balanced.update(loss)
    if self._may_miss and weight is not None and self._compile_metrics:
      predictions = supervision.complete(
          predictions, weight, lambda: self._evaluate(x, y, matched)[1])
    return self.compute_metrics(x, targets, predictions, weight)

  def test_step(self, data) -> Dict[str, Any]:
    """Losses and metrics on a batch; called by `evaluate` and `fit`.

    Projections are the same at every call.
    """
    x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
    weight = self._weights(weight)
    targets, predictions = self._evaluate(x, y)
    loss = self.compute_loss(x, targets, predictions, weight, training=False)
    replicas.track(self._loss_tracker, loss, comparison.a_float(x))
    return self.compute_metrics(x, targets, predictions, weight)

  def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None,
                   training: bool = True) -> tf.Tensor:
    """Keras's, from what `fit` takes or from what `train_step` makes of it.

    Keras itself asks for the former when it builds a model for a distribution
    strategy, with the values alone as `y_pred`.
    """
    targets, predictions, weight = self._compared(x, y, y_pred, sample_weight)
    targets, predictions = comparison.without_weightless(
        targets, predictions, weight)
    if self._balanced is None:
      return super().compute_loss(
          x, targets, predictions, weight, training=training)
    return tf.add_n([
        self._balanced.objective(self._shapes, targets, predictions, weight),
        *map(tf.reduce_sum, self.losses)])

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
      K + 1 arrays with the shapes of `sobolev_tf.derivatives`, and one per
      functional.

    Raises:
      UserError: if `x` has no batch axis or is not of numbers, or the output
        does not depend on it.
    """
    x = self._inputs(x)
    if not tf.nest.flatten(x)[0].shape[0]:  # shapes from one point
      one = self._derivatives(tf.nest.map_structure(
          lambda part: tf.zeros([1, *part.shape[1:]], part.dtype), x))
      return tf.nest.map_structure(lambda part: part.numpy()[:0], one)
    parts = [self._derivatives(part) for part in
             tf.data.Dataset.from_tensor_slices(x).batch(batch_size)]
    return tf.nest.map_structure(
        lambda *parts: np.concatenate(parts), *parts)

  @functools.cached_property
  def _derivatives(self):
    """The graph of `predict_derivatives`."""
    return tf.function(
        lambda points: self._matching(points, _EVALUATION).whole(
            self._inside(False), points), reduce_retracing=True)

  def get_config(self) -> Dict[str, Any]:
    """What `save` stores beside the weights."""
    return {
        **super().get_config(),
        "model": keras.saving.serialize_keras_object(self.model),
        "order": self.order, "stochastic": self.stochastic, "seed": self.seed,
        "freeze_statistics": self.freeze_statistics,
        "wrt": chosen.to_plain(self.wrt),
        "functionals": naming.to_config(self.functionals)}

  @classmethod
  def from_config(cls, config: Dict[str, Any]) -> "SobolevModel":
    """The reverse of `get_config`."""
    config = dict(config)
    config["model"] = keras.saving.deserialize_keras_object(config["model"])
    if "wrt" in config:
      config["wrt"] = chosen.from_plain(config["wrt"])
    if "functionals" in config:
      config["functionals"] = naming.from_config(config["functionals"])
    return cls(**config)

  def __deepcopy__(self, memo) -> "SobolevModel":
    """A copy by way of `save`, with the same target."""
    with keras.saving.custom_object_scope(
        {one.name: one for one in self.functionals}):
      load, saved = self.__reduce__()  # type: ignore[misc, str-unpack]
      copied = load(*saved)  # type: ignore[operator]
    copied.set_target(self.target)
    return copied

  def _matching(self, x: tf.Tensor, draw) -> matching.Matching:
    """How the derivatives of a batch are taken."""
    if self._out is None:
      object.__setattr__(self, "_out", tf.nest.map_structure(
          lambda value: value.shape[1:], self._inside(False)(x)))
      # Beyond those of weights: of activities, say, at the given inputs only.
      self._has_losses = len(self.losses) > sum(
          v.regularizer is not None for v in self.trainable_variables)
    directions = stochastic_lib.unit_directions(
        self.order, replicas.draw_seed(self.seed, draw)
    ) if self.stochastic else None
    return matching.Matching(
        self.order, self._out, directions, self.wrt, self.functionals)

  def _weights(self, given) -> Optional[Dict[str, Any]]:
    """Sample weights by name."""
    return by_order.sample_weights(given, self._names)

  def _sorted_targets(self, given) -> List:
    """One per order, None where none is given."""
    return by_order.targets(given, self._names, self._supervised)

  def _targets(self, matched: matching.Matching, x: tf.Tensor, y
               ) -> List[Optional[tf.Tensor]]:
    """One per order, None where none is given."""
    if y is not None:
      return matched.from_arrays(self._sorted_targets(y), x)
    if self.target is None:
      raise errors.UserError(
          "There are no targets: fit(x, (y, dy_dx)), or give SobolevModel a "
          "target function.")
    return matched.from_function(self.target, x)

  def _trained(self, matched: matching.Matching, x: tf.Tensor, targets,
               weights) -> List[Optional[tf.Tensor]]:
    """Predictions of the orders that are trained on, where they are."""
    needed = None
    if self._may_miss and not self._has_losses:
      needed = supervision.examples(targets, list((weights or {}).values()))
    found = matched.trained(self._inside(True), x, self._supervised, needed,
                            check=not self._checked)
    self._checked = True
    return found

  def _evaluate(self, x, y, matched: Optional[matching.Matching] = None):
    """Targets and predictions by name, in inference mode."""
    x = self._points(x)
    matched = matched or self._matching(x, _EVALUATION)
    targets = self._targets(matched, x, y)
    found = matched.evaluated(self._inside(False), x, [
        target is not None for target in targets])
    return self._by_name(targets, found, x)

  def _by_name(self, targets, predictions, x):
    """Targets and predictions in Keras's form, whose shapes are noted."""
    object.__setattr__(self, "_shapes", [
        tf.TensorShape([1]) if one is None else one.shape[1:]
        for one in predictions])
    return comparison.by_name(self._names, targets, predictions, x)

  def _inside(self, training: bool) -> derivatives.Function:
    """The values, in the precision of the variables."""
    def function(points):
      with batch_norm.treated(
          self.freeze_statistics, warn=not self._checked):
        values = self._outputs(self(points, training=training))
      return tf.nest.map_structure(
          lambda value: tf.cast(value, self.variable_dtype), values)
    return function

  def _outputs(self, found):
    """What the model inside gave, checked."""
    return tensors.one_output(found)

  def _compared(self, x, y, y_pred, weight):
    """Targets, predictions and weights by name, unless they are already."""
    if isinstance(y_pred, dict):
      return y, y_pred, weight
    return (*self._evaluate(x, y), self._weights(weight))

  def _points(self, x) -> tf.Tensor:
    """The input, checked, in the precision of the variables."""
    if isinstance(x, np.ndarray):  # eagerly, of `train_on_batch`
      x = tf.convert_to_tensor(x)
    if not tf.is_tensor(x):
      raise errors.UserError(
          "SobolevModel differentiates by one input tensor, got "
          f"{len(tf.nest.flatten(x))}: join them, and split them in the model, "
          "or use NamedSobolevModel.")
    x = tensors.check_input(
        x, self.variable_dtype, getattr(self.model, "input_shape", None))
    if self._out is None:
      self.build(tuple(x.shape))  # for `export`
    return x

  def _inputs(self, x):
    """What `predict_derivatives` is given as tensors."""
    return self._points(shapes.to_tensor(x, "x"))

  def _look_for_missing(self, x, y, weight) -> None:
    """Makes the training step anew once targets may be missing."""
    tensors.check_data(y, weight)
    if not self._may_miss and supervision.may_be_missing(
        (x, y, weight), mixed=self.stochastic):
      self._may_miss = True
      self.train_function = None
