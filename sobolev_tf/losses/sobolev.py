"""Sobolev Training with exact derivatives (Eq. 1, Figure 1a).

https://arxiv.org/abs/1706.04859, Section 2.
"""

from typing import Callable, Optional, Sequence, Tuple

import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf.derivatives import chosen, guard, shapes
from sobolev_tf.derivatives import functionals as functionals_lib
from sobolev_tf.losses import balancing, masking, pointwise, terms

Differentiate = Callable[..., Tuple[tf.Tensor, ...]]


class SobolevLoss:
  """sum_j w_j l_j(D_x^j m(x), D_x^j f(x)) for j = 0 .. K, per example.

  >>> loss = SobolevLoss(order=1)
  >>> with tf.GradientTape() as tape:
  ...   total = loss(model, x, (y, dy_dx)).reduce()
  >>> optimizer.apply(tape.gradient(total, model.trainable_variables), ...)
  """

  def __init__(
      self, order: int = 1,  # paper §4.1
      losses: Optional[Sequence[pointwise.PointwiseLoss]] = None,
      weights: balancing.Weights = None,
      differentiate: Differentiate = derivatives.value_and_derivatives,
      wrt: chosen.Wrt = None,
      functionals: Sequence[functionals_lib.Functional] = ()):
    """Builds the loss.

    Args:
      order: the highest order K of derivative, at least 1; 0 with functionals.
      losses: K + 1 functions l, l_1, ..., l_K from `sobolev_tf.losses` or of
        their form; None for squared errors (Section 4.1).
      weights: K + 1 weights of the orders, not negative, or a `balancing`;
        None for ones.
      differentiate: how the model's derivatives are computed: nested tapes,
        or `four_products.value_and_derivatives`, faster for MLPs.
      wrt: the inputs by which is differentiated, as `derivatives.chosen` says
        (targets then have the shapes given there); None for all.
      functionals: numbers made of derivatives, such as
        `derivatives.functionals.laplacian`, that have targets of their own:
        wherever K + 1 things are asked for, theirs come after those of the
        orders, and a balancing counts them as orders.

    Raises:
      UserError: if an argument is out of range.
    """
    self.order = order
    self._differentiate = differentiate
    if (wrt is not None or functionals) and (
        differentiate is not derivatives.value_and_derivatives):
      raise errors.UserError(
          "wrt and functionals need nested tapes: leave differentiate as it "
          "is.")
    self._wrt = {} if wrt is None else {"wrt": wrt}
    self._functionals = functionals_lib.check(functionals)
    if self._functionals:
      shapes.check_order(order)
    else:
      terms.check_orders(order, None, None)
    self._count = order + len(self._functionals)  # terms beside the value's
    self.orders = terms.check_balanced(self._count, losses, weights)
    self._guard = guard.Guard(max(order, *(
        functional.order for functional in self._functionals), 0))

  def __call__(
      self, model: derivatives.Function, x: tf.Tensor,
      targets: Sequence[tf.Tensor], *, batch_dims: int = 1,
      sample_weight: Optional[tf.Tensor] = None,
      entry_weights: Optional[Sequence[Optional[tf.Tensor]]] = None,
  ) -> terms.SobolevTerms:
    """Compares a model with target derivatives.

    Args:
      model: maps `[*batch, *event]` to `[*batch, *out]`.
      x: points `[*batch, *event]`.
      targets: f, D_x f, ..., D_x^K f, from `sobolev_tf.targets`, from
        `finite_differences` or measured; their shapes are those of
        `sobolev_tf.derivatives`. No gradient flows into them.
      batch_dims: number of leading batch axes.
      sample_weight: `[*batch]`, multiplies every term of an example.
      entry_weights: K + 1 tensors that broadcast to the targets' shapes (None
        for ones): 0 marks a missing value or partial derivative, which may
        then be NaN. An example all of whose entries have the weight 0 at an
        order is not differentiated that often, so that neither is the model's
        own derivative there (`masking`).

    Returns:
      The terms per example; `.reduce()` gives the loss.

    Raises:
      UserError: if shapes do not fit, the model ignores its input or holds an
        operation without a second gradient (`derivatives.guard`); eagerly, if
        the target or the model is NaN where it counts.
    """
    x = shapes.check_points(x, batch_dims)
    masks = masking.counting(
        x, self._count, batch_dims, sample_weight, entry_weights)
    if self._differentiate is derivatives.value_and_derivatives:
      model = self._guard(model)

    def at(points: tf.Tensor, order: int) -> Tuple[tf.Tensor, ...]:
      if not order:
        return (model(points),)
      if order > self.order:
        return functionals_lib.value_and_functionals(
            model, points, self.order,
            self._functionals[:order - self.order], batch_dims, **self._wrt)
      return self._differentiate(
          model, points, order, batch_dims, **self._wrt)

    predictions = masking.predictions(at, x, masks, batch_dims)
    return terms.compare(
        targets, predictions, self.orders, batch_dims=batch_dims,
        sample_weight=sample_weight, entry_weights=entry_weights)
