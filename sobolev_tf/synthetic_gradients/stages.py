"""Parts of a network, each applied on a tape of its own.

No tape sees two parts, so no gradient passes a cut by itself.
"""

from typing import List, NamedTuple, Optional, Sequence, Tuple

import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.synthetic_gradients import modules

Gradients = Optional[List[tf.Tensor]]  # None: nothing to learn from


@snt.allow_empty_variables
class Plain(snt.Module):
  """A part that behaves the same in training and evaluation."""

  def __init__(self, module: snt.Module, name: str = "plain"):
    """Wraps a module.

    Args:
      module: called as `module(h)`.
      name: the module's name.
    """
    super().__init__(name=name)
    self.module = module

  def __call__(self, h: tf.Tensor, is_training: bool) -> tf.Tensor:
    """Applies the module to `[B, *event]`."""
    del is_training
    return self.module(h)


class Stage(NamedTuple):
  """A part applied: from `x` to `output`, recorded by `tape`."""
  x: tf.Tensor
  output: tf.Tensor
  tape: tf.GradientTape
  variables: Sequence[tf.Variable]


def forward(parts: Sequence[snt.Module], x: tf.Tensor, is_training: bool,
            labels: Optional[tf.Tensor] = None,
            loss: Optional[modules.Loss] = None) -> List[Stage]:
  """Applies parts one after another.

  Args:
    parts: called as `part(h, is_training)`; their variables exist.
    x: input of the first, `[B, *event]`.
    is_training: the mode of batch normalisation.
    labels: integers `[B]`, or None.
    loss: given with labels, from (output, labels) to `[B]`: the last stage's
      output is then (logits, losses).

  Returns:
    A stage per part.
  """
  stages: List[Stage] = []
  h = tf.convert_to_tensor(x)
  for number, part in enumerate(parts, start=1):
    h = tf.stop_gradient(h)
    variables = part.trainable_variables
    with tf.GradientTape(
        persistent=True, watch_accessed_variables=False) as tape:
      tape.watch(h)
      tape.watch(variables)
      output = part(h, is_training)
      if number == len(parts) and loss is not None:
        output = output, loss(output, labels)
    stages.append(Stage(h, output, tape, variables))
    h = output
  return stages


def backward(stage: Stage, learned: Optional[tf.Tensor],
             passed: Optional[tf.Tensor]
             ) -> Tuple[Gradients, Optional[tf.Tensor]]:
  """Takes gradients with respect to a part's output through the part.

  Args:
    stage: the part, applied.
    learned: the gradient that its variables learn from, or None.
    passed: the one that is passed on to its input, or None.

  Returns:
    Those with respect to the variables (summed over the batch) and the input.
  """
  variables = list(stage.variables)
  if learned is passed and learned is not None:  # one backward pass for both
    *to_variables, to_input = stage.tape.gradient(
        stage.output, [*variables, stage.x], learned)
  else:
    to_variables = None if learned is None else stage.tape.gradient(
        stage.output, variables, learned)
    to_input = None if passed is None else stage.tape.gradient(
        stage.output, stage.x, passed)
  for variable, gradient in zip(variables, to_variables or []):
    if gradient is None:
      raise errors.UserError(
          f"The output of its part does not depend on '{variable.name}', so "
          "it has nothing to learn from: leave it out or use it.")
  return to_variables, to_input
