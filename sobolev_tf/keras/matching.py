"""What is compared at each order: whole derivatives, or their projections."""

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf.losses import stochastic


class Matching(NamedTuple):
  """How derivatives of a batch are taken, of targets and of the model alike.

  Attributes:
    order: the highest order K.
    out: the shape of an output, without the batch.
    directions: what `stochastic.unit_directions` gives; None for whole
      derivatives.
  """
  order: int
  out: tf.TensorShape
  directions: Optional[Sequence[Any]]

  def differentiate(self, function: derivatives.Function, x: tf.Tensor,
                    order: int) -> Tuple[tf.Tensor, ...]:
    """A function's value and derivatives, or projections, up to an order."""
    if self.directions is not None:
      return derivatives.projections(function, x, self.directions[:order])
    return derivatives.value_and_derivatives(function, x, order)

  def from_function(self, function: derivatives.Function, x: tf.Tensor,
                    order: int) -> List[Optional[tf.Tensor]]:
    """Targets from a function or teacher; None above the order."""
    value, *rest = self.differentiate(function, x, order)
    return self._filled([self._value(value), *rest])

  def from_arrays(self, given: Sequence, x: tf.Tensor
                  ) -> List[Optional[tf.Tensor]]:
    """Targets from what the user gave per order; None stays None.

    Raises:
      UserError: naming the shape that a target should have.
    """
    targets: List[Optional[tf.Tensor]] = []
    for j, array in enumerate(given):
      if array is not None:
        array = tf.cast(array, x.dtype)
        array = self._derivative(array, x, j) if j else self._value(array)
      targets.append(array)
    if self.directions is None:
      return targets
    while targets[-1] is None:
      targets.pop()
    whole = [self._nan(x, j) if t is None else t
             for j, t in enumerate(targets)]
    return self._filled(stochastic.project(
        whole, x, self.directions[:len(whole) - 1]))

  def shapes(self, x: tf.Tensor) -> List[tf.TensorShape]:
    """Of what is compared at each order, per example."""
    return [self.out] + [
        x.shape[1:] if self.directions is not None else self._shape(x, order)
        for order in range(1, self.order + 1)]

  def _filled(self, targets: Sequence) -> List:
    return [*targets, *[None] * (self.order + 1 - len(targets))]

  def _nan(self, x: tf.Tensor, order: int) -> tf.Tensor:
    """A target that is missing for all examples."""
    shape = self._shape(x, order) if order else self.out
    return tf.fill(tf.concat([tf.shape(x)[:1], shape], 0),
                   tf.constant(float("nan"), x.dtype))

  def _shape(self, x: tf.Tensor, order: int) -> tf.TensorShape:
    """Of a derivative, `out + event * j`; a scalar has no outputs' axes."""
    out = [] if self.out.num_elements() == 1 else self.out
    return tf.TensorShape(out).concatenate(list(x.shape[1:]) * order)

  def _value(self, target: tf.Tensor) -> tf.Tensor:
    """Values in the shape of the model's; `[B]` and `[B, 1]` are alike.

    Anything else would be broadcast against them in silence.
    """
    given = target.shape[1:]
    whole = target.shape[:1].concatenate(self.out)
    if given.is_compatible_with(self.out):
      return tf.ensure_shape(target, whole)
    if all(shape.as_list() in ([], [1]) for shape in (given, self.out)):
      return tf.reshape(
          target, tf.concat([tf.shape(target)[:1], self.out], 0))
    raise errors.UserError(
        f"The target value has the shape {target.shape}, the model's {whole}.")

  def _derivative(self, target: tf.Tensor, x: tf.Tensor, order: int
                  ) -> tf.Tensor:
    """As `derivatives` shapes it; for a scalar output also `[B, 1, ...]`."""
    expected, given = self._shape(x, order), target.shape[1:]
    if (self.out.num_elements() == 1 and given.rank == expected.rank + 1 and
        given[0] == 1):
      target, given = tf.squeeze(target, 1), given[1:]
    if given.rank != expected.rank or not given.is_compatible_with(expected):
      raise errors.UserError(
          f"The target derivative of order {order} has the shape "
          f"{target.shape}, but outputs of shape {self.out} at points of shape "
          f"{x.shape} need {x.shape[:1].concatenate(expected)}.")
    return target
