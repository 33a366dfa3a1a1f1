"""A network in parts that learn from synthetic gradients.

Section 4.3 of https://arxiv.org/abs/1706.04859. With h_k the output of part k,
y the labels and L_i the loss of example i, a step computes

* for the last part, the gradient of mean_i L_i;
* for each part below a cut, dh_k/dw applied to SG(h_k, y): the gradient of
  sum_i <SG(h_k, y)_i, h_k,i> / B with SG held constant, which is that of
  mean_i L_i if SG is the true gradient;
* for each cut's module, the gradient of mean_i of its loss (`cuts`).

**What is differentiated.** Targets and synthetic gradients are those of the
loss per example, dL_i/dh_k,i, and the 1/B of the mean enters at the part's
weights alone. Otherwise everything a module sees and learns would shrink with
the batch size.

**Batch normalisation** in training mode couples examples: L_j depends on h_i.
The target is then d(sum_j L_j)/dh_i, which is what backpropagation passes on
(times B), and what a module predicts is likewise the gradient of its summed
output. Both are exact; neither is a function of one example alone.

**Targets.** `true`: the loss, and its gradient by the full backward pass, as
Section 4.3 words it; the modules then learn from the best that there is, but a
backward pass is still needed. `bootstrapped`: the gradient at h_k comes through
part k + 1 from the synthetic gradient at h_k+1, and the value is the loss that
the module there predicts (the last part has the true ones), so that no part
waits for more than its neighbour, as decoupling means it.
"""

from typing import List, NamedTuple, Optional, Sequence, Tuple

import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.synthetic_gradients import cuts as cuts_lib
from sobolev_tf.synthetic_gradients import modules
from sobolev_tf.synthetic_gradients import stages as stages_lib

TARGETS = ("true", "bootstrapped")


class Step(NamedTuple):
  """What a step of training computes, for P parts and P - 1 cuts.

  Attributes:
    logits: the network's output `[B, classes]`.
    losses: L_i, `[B]`.
    parts: per part, the gradients of its trainable variables; None for a
      part that no gradient reaches.
    modules: per cut, the gradients of its module's trainable variables; None
      where there is no module.
    module_losses: per cut, its module's loss `[]`; None where there is none.
  """
  logits: tf.Tensor
  losses: tf.Tensor
  parts: List[stages_lib.Gradients]
  modules: List[stages_lib.Gradients]
  module_losses: List[Optional[tf.Tensor]]


