"""What is compared at each order: whole derivatives, or their projections."""

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf.derivatives import chosen, guard
from sobolev_tf.keras import tensors
from sobolev_tf.losses import masking, stochastic


class Matching(NamedTuple):
  """How derivatives of a batch are taken, of targets and of the model alike.

  Attributes:
    order: the highest order K.
    out: the shape of an output, without the batch.
    directions: what `stochastic.unit_directions` gives; None for whole
      derivatives.
    wrt: the inputs by which is differentiated (`derivatives.chosen`); None for
      all.
  """
  order: int
  out: tf.TensorShape
  directions: Optional[Sequence[Any]]
  wrt: chosen.Wrt = None

  def differentiate(self, function: derivatives.Function, x: tf.Tensor,
                    order: int, check: bool = False) -> Tuple[tf.Tensor, ...]:
    """A function's value and derivatives, or projections, up to an order.

    Args:
      function: of points.
      x: points `[B, *event]`.
      order: the highest order.
      check: refuses what cannot be trained on its derivatives
        (`derivatives.guard`).

    Returns:
      order + 1 tensors.
    """
    if check:
      function = guard.Guard(order)(function)
    if self.directions is not None:
      return derivatives.projections(
          function, x, self.directions[:order], wrt=self.wrt)
    return derivatives.value_and_derivatives(
        function, x, order, wrt=self.wrt)

  def whole(self, function: derivatives.Function, x: tf.Tensor
            ) -> Tuple[tf.Tensor, ...]:
    """A function's value and derivatives, never projections."""
    return self._replace(directions=None).differentiate(
        function, x, self.order)

  def top(self, present: Sequence[bool]) -> int:
    """The highest order that is there."""
    return max(j for j, is_there in enumerate(present) if is_there)

  def trained(self, function: derivatives.Function, x: tf.Tensor,
              supervised: Sequence[bool],
              needed: Optional[Sequence[Optional[tf.Tensor]]],
              check: bool = False) -> List[Optional[tf.Tensor]]:
    """What is compared in training, where it counts.

    Args:
      function: the model.
      x: points `[B, *event]`.
      supervised: whether an order is trained on. Others are only looked at,
        as far as a higher one needs them, and pass back nothing.
      needed: examples `[B]` per order, None for none; or None for all.
      check: as for `differentiate`.

    Returns:
      One tensor per order, None above the highest that is trained on.
    """
    def at(points, order: int) -> Tuple[tf.Tensor, ...]:
      return tuple(
          term if is_on else tf.stop_gradient(term)
          for term, is_on in zip(self.differentiate(
              function, points, order, check), supervised))

    top = self.top(supervised)
    if needed is None:
      return self._filled(at(x, top))
    none = tf.zeros(tf.shape(x)[:1], tf.bool)
    return self._filled(masking.predictions(
        at, x, [none if mask is None else mask for mask in needed[:top + 1]]))

  def terms(self, found: Sequence[tf.Tensor]) -> List[Optional[tf.Tensor]]:
    """What `differentiate` gave, None above its order."""
    return self._filled(found)

  def from_function(self, function: derivatives.Function, x: tf.Tensor
                    ) -> List[tf.Tensor]:
    """Targets from a function or teacher."""
    value, *rest = self.differentiate(function, x, self.order)
    return [self._value(value), *rest]

  def from_arrays(self, given: Sequence, x: tf.Tensor
                  ) -> List[Optional[tf.Tensor]]:
    """Targets from what the user gave per order; None stays None.

    Raises:
      UserError: naming the shape that a target should have; or, as
        TensorFlow's error where the batch is of unknown size, that there is
        not one for every point.
    """
    targets: List[Optional[tf.Tensor]] = []
    for j, array in enumerate(given):
      if array is not None:
        array = tensors.check_batch(tf.cast(array, x.dtype), x)
        array = self._derivative(array, x, j) if j else self._value(array)
      targets.append(array)
    if self.directions is None:
      return targets
    while targets[-1] is None:
      targets.pop()
    whole = [self._nan(x, j) if t is None else t
             for j, t in enumerate(targets)]
    inputs = chosen.choose(self.wrt, x.shape[1:])
    return self._filled(stochastic.project(
        whole, x if inputs is None else inputs.take(x),
        self.directions[:len(whole) - 1]))

  def shapes(self, x: tf.Tensor) -> List[tf.TensorShape]:
    """Of what is compared at each order, per example."""
    return [self.out] + [
        self._event(x) if self.directions is not None else self._shape(x, order)
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
    return tf.TensorShape(out).concatenate(list(self._event(x)) * order)

  def _event(self, x: tf.Tensor) -> tf.TensorShape:
    """Of the inputs by which is differentiated."""
    inputs = chosen.choose(self.wrt, x.shape[1:])
    return x.shape[1:] if inputs is None else tf.TensorShape(
        [len(inputs.indices)])

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
          f"{x.shape} need {x.shape[:1].concatenate(expected)}"
          f"{'' if self.wrt is None else f' with wrt={self.wrt!r}'}.")
    return target
