"""CIFAR-10 from tensorflow_datasets (Table 1).

The paper says nothing about preprocessing. Augmentation is that of its time:
four pixels of padding, a random crop and a random flip (He et al., arXiv
1512.03385).
"""

from typing import Optional

import tensorflow as tf

from reproduce.classification.data import augmentation, base, prepared

_NUM_CLASSES = 10
# Of the training images, per channel, on the scale 0 ... 255.
_MEAN, _DEVIATION = (125.3, 123., 113.9), (63., 62.1, 66.7)


def open_cifar10(seed: int, batch_size: int, folder: Optional[str] = None,
                 train_on_validation: bool = True) -> base.InMemory:
  """CIFAR-10 in memory.

  Args:
    seed: of order and augmentation.
    batch_size: images per training batch.
    folder: of the prepared data.
    train_on_validation: trains on all 50,000 images, else on 45,000.

  Returns:
    The data; the last 5,000 training images are for validation.

  Raises:
    UserError: if the data are not prepared or damaged, or a label is out of
      range.
  """
  train, validation, test = (
      prepared.arrays("cifar10", split, folder, _NUM_CLASSES)
      for split in ("train[:90%]", "train[90%:]", "test"))
  if train_on_validation:
    train = base.Batch(*(
        tf.concat(pair, 0) for pair in zip(train, validation)))
  return base.InMemory(
      train, validation, test, num_classes=_NUM_CLASSES, seed=seed,
      batch_size=batch_size, augment=augmentation.pad_crop_flip,
      prepare=lambda images: (tf.cast(images, tf.float32) - _MEAN)
      / _DEVIATION)
