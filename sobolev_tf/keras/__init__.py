"""Sobolev Training in Keras's own idiom: `compile`, `fit`, `save`.

  >>> model = SobolevModel(keras.Sequential([...]))
  >>> model.compile("adam", loss_weights=(1., .1))
  >>> model.fit(x, (y, dy_dx), epochs=20)
  >>> model.predict(x)  # values, as of the model inside

Eq. 1 of https://arxiv.org/abs/1706.04859. Keras's losses, metrics, callbacks,
progress bar and sample weights act on every order of derivative by its name:
"value", "first", "second", "third", "order_4", ...
"""

import keras

if keras.backend.backend() != "tensorflow":
  raise ImportError(
      "sobolev_tf.keras differentiates with TensorFlow, but Keras runs on "
      f"{keras.backend.backend()}: set the environment variable "
      "KERAS_BACKEND=tensorflow before Keras is imported.")

from sobolev_tf.keras.batch_norm import BatchStatisticsWarning
from sobolev_tf.keras.losses import SquaredError
from sobolev_tf.keras.model import SobolevModel
from sobolev_tf.keras.named import NamedSobolevModel

__all__ = ("BatchStatisticsWarning", "NamedSobolevModel", "SobolevModel",
           "SquaredError")
