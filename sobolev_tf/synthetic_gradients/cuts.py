"""What passes a cut of a network: the columns of Table 1.

Section 4.3 of https://arxiv.org/abs/1706.04859. At each cut the lower part of
the network learns from some gradient of the loss with respect to the
activations h there: none (`Noprop`), the true one (`Backpropagated`), or a
synthetic one (`SyntheticGradient`), whose module learns from the objects that
Table 1 shades green. Not in the paper: the gradient of a loss of its own
(`LocalLoss`).
"""

import abc
from typing import Callable, Dict, NamedTuple, Optional, Sequence, Tuple, Union

import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.losses import pointwise, terms
from sobolev_tf.synthetic_gradients import modules, stages

Module = Union[modules.LossModel, modules.FreeGradient]


class Supervision(NamedTuple):
  """Weights of the terms of L_sob that a module learns from.

  Attributes:
    value: of l(m, L), the loss itself.
    gradient: of l_1(dm/dh, dL/dh), its gradient.
  """
  value: float
  gradient: float


# Table 1's shaded nodes; the weights of Sobolev's two terms are settings.
SUPERVISION: Dict[str, Supervision] = {
    "direct": Supervision(0., 1.),
    "vfbn": Supervision(0., 1.),
    "critic": Supervision(1., 0.),
    "sobolev": Supervision(1., 1.),
}
TABLE1 = ("noprop", *SUPERVISION, "backpropagation")  # worst to best expected
# And those that the paper has not.
METHODS = (*TABLE1[:-1], "local", TABLE1[-1])


class Lesson(NamedTuple):
  """What is learned at a cut in one step of training.

  Attributes:
    gradient: what the part below learns from, of the shape of h; None if
      nothing passes.
    value: of the loss as known below the cut, `[B]`.
    module_gradients: of the module's trainable variables; None without one.
    module_loss: what the module minimises, `[]`; None without one.
  """
  gradient: Optional[tf.Tensor]
  value: tf.Tensor
  module_gradients: stages.Gradients = None
  module_loss: Optional[tf.Tensor] = None


@snt.allow_empty_variables
class Cut(snt.Module):
  """A place between two parts of a network.

  Attributes:
    module: predicts the loss's gradient; None where no module does.
  """
  module: Optional[Module] = None

  def connect(self, h: tf.Tensor, labels: tf.Tensor) -> None:
    """Creates the module's variables, if there is one.

    Args:
      h: activations like those at this cut, `[B, *event]`.
      labels: integers `[B]`.

    Raises:
      UserError: if the module does not fit them.
    """

  @abc.abstractmethod
  def learn(self, h: tf.Tensor, labels: tf.Tensor, value: tf.Tensor,
            gradient: tf.Tensor) -> Lesson:
    """Decides what passes, and compares a module's prediction with targets.

    Args:
      h: activations `[B, *event]`, through which no gradient flows.
      labels: integers `[B]`.
      value: the loss per example as known above the cut, `[B]`.
      gradient: its gradient with respect to h, of the shape of h.

    Returns:
      What the part below and the module learn from.
    """


@snt.allow_empty_variables
class Noprop(Cut):
  """No gradient passes: the parts below keep their initial weights."""

  def learn(self, h: tf.Tensor, labels: tf.Tensor, value: tf.Tensor,
            gradient: tf.Tensor) -> Lesson:
    """Lets nothing pass; see `Cut.learn`."""
    return Lesson(None, value)


@snt.allow_empty_variables
class Backpropagated(Cut):
  """The true gradient passes, as if there were no cut (a perfect SG)."""

  def learn(self, h: tf.Tensor, labels: tf.Tensor, value: tf.Tensor,
            gradient: tf.Tensor) -> Lesson:
    """Passes the gradient on; see `Cut.learn`."""
    return Lesson(gradient, value)


