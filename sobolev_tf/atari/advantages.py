"""Generalised advantage estimation (Schulman et al. 2016, arXiv 1506.02438).

With trace = 1 it gives the n-step returns of A3C, the method of the paper's
teachers (Section 4.2).
"""

import tensorflow as tf


def generalized_advantages(
    rewards: tf.Tensor,
    discounts: tf.Tensor,
    values: tf.Tensor,
    bootstrap_value: tf.Tensor,
    trace: float,
) -> tf.Tensor:
  """How much better each action was than the value function expected.

  A_t = delta_t + trace * discount_t * A_{t+1}, with
  delta_t = r_t + discount_t * V_{t+1} - V_t.

  Args:
    rewards: r `[T, N]`.
    discounts: `[T, N]`, zero where the step ended an episode.
    values: V(s_t) `[T, N]`.
    bootstrap_value: V(s_T) `[N]`.
    trace: lambda in [0, 1].

  Returns:
    Advantages `[T, N]`; adding `values` gives the value function's targets.
  """
  next_values = tf.concat(
      [values[1:], bootstrap_value[tf.newaxis]], axis=0)  # [T, N]
  deltas = rewards + discounts * next_values - values  # [T, N]
  return tf.scan(
      lambda later, now: now[0] + trace * now[1] * later,
      (deltas, discounts), initializer=tf.zeros_like(bootstrap_value),
      reverse=True)
