"""Stochastic Sobolev Training: random projections (Figure 1b).

https://arxiv.org/abs/1706.04859, Section 2. With v_1 uniform on the unit
sphere of the output space and v_2, v_3, ... on that of the input space, the
derivatives compared are D_x<m, v_1>, D_x<D_x<m, v_1>, v_2>, ... The number of
draws is not stated; ours is one per example and step.
"""

import functools
import math
from typing import Callable, Optional, Sequence, Tuple, Union

import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf import targets as targets_lib
from sobolev_tf.derivatives import chosen as chosen_lib
from sobolev_tf.derivatives import guard, shapes
from sobolev_tf.losses import arguments, balancing, masking, pointwise, terms

Target = Union[Callable[[tf.Tensor], tf.Tensor], Sequence[tf.Tensor]]


def unit_directions(order: int, seed: tf.Tensor, batch_dims: int = 1
                    ) -> Tuple[Callable[[tf.Tensor], tf.Tensor], ...]:
  """Draws v_1, ..., v_K independently for every example.

  Args:
    order: K.
    seed: `[2]` integers. The draw is a function of them, so pass another seed
      at every step: `tf.random.fold_in(seed, step)`. Or `[E, 2]`, one per
      member of an ensemble of which the first batch axis is the members': a
      member's draw then does not depend on its neighbours.
    batch_dims: number of leading batch axes.

  Returns:
    K functions from a tensor `[*batch, ...]` to directions of its shape, of
    unit Euclidean norm per example: what `derivatives.projections` takes.

  Raises:
    UserError: if the seed is not two integers, or two per member where there
      is a second batch axis; of the functions returned, if there are not as
      many seeds as members.
  """
  seed = shapes.to_tensor(seed, "seed")
  members = batch_dims > 1 and seed.shape.rank == 2
  if (not seed.dtype.is_integer or seed.shape.num_elements() == 0 or
      not seed.shape[members:].is_compatible_with([2])):
    raise errors.UserError(
        "seed must be two integers, as tf.random.fold_in([seed, 0], step) "
        "gives them, or two per member of an ensemble, got "
        f"{seed.dtype.name} of shape {seed.shape}.")
  seed = tf.cast(seed, tf.int32)
  if members:
    own = [unit_directions(order, one, batch_dims - 1)
           for one in tf.unstack(seed)]
    return tuple(
        functools.partial(_by_member, draws=draws) for draws in zip(*own))
  seeds = tf.random.split(seed, order)
  return tuple(
      functools.partial(_on_sphere, seed=seeds[j], batch_dims=batch_dims)
      for j in range(order))


def _by_member(like: tf.Tensor, draws: Sequence[Callable]) -> tf.Tensor:
  if len(draws) != like.shape[0]:
    raise errors.UserError(
        f"There are {len(draws)} seeds for the members of an ensemble of shape "
        f"{like.shape}: give one pair of integers for each member.")
  return tf.stack([draw(own) for draw, own in zip(draws, tf.unstack(like))])


def _on_sphere(like: tf.Tensor, seed: tf.Tensor,
               batch_dims: int) -> tf.Tensor:
  with tf.init_scope():  # here, as it takes as long as all else of the package
    import tensorflow_probability as tfp
  sphere = tfp.distributions.SphericalUniform(
      math.prod(like.shape[batch_dims:]), dtype=like.dtype)
  draw = sphere.sample(tf.shape(like)[:batch_dims], seed=seed)
  return tf.reshape(draw, tf.shape(like))


