"""Makes the machine ready: GPU memory, determinism, precision."""

import contextlib

import tensorflow as tf


def prepare() -> str:
  """Sets TensorFlow up for a reproducible run on whatever there is.

  A GPU is used if TensorFlow sees one, with memory taken as needed; else the
  CPU. Operations are deterministic, so that the same seed gives the same rows
  twice on one machine. Float32 products on GPUs use float32 throughout (no
  TF32), because derivative errors are compared down to 1e-6.

  Returns:
    The kind of device that will be used: "GPU" or "CPU".
  """
  gpus = tf.config.list_physical_devices("GPU")
  with contextlib.suppress(RuntimeError):  # the GPU is in use already
    for gpu in gpus:
      tf.config.experimental.set_memory_growth(gpu, True)
  tf.config.experimental.enable_tensor_float_32_execution(False)
  tf.config.experimental.enable_op_determinism()
  tf.random.set_seed(0)  # nothing here draws from it; determinism asks for it
  return "GPU" if gpus else "CPU"
