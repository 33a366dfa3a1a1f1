"""Modules that predict the gradient of the loss at a cut of a network.

Section 4.3 and Table 1 of https://arxiv.org/abs/1706.04859. `LossModel` is the
paper's m(h, y|theta) := L(p(h|theta), y) with SG := dm/dh, shared by VFBN, the
critic and Sobolev Training, which differ only in what supervises it;
`FreeGradient` is the plain network that puts out a gradient ("Direct SG").

Both predict the gradient of the loss of one example, not of its mean over the
batch. The output does therefore not shrink as batches grow, and is what the
loss's true gradient is compared with entry by entry.
"""

from typing import Callable, NamedTuple, Optional

import sonnet as snt
import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf.derivatives import shapes

Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class Prediction(NamedTuple):
  """What a module says about the loss at activations h.

  Attributes:
    value: the predicted loss m(h, y), `[B]`; None from a free gradient.
    gradient: the synthetic gradient SG(h, y), of the shape of h.
  """
  value: Optional[tf.Tensor]
  gradient: tf.Tensor


def cross_entropy(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
  """The loss L of Table 1's classifiers, per example.

  Args:
    logits: `[B, classes]`.
    labels: integers `[B]`.

  Returns:
    `[B]`, in nats.

  Raises:
    UserError: in eager mode, if a label is out of range. (In a graph
      TensorFlow raises its own error on a CPU and gives NaN on a GPU.)
  """
  if tf.executing_eagerly():
    shapes.check_labels(labels, logits.shape[-1], "The batch")
  return tf.nn.sparse_softmax_cross_entropy_with_logits(
      labels, tf.cast(logits, tf.float64 if logits.dtype == tf.float64
                      else tf.float32))


class LossModel(snt.Module):
  """m(h, y) = L(p(h), y) and its gradient with respect to h.

  Its Jacobian dSG/dh is a Hessian, so symmetric, whatever the weights of p
  (Proposition 4). With batch normalisation inside p, that holds for the batch
  as a whole: SG is then the gradient of the sum of m over the batch.
  """

  def __init__(self, predictor: snt.Module, loss: Loss = cross_entropy,
               name: str = "loss_model"):
    """Predicts the loss through a predictor.

    Args:
      predictor: p, called as `predictor(h, is_training)`; its output is what
        the network's last part puts out, `[B, classes]`.
      loss: L, from (output, labels) to `[B]`.
      name: the module's name.
    """
    super().__init__(name=name)
    self.predictor = predictor
    self._loss = loss

  def __call__(self, h: tf.Tensor, labels: tf.Tensor,
               is_training: bool) -> Prediction:
    """Predicts the loss and its gradient.

    Args:
      h: activations `[B, *event]`.
      labels: integers `[B]`.
      is_training: passed on to the predictor.

    Returns:
      The prediction, to be differentiated with respect to the weights.
    """
    return Prediction(*derivatives.value_and_derivatives(
        lambda points: self._loss(self.predictor(points, is_training), labels),
        h, order=1))


class FreeGradient(snt.Module):
  """A network whose output is the synthetic gradient ("Direct SG").

  The label enters as one-hot planes beside the channels of h.
  """

  def __init__(self, network: snt.Module, num_classes: int,
               name: str = "free_gradient"):
    """Predicts the gradient by a network.

    Args:
      network: from `[B, ..., C + classes]` to the shape of h, called as
        `network(h, is_training)`; give it a last layer that starts at 0, so
        that training starts without any gradient rather than a random one.
      num_classes: the number of classes.
      name: the module's name.
    """
    super().__init__(name=name)
    self.network = network
    self._num_classes = num_classes

  def __call__(self, h: tf.Tensor, labels: tf.Tensor,
               is_training: bool) -> Prediction:
    """Predicts the gradient; arguments as for `LossModel`.

    Raises:
      UserError: if the network's output has not the shape of h.
    """
    planes = tf.one_hot(labels, self._num_classes, dtype=h.dtype)
    for _ in range(h.shape.rank - 2):
      planes = planes[:, tf.newaxis]
    planes = tf.broadcast_to(
        planes, tf.concat([tf.shape(h)[:-1], [self._num_classes]], 0))
    gradient = self.network(tf.concat([h, planes], -1), is_training)
    if not gradient.shape.is_compatible_with(h.shape):
      raise errors.UserError(
          f"The network puts out the shape {gradient.shape} for activations "
          f"of shape {h.shape}: a synthetic gradient has that of the "
          "activations.")
    return Prediction(None, gradient)
