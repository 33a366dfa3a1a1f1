"""What is compared: values, whole derivatives or their projections, and
functionals of derivatives.
"""

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf.derivatives import chosen, guard
from sobolev_tf.derivatives import functionals as functionals_lib
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
    functionals: numbers made of derivatives, which come after the orders.
  """
  order: int
  out: tf.TensorShape
  directions: Optional[Sequence[Any]]
  wrt: chosen.Wrt = None
  functionals: Sequence[functionals_lib.Functional] = ()

  def evaluated(self, function: derivatives.Function, x: tf.Tensor,
                present: Sequence[bool], check: bool = False
                ) -> List[Optional[tf.Tensor]]:
    """A function's value and derivatives, or projections, and functionals.

    Args:
      function: of points.
      x: points `[B, *event]`.
      present: whether an order or functional is asked for.
      check: refuses what cannot be trained on its derivatives
        (`derivatives.guard`).

    Returns:
      One tensor for each of `present`, None for orders above the highest and
      for functionals that are not asked for.
    """
    top = self._top(present)
    chosen_ones = [one for one, is_there in zip(
        self.functionals, present[self.order + 1:]) if is_there]
    if check:
      function = guard.Guard(
          max([top, *(one.order for one in chosen_ones)]))(function)
    if self.directions is not None:
      return self._filled(derivatives.projections(
          function, x, self.directions[:top], wrt=self.wrt))
    found = functionals_lib.value_and_functionals(
        function, x, top, chosen_ones, wrt=self.wrt)
    numbers = iter(found[top + 1:])
    return [*self._filled(found[:top + 1]), *(
        next(numbers) if is_there else None
        for is_there in present[self.order + 1:])]

  def whole(self, function: derivatives.Function, x: tf.Tensor
            ) -> Tuple[tf.Tensor, ...]:
    """A function's value, derivatives, never projections, and functionals."""
    return tuple(self._replace(directions=None).evaluated(
        function, x, self._all()))

  def trained(self, function: derivatives.Function, x: tf.Tensor,
              supervised: Sequence[bool],
              needed: Optional[Sequence[Optional[tf.Tensor]]],
              check: bool = False) -> List[Optional[tf.Tensor]]:
    """What is compared in training, where it counts.

    In a batch in which functionals need other examples than the orders, each
    has a pass of its own.

    Args:
      function: the model.
      x: points `[B, *event]`.
      supervised: whether an order or functional is trained on. Other orders
        are only looked at, as far as a higher one needs them, and pass back
        nothing.
      needed: examples `[B]` for each of them, None for none; or None for all.
      check: as for `evaluated`.

    Returns:
      What `evaluated` does.
    """
    def at(points, present: Sequence[bool]) -> List[Optional[tf.Tensor]]:
      return [
          term if term is None or is_on else tf.stop_gradient(term)
          for term, is_on in zip(self.evaluated(
              function, points, present, check), supervised)]

    if needed is None:
      return at(x, supervised)
    none = tf.zeros(tf.shape(x)[:1], tf.bool)
    masks = [none if mask is None else mask for mask in needed]
    orders = range(self._top(supervised) + 1)
    numbers = [j for j in range(self.order + 1, len(masks)) if supervised[j]]

    def up_to(points, order: int) -> masking.Predictions:
      return tuple(at(points, [j <= order for j in range(len(masks))])[
          :order + 1])

    def alone(j: int) -> masking.Predictions:
      present = [i == j for i in range(len(masks))]
      return masking.predictions(
          lambda points, _: (at(points, present)[j],), x, [masks[j]])

    def apart() -> masking.Predictions:
      return sum(map(alone, numbers),
                 masking.predictions(up_to, x, masks[:len(orders)]))

    def together() -> masking.Predictions:
      return masking.predictions(
          lambda points, _: tuple(term for term in at(points, supervised)
                                  if term is not None), x, [asked[0]])

    asked = [needed[j] for j in (*orders, *numbers) if needed[j] is not None]
    found = apart() if not numbers else masking.unless(
        tf.reduce_any([mask != asked[0] for mask in asked]), apart, together)
    by_place = dict(zip((*orders, *numbers), found))
    return [by_place.get(j) for j in range(len(masks))]

  def from_function(self, function: derivatives.Function, x: tf.Tensor
                    ) -> List[Optional[tf.Tensor]]:
    """Targets from a function or teacher."""
    value, *rest = self.evaluated(function, x, self._all())
    return [self._value(value), *rest]

  def from_arrays(self, given: Sequence, x: tf.Tensor
                  ) -> List[Optional[tf.Tensor]]:
    """Targets from what the user gave; None stays None.

    Those of functionals are compared with the model's in `comparison`.

    Raises:
      UserError: naming the shape that a target should have; or, as
        TensorFlow's error where the batch is of unknown size, that there is
        not one for every point.
    """
    targets: List[Optional[tf.Tensor]] = []
    for j, array in enumerate(given):
      if array is not None:
        array = tensors.check_batch(tf.cast(array, x.dtype), x)
        if j <= self.order:
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

  def _all(self) -> List[bool]:
    return [True] * (self.order + 1 + len(self.functionals))

  def _top(self, present: Sequence[bool]) -> int:
    """The highest order that is there, or 0."""
    return max([j for j, is_there in enumerate(present[:self.order + 1])
                if is_there], default=0)

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
