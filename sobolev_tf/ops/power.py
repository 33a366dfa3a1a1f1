"""Powers with whole exponents, of which every derivative is right at 0."""

import tensorflow as tf

from sobolev_tf import errors


def power(x: tf.Tensor, exponent: int) -> tf.Tensor:
  """x^n by repeated squaring.

  The derivatives of `x**n` are n x^(n - 1), n (n - 1) x^(n - 2), ... also
  after they have become constant, as 0 * x^(-1), which is NaN at x = 0.

  Args:
    x: a tensor.
    exponent: n, a whole number; where it is negative, 1 / x^(-n).

  Returns:
    A tensor of the shape of `x`.

  Raises:
    UserError: if the exponent is not a whole number.
  """
  try:
    is_whole = float(exponent) % 1 == 0  # not so for inf, which leaves NaN
  except (TypeError, ValueError):
    is_whole = False
  if not is_whole:
    raise errors.UserError(
        f"exponent must be a whole number, got {exponent!r}: use tf.pow.")
  exponent = int(exponent)
  if exponent < 0:
    return 1 / power(x, -exponent)
  x = tf.convert_to_tensor(x)
  result = None
  while exponent:
    if exponent % 2:
      result = x if result is None else result * x
    exponent //= 2
    if exponent:
      x = x * x
  return tf.ones_like(x) if result is None else result
