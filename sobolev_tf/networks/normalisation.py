"""Batch normalisation that may be differentiated twice, on any devices.

`tf.nn.moments`, and with it `snt.BatchNorm` on inputs of any but four axes,
holds the mean inside the variance constant when it is differentiated. That is
exact once (that part of the gradient is 0), but wrong the second time: the
second derivative lacks every term with d mean / dx. TensorFlow's fused
operation, which `snt.BatchNorm` uses for images, differentiates twice
correctly. (TensorFlow 2.21; the tests compare both in double precision.)
"""

from typing import Optional, Tuple

import sonnet as snt
import tensorflow as tf

from sobolev_tf import ops

_EPSILON = 1e-5  # Sonnet's


def batch_norm(decay_rate: float,
               scale_init: Optional[snt.initializers.Initializer] = None,
               name: str = "batch_norm") -> snt.Module:
  """Batch normalisation of images, with scale and offset.

  Args:
    decay_rate: of the moving averages.
    scale_init: initial scale; None for 1.
    name: the module's name.

  Returns:
    Inside the scope of a distribution strategy a `CrossReplicaBatchNorm`, else
    a `FusedBatchNorm`, which computes the same; their checkpoints are alike.
  """
  if tf.distribute.has_strategy():
    return CrossReplicaBatchNorm(decay_rate, scale_init, name)
  return FusedBatchNorm(True, True, decay_rate=decay_rate, eps=_EPSILON,
                        scale_init=scale_init, name=name)


class FusedBatchNorm(snt.BatchNorm):
  """Sonnet's, with TensorFlow's fused operation in training only.

  In evaluation mode that operation has no deterministic gradient on a GPU, and
  TensorFlow refuses to differentiate it there when determinism is asked for.
  SG modules are differentiated in either mode.
  """

  def __call__(self, inputs: tf.Tensor, is_training: bool) -> tf.Tensor:
    """Normalises images `[B, H, W, C]`."""
    if is_training:
      return super().__call__(inputs, True)
    self._initialize(inputs)
    return tf.nn.batch_normalization(
        inputs, self.moving_mean.value, self.moving_variance.value,
        self.offset, self.scale, self._eps)


class CrossReplicaBatchNorm(snt.distribute.CrossReplicaBatchNorm):
  """Normalises by the moments of the whole batch, over all replicas.

  Sonnet's, but for three things: its variance is the mean of (x - mean)^2
  instead of a difference of large numbers; the moving average is of the
  unbiased variance, as in TensorFlow's fused operation; and evaluation works
  outside replicas, too. All replicas must have equally many examples. Outside
  any strategy it is plain batch normalisation for inputs of any rank, exact
  to every derivative.
  """

  def __init__(self, decay_rate: float,
               scale_init: Optional[snt.initializers.Initializer] = None,
               name: str = "batch_norm"):
    """Sets the layer up; variables are created by the first call.

    Args:
      decay_rate: of the moving averages.
      scale_init: initial scale; None for 1.
      name: the module's name.
    """
    averages = [snt.ExponentialMovingAverage(decay_rate, name=of)
                for of in ("moving_mean", "moving_variance")]
    super().__init__(True, True, *averages, eps=_EPSILON,
                     scale_init=scale_init, name=name)

  def _moments(self, inputs: tf.Tensor,
               use_batch_stats: bool) -> Tuple[tf.Tensor, tf.Tensor]:
    if not use_batch_stats:
      return self.moving_mean.value, self.moving_variance.value
    replica = tf.distribute.get_replica_context()

    def mean_of(x: tf.Tensor) -> tf.Tensor:
      return replica.all_reduce(
          "MEAN", tf.reduce_mean(x, self._axis, keepdims=True))

    count = tf.cast(replica.num_replicas_in_sync * tf.size(inputs) //
                    inputs.shape[-1], inputs.dtype)
    self._unbiased = count / tf.maximum(count - 1, 1)
    return ops.moments(inputs, self._axis, True, mean_of)

  def _update_statistics(self, mean: tf.Tensor, variance: tf.Tensor) -> None:
    super()._update_statistics(mean, variance * self._unbiased)
