"""Internal derivatives: with respect to hidden activations (Section 5).

"Another unexplored path would be to apply Sobolev Training to internal
derivatives rather than just derivatives with respect to the inputs"
(https://arxiv.org/abs/1706.04859). They are ordinary derivatives of a network
to whose hidden activations h a perturbation u is added:

  F(x, u) = upper(lower(x) + u R),   D_u F(x, 0) = R D_h upper(lower(x)).

So every loss and derivative of this package serves for them, and one
vector-Jacobian product gives D_x F and D_u F together. The rows of R are the
directions in activation space along which is differentiated: the units
themselves, or a few random ones, by which a narrow student can be compared
with a wide teacher.
"""

from typing import Optional

import tensorflow as tf

from sobolev_tf import derivatives, errors


def perturbed(lower: derivatives.Function, upper: derivatives.Function,
              inputs: int, directions: Optional[tf.Tensor] = None
              ) -> derivatives.Function:
  """F as a function of (x, u) side by side.

  Args:
    lower: maps inputs `[*batch, D]` to activations `[*batch, H]`.
    upper: maps activations to outputs `[*batch, *out]`.
    inputs: D.
    directions: R, `[U, H]`; None for the H units themselves (U = H).

  Returns:
    A function from `[*batch, D + U]` to `[*batch, *out]`.

  Raises:
    UserError: from the function, if the sizes do not fit.
  """
  def function(both: tf.Tensor) -> tf.Tensor:
    x, u = both[..., :inputs], both[..., inputs:]
    h = lower(x)
    if directions is not None and u.shape[-1] == directions.shape[0]:
      u = tf.linalg.matvec(directions, u, transpose_a=True)  # [*batch, H]
    if u.shape[-1] != h.shape[-1]:
      raise errors.UserError(
          f"The point has {both.shape[-1]} entries, {inputs} of them inputs: "
          f"the rest, {both.shape[-1] - inputs}, must be one per direction "
          f"({h.shape[-1] if directions is None else directions.shape[0]}), "
          f"and directions as long as the {h.shape[-1]} activations.")
    return upper(h + u)
  return function


def at(x: tf.Tensor, size: int) -> tf.Tensor:
  """The points (x, 0) at which `perturbed` is the network itself.

  Args:
    x: inputs `[*batch, D]`.
    size: U, the number of directions.

  Returns:
    `[*batch, D + U]`.
  """
  none = tf.zeros(tf.concat([tf.shape(x)[:-1], [size]], 0), x.dtype)
  return tf.ensure_shape(
      tf.concat([x, none], -1), x.shape[:-1].concatenate(x.shape[-1] + size))


def random_directions(count: int, size: int, seed: int,
                      dtype: tf.DType = tf.float32) -> tf.Tensor:
  """Orthonormal directions, uniform over all such sets.

  Args:
    count: U, at most `size`.
    size: H, of the activations.
    seed: the same seed gives the same directions.
    dtype: their type.

  Returns:
    R, `[U, H]`.

  Raises:
    UserError: if there are more directions than dimensions.
  """
  if not 1 <= count <= size:
    raise errors.UserError(
        f"There are from 1 to {size} orthonormal directions of {size} "
        f"activations, not {count}.")
  normal = tf.random.stateless_normal([size, count], [seed, 0], dtype=dtype)
  q, r = tf.linalg.qr(normal)
  return tf.transpose(q * tf.sign(tf.linalg.diag_part(r)))
