"""Convolutions in single or mixed precision."""

import sonnet as snt
import tensorflow as tf

PRECISIONS = ("float32", "mixed")


class Conv2D(snt.Conv2D):
  """Sonnet's convolution, whose products may be those of bfloat16.

  Mixed precision: images and weights are rounded to bfloat16 for the product,
  forwards and backwards, and the result is float32 again. Variables and all
  else stay float32. bfloat16 has the range of float32, so that no gradient
  underflows and no scaling of the loss is needed, as it is for float16
  (Micikevicius et al., arXiv 1710.03740).
  """

  def __init__(self, *arguments, mixed: bool = False, **options):
    """Sets the convolution up.

    Args:
      *arguments: as `snt.Conv2D` takes them.
      mixed: whether to compute in mixed precision.
      **options: as `snt.Conv2D` takes them.
    """
    super().__init__(*arguments, **options)
    self._mixed = mixed

  def __call__(self, inputs: tf.Tensor) -> tf.Tensor:
    """Maps `[B, H, W, C]` to `[B, H', W', C']` of the same type."""
    if not self._mixed:
      return super().__call__(inputs)
    self._initialize(inputs)
    x, w = (tf.cast(t, tf.bfloat16) for t in (inputs, self.w))
    if self.padding_func:
      x = tf.pad(x, self._padding)
    outputs = tf.cast(tf.nn.convolution(
        x, w, strides=self.stride, padding=self.conv_padding,
        dilations=self.rate), inputs.dtype)
    return outputs + self.b if self.with_bias else outputs