class StochasticSobolevLoss:
  """Sobolev loss on random projections of the derivatives, per example.

  The order-0 term compares whole values. For a scalar output and order 1,
  v_1 is +1 or -1 and the loss equals the exact one.
  """

  def __init__(
      self, order: int = 1,  # paper §4.2
      losses: Optional[Sequence[pointwise.PointwiseLoss]] = None,
      weights: balancing.Weights = None, wrt: chosen_lib.Wrt = None):
    """Builds the loss; arguments as for `SobolevLoss`."""
    self.order = order
    self._wrt = wrt
    self.orders = terms.check_balanced(order, losses, weights)
    self._guard = guard.Guard(order)

  def __call__(
      self, model: derivatives.Function, x: tf.Tensor, target: Target,
      seed: tf.Tensor, *, batch_dims: int = 1,
      sample_weight: Optional[tf.Tensor] = None,
      entry_weights: Optional[Sequence[Optional[tf.Tensor]]] = None,
  ) -> terms.SobolevTerms:
    """Compares a model with a target on the same random projections.

    Args:
      model: maps `[*batch, *event]` to `[*batch, *out]`.
      x: points `[*batch, *event]`.
      target: a function or teacher of the model's form, which gets no
        gradient; or the arrays f, D_x f, ..., D_x^K f to be projected.
      seed: `[2]` integers, another at every step, or `[E, 2]`: see
        `unit_directions`.
      batch_dims: number of leading batch axes.
      sample_weight: `[*batch]`, multiplies every term of an example.
      entry_weights: K + 1 tensors that broadcast to the shapes of the
        projections, `[*batch, *out]` and then `[*batch, *event]`, or
        `[*batch, n]` with `wrt` (None for ones). A projection mixes all
        outputs, so an entry that is missing for one output only cannot be
        marked here: use `sample_weight`, or `SobolevLoss`.

    Returns:
      The terms per example; `.reduce()` gives the loss.

    Raises:
      UserError: as for `SobolevLoss`.
    """
    x = shapes.check_points(x, batch_dims)
    directions = unit_directions(self.order, seed, batch_dims)
    if callable(target):
      targets = derivatives.projections(
          target, x, directions, batch_dims, self._wrt)
    else:
      chosen = chosen_lib.choose(self._wrt, x.shape[batch_dims:])
      targets = project(target, x if chosen is None else chosen.take(x),
                        directions, batch_dims)
    masks = masking.counting(
        x, self.order, batch_dims, sample_weight, entry_weights)
    model = self._guard(model)
    predictions = masking.predictions(
        lambda points, order: derivatives.projections(
            model, points, directions[:order], batch_dims, self._wrt),
        x, masks, batch_dims)
    return terms.compare(
        targets, predictions, self.orders, batch_dims=batch_dims,
        sample_weight=sample_weight, entry_weights=entry_weights)


def project(arrays: Sequence[tf.Tensor], x: tf.Tensor,
            directions: Sequence[Callable[[tf.Tensor], tf.Tensor]],
            batch_dims: int = 1) -> Tuple[tf.Tensor, ...]:
  """Projects whole derivatives, as `derivatives.projections` would.

  Args:
    arrays: f, D_x f, ..., D_x^K f with the shapes of
      `sobolev_tf.derivatives`.
    x: the points they belong to, `[*batch, *event]`; the chosen inputs
      `[*batch, n]` if the derivatives are by these only.
    directions: v_1, ..., v_K from `unit_directions`.
    batch_dims: number of leading batch axes.

  Returns:
    f, D_x<f, v_1>, D_x<D_x<f, v_1>, v_2>, ...

  Raises:
    UserError: if there are not K + 1 arrays, or a shape does not fit.
  """
  if len(arguments.check_sequence("target", arrays)) != len(directions) + 1:
    raise errors.UserError(
        f"target needs {len(directions) + 1} arrays (the value and one per "
        f"derivative), got {len(arrays)}.")
  x = shapes.check_points(x, batch_dims)
  arrays = [shapes.to_tensor(a, f"target[{order}]", x.dtype)
            for order, a in enumerate(arrays)]
  for order, array in enumerate(arrays):
    if array.dtype != x.dtype:
      what = f"derivative of order {order}" if order else "value"
      raise errors.UserError(
          f"The target {what} is {array.dtype.name}, the points are "
          f"{x.dtype.name}: cast one of them.")
  y = arrays[0]
  drawn = [v(y if j == 0 else x) for j, v in enumerate(directions)]
  projected = [y]
  for order, array in enumerate(arrays[1:], start=1):
    array = targets_lib.check_derivative(array, y, x, order, batch_dims)
    batch = tf.shape(y)[:batch_dims]
    for v in drawn[:order]:  # each sums over its own axes, the first left
      size = math.prod(v.shape[batch_dims:])
      array = tf.einsum(
          "...sr,...s->...r",
          tf.reshape(array, tf.concat([batch, [size, -1]], 0)),
          tf.reshape(v, tf.concat([batch, [size]], 0)))
    projected.append(tf.reshape(array, tf.shape(x)))
  return tuple(projected)
