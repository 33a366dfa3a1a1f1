"""Keras's own variables, made before the first training step is traced.

Keras makes those of the optimizer and of the logged losses inside the first
step. A `tf.function` that makes variables is traced twice, which is half of
the time before training starts.
"""

from typing import Dict

import keras
import tensorflow as tf
from tensorflow.python.ops import resource_variable_ops


def make(model: keras.Model, compared: Dict[str, tf.Tensor]) -> None:
  """Makes what the step would make.

  Args:
    model: a compiled model, whose weights exist.
    compared: predictions `[B, P]` by name; only shapes and types are used.
  """
  unbuilt = [part for part in (model._compile_loss, model._compile_metrics)
             if part is not None and not part.built]
  if not unbuilt and model.optimizer.built:
    return
  with tf.init_scope(), tf.variable_creator_scope(_past_the_graph):
    shaped = {name: tf.zeros([1, *tensor.shape[1:]], tensor.dtype)
              for name, tensor in compared.items()}
    for part in unbuilt:
      part.build(shaped, shaped)
    if not model.optimizer.built:
      model.optimizer.build(model.trainable_variables)


def _past_the_graph(next_creator, **kwargs) -> tf.Variable:
  """A variable that no `tf.function` takes note of."""
  return resource_variable_ops.default_variable_creator_v2(None, **kwargs)