class DecoupledNetwork(snt.Module):
  """P parts in sequence with P - 1 cuts between them."""

  def __init__(self, parts: Sequence[snt.Module],
               cuts: Sequence[cuts_lib.Cut], x: tf.Tensor, *,
               targets: str = "true",  # paper §4.3
               loss: modules.Loss = modules.cross_entropy,
               name: str = "decoupled_network"):
    """Connects the parts and creates all variables.

    Args:
      parts: modules whose composition is the network, called as
        `part(h, is_training)`; `Plain` makes one of any other module.
      cuts: what passes between part k and part k + 1.
      x: an example of the input, `[1, *event]`: variables are created by
        passing it through.
      targets: "true" or "bootstrapped", see the module's docstring.
      loss: L, from (output, labels) to `[B]`.
      name: the module's name.

    Raises:
      UserError: if numbers or shapes do not fit, or `targets` is unknown.
    """
    super().__init__(name=name)
    if targets not in TARGETS:
      raise errors.UserError(
          f"targets must be one of {', '.join(TARGETS)}, got '{targets}'.")
    if len(cuts) != len(parts) - 1 or not parts:
      raise errors.UserError(
          f"{len(parts)} parts have {max(len(parts) - 1, 0)} cuts between "
          f"them, got {len(cuts)}.")
    self.parts = list(parts)
    self.cuts = list(cuts)
    self._targets = targets
    self._loss = loss
    self._connect(x)

  def _connect(self, x: tf.Tensor) -> None:
    h = tf.convert_to_tensor(x)
    labels = tf.zeros([h.shape[0]], tf.int32)
    for number, part in enumerate(self.parts, start=1):
      try:
        h = part(h, False)
        if number < len(self.parts):
          self.cuts[number - 1].connect(h, labels)
      except (ValueError, tf.errors.InvalidArgumentError) as error:
        if isinstance(error, errors.UserError):
          raise
        raise errors.UserError(
            f"Part {number} or the cut behind it does not fit activations of "
            f"shape {h.shape}: {str(error).splitlines()[0]}") from error

  def __call__(self, x: tf.Tensor, is_training: bool = False) -> tf.Tensor:
    """The network's output `[B, classes]`, as if there were no cuts."""
    for part in self.parts:
      x = part(x, is_training)
    return x

  def activations(self, x: tf.Tensor,
                  is_training: bool = False) -> List[tf.Tensor]:
    """h_1, ..., h_P-1: the activations at the cuts."""
    return [stage.output for stage in stages_lib.forward(
        self.parts, x, is_training)[:-1]]

  def step(self, x: tf.Tensor, labels: tf.Tensor) -> Step:
    """Computes every gradient of a step; nothing is applied yet.

    Args:
      x: inputs `[B, *event]`.
      labels: integers `[B]`.

    Returns:
      The gradients; batch statistics have been updated once.

    Raises:
      UserError: if a trainable variable does not affect its part's output.
    """
    stages = stages_lib.forward(
        self.parts, x, True, labels, self._loss)
    logits, losses = stages[-1].output
    ones = tf.ones_like(losses)
    size = tf.cast(tf.shape(losses)[0], losses.dtype)
    last = stages[-1]._replace(output=losses)
    # What the part below learns from, and what the cut below aims at.
    part_gradients, gradient = stages_lib.backward(last, ones, ones)
    result = Step(logits, losses, [_scale(part_gradients, size)], [], [])
    value = losses
    for stage, cut in zip(reversed(stages[:-1]), reversed(self.cuts)):
      lesson = cut.learn(
          tf.stop_gradient(stage.output), labels, value, gradient)
      passed = gradient
      if self._targets == "bootstrapped":
        value, passed = lesson.value, lesson.gradient
      part_gradients, gradient = stages_lib.backward(
          stage, lesson.gradient, passed)
      result.parts.insert(0, _scale(part_gradients, size))
      result.modules.insert(0, lesson.module_gradients)
      result.module_losses.insert(0, lesson.module_loss)
    return result

  def gradients_at_cuts(
      self, x: tf.Tensor, labels: tf.Tensor, is_training: bool = True
  ) -> Tuple[List[tf.Tensor], List[Optional[tf.Tensor]]]:
    """True and synthetic gradients side by side: a diagnosis.

    Args:
      x: inputs `[B, *event]`.
      labels: integers `[B]`.
      is_training: the mode of batch normalisation. In training mode its
        moving averages move; see `preserved`.

    Returns:
      Per cut, dL_i/dh by backpropagation; and SG(h, y), None where the cut
      has no module.
    """
    stages = stages_lib.forward(
        self.parts, x, is_training, labels, self._loss)
    _, losses = stages[-1].output
    true: List[tf.Tensor] = []
    synthetic: List[Optional[tf.Tensor]] = []
    gradient = tf.ones_like(losses)
    for stage in reversed([*stages[:-1], stages[-1]._replace(output=losses)]):
      gradient = stage.tape.gradient(stage.output, stage.x, gradient)
      true.insert(0, gradient)
    for stage, cut in zip(stages, self.cuts):
      synthetic.append(
          None if cut.module is None
          else cut.module(stage.output, labels, is_training).gradient)
    return true[1:], synthetic


def _scale(gradients: stages_lib.Gradients,
           size: tf.Tensor) -> stages_lib.Gradients:
  """From a sum over the batch to a mean."""
  return None if gradients is None else [
      gradient / tf.cast(size, gradient.dtype) for gradient in gradients]
