"""scikit-learn's digits: a small real data set that needs no download."""

import numpy as np
import tensorflow as tf

from reproduce.classification.data import base
from sobolev_tf import errors

_TEST, _VALIDATION = 400, 300  # of 1,797 images; ours


def open_digits(seed: int, batch_size: int) -> base.InMemory:
  """The 1,797 digits of 8x8 pixels.

  They are too easy to rank Table 1's methods (with lower parts that never
  learn, a classifier reaches 98 %), and serve to see that everything works on
  real images. 400 are the test set and 300 for validation, the same always.

  Args:
    seed: of the order of the training images.
    batch_size: images per training batch.

  Returns:
    The data, scaled to [-1, 1].

  Raises:
    UserError: if scikit-learn is not installed.
  """
  try:
    from sklearn import datasets
  except ImportError as error:
    raise errors.UserError(
        "The digits come with scikit-learn, which is not installed: run "
        'pip install ".[images]".') from error
  images, labels = datasets.load_digits(return_X_y=True)
  order = np.random.default_rng(0).permutation(len(images))
  images = (images[order].reshape(-1, 8, 8, 1) / 8 - 1).astype(np.float32)
  labels = labels[order].astype(np.int32)
  held_out = _TEST + _VALIDATION
  train, validation, test = (
      base.Batch(tf.constant(images[rows]), tf.constant(labels[rows]))
      for rows in (slice(held_out, None), slice(_TEST, held_out),
                   slice(_TEST)))
  return base.InMemory(train, validation, test, num_classes=10, seed=seed,
                       batch_size=batch_size)