class SyntheticGradient(Cut):
  """A synthetic gradient passes, from a module with its own supervision."""
  module: Module

  def __init__(
      self, module: Module, supervision: Supervision,
      losses: Sequence[pointwise.PointwiseLoss] = (
          pointwise.squared_error, pointwise.squared_error),  # as Section 4.1
      name: str = "synthetic_gradient"):
    """Supervises a module.

    Args:
      module: predicts the gradient, and perhaps the loss.
      supervision: what it learns from.
      losses: l and l_1.
      name: the module's name.

    Raises:
      UserError: if the supervision does not fit the module or says nothing.
    """
    super().__init__(name=name)
    if supervision.value and isinstance(module, modules.FreeGradient):
      raise errors.UserError(
          "A free gradient predicts no loss, so the loss's value cannot "
          "supervise it: use Supervision(value=0, gradient=1).")
    self.module = module
    self.orders = terms.check_orders(1, losses, supervision)

  def __call__(self, h: tf.Tensor, labels: tf.Tensor,
               is_training: bool) -> modules.Prediction:
    """Predicts the loss's gradient at activations h `[B, *event]`."""
    return self.module(h, labels, is_training)

  def compare(self, prediction: modules.Prediction,
              value: Optional[tf.Tensor],
              gradient: tf.Tensor) -> terms.SobolevTerms:
    """L_sob of Section 4.3 per example, as far as it is supervised.

    Args:
      prediction: of this module.
      value: the loss to be matched, `[B]`.
      gradient: its gradient to be matched, of the shape of h.

    Returns:
      The terms that have a weight; no gradient flows into the targets.
    """
    pairs = [(value, prediction.value), (gradient, prediction.gradient)]
    used: Tuple[int, ...] = tuple(
        j for j, weight in enumerate(self.orders.weights) if weight)
    return terms.compare(
        [pairs[j][0] for j in used], [pairs[j][1] for j in used],
        terms.Orders(tuple(self.orders.losses[j] for j in used),
                     tuple(self.orders.weights[j] for j in used)))

  def connect(self, h: tf.Tensor, labels: tf.Tensor) -> None:
    """Creates the module's variables; see `Cut.connect`."""
    prediction = self(h, labels, is_training=False)
    self.compare(prediction, prediction.value, prediction.gradient)

  @snt.no_name_scope  # names decide in which order TensorFlow adds gradients
  def learn(self, h: tf.Tensor, labels: tf.Tensor, value: tf.Tensor,
            gradient: tf.Tensor) -> Lesson:
    """Passes the module's gradient on; see `Cut.learn`."""
    return _learn(
        self, h, labels, value,
        lambda prediction: self.compare(prediction, value, gradient).reduce())


class LocalLoss(Cut):
  """The gradient of a loss of the part's own passes.

  An auxiliary classifier p minimises m(h, y) = L(p(h), y) itself, and the part
  below learns from dm/dh. That is a loss model which learns from the labels
  alone: whatever is above the cut is not needed. It is the `pred` loss of
  Nokland & Eidnes (https://arxiv.org/abs/1901.06656; without their similarity
  matching), whose classifier is linear.
  """
  module: modules.LossModel

  def __init__(self, module: modules.LossModel, name: str = "local_loss"):
    """Trains a classifier beside the network.

    Args:
      module: holds the classifier.
      name: the module's name.
    """
    super().__init__(name=name)
    self.module = module

  def __call__(self, h: tf.Tensor, labels: tf.Tensor,
               is_training: bool) -> modules.Prediction:
    """The local loss and its gradient at activations h `[B, *event]`."""
    return self.module(h, labels, is_training)

  def connect(self, h: tf.Tensor, labels: tf.Tensor) -> None:
    """Creates the classifier's variables; see `Cut.connect`."""
    self(h, labels, is_training=False)

  @snt.no_name_scope
  def learn(self, h: tf.Tensor, labels: tf.Tensor, value: tf.Tensor,
            gradient: tf.Tensor) -> Lesson:
    """Passes the local loss's gradient on; see `Cut.learn`."""
    return _learn(self, h, labels, value,
                  lambda prediction: tf.reduce_mean(prediction.value))


def _learn(cut: Union[SyntheticGradient, LocalLoss], h: tf.Tensor,
           labels: tf.Tensor, value: tf.Tensor,
           objective: Callable[[modules.Prediction], tf.Tensor]) -> Lesson:
  """Passes a module's gradient on, and differentiates its objective."""
  variables = cut.trainable_variables
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(variables)
    prediction = cut(h, labels, is_training=True)
    loss = objective(prediction)
  # Some variable, such as the bias of a last layer, may not affect dm/dh.
  gradients = tape.gradient(
      loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
  predicted = value if prediction.value is None else prediction.value
  return Lesson(tf.stop_gradient(prediction.gradient),
                tf.stop_gradient(predicted), gradients, loss)
