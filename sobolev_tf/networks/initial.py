"""Initial weights of any Sonnet module, from a stateless seed."""

import math

import sonnet as snt
import tensorflow as tf


def redraw(module: snt.Module, seed: int) -> None:
  """Draws a module's weights anew, as a function of the seed alone.

  Sonnet's initializers draw from TensorFlow's global generator, so what they
  give depends on all that was drawn before. This replaces every weight of
  `snt.Linear` and the convolutions (a variable `w`) by a draw from the same
  distribution, truncated normal with standard deviation 1/sqrt(fan-in). What
  starts at 0 stays at 0.

  Args:
    module: a module whose variables exist.
    seed: equal seeds give equal weights to modules of equal structure.
  """
  weights = [v for v in module.trainable_variables
             if v.name.split("/")[-1].startswith("w:")]
  for place, variable in enumerate(weights):
    if tf.reduce_all(tf.equal(variable, 0)):
      continue
    fan_in = math.prod(variable.shape[:-1])
    variable.assign(tf.cast(tf.random.stateless_truncated_normal(
        variable.shape, seed=[seed, place], stddev=fan_in**-.5),
                            variable.dtype))
