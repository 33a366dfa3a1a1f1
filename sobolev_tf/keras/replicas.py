"""What replicas of a `tf.distribute` strategy do with the same batch."""

import keras
import tensorflow as tf


def draw_seed(seed: int, draw: tf.Tensor) -> tf.Tensor:
  """The seed of a batch's projections, another one in every replica.

  Args:
    seed: the model's.
    draw: the number of the draw, an integer scalar.

  Returns:
    `[2]` integers.
  """
  both = tf.stack([seed, draw])
  replica = tf.distribute.get_replica_context()
  if replica is None or replica.num_replicas_in_sync == 1:
    return both
  return tf.random.fold_in(both, tf.cast(
      replica.replica_id_in_sync_group, tf.int32))


def track(metric: keras.metrics.Mean, loss: tf.Tensor, x: tf.Tensor) -> None:
  """Notes the loss of a batch; Keras divides it by the replicas.

  Args:
    metric: takes the note.
    loss: `[]`.
    x: points `[B, ...]`.
  """
  count = tf.distribute.get_strategy().num_replicas_in_sync
  metric.update_state(loss * count, sample_weight=tf.shape(x)[0])
