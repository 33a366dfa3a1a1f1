"""Opens Table 1's data sets by name."""

from typing import Optional

from reproduce.classification.data import (
    base,
    cifar10,
    digits,
    drawings,
    fashion_mnist,
    imagenet,
)
from sobolev_tf import errors

DATASETS = ("shapes", "digits", "fashion_mnist", "cifar10", "imagenet")


def open_data(name: str, *, seed: int, batch_size: int, held_out: int,
              folder: Optional[str] = None,
              train_on_validation: bool = False) -> base.Data:
  """Opens a data set.

  Args:
    name: one of `DATASETS`.
    seed: of the order of training images (or of their stream).
    batch_size: images per training batch.
    held_out: size of the held-out sets of drawn shapes; others have theirs.
    folder: of the prepared data of tensorflow_datasets, or of Fashion-MNIST's
      idx files; None for their default.
    train_on_validation: adds the validation images of Fashion-MNIST, CIFAR-10
      and ImageNet to the training ones, as runs do that report test results.

  Returns:
    The data.

  Raises:
    UserError: if the name is unknown, or its data or a package is missing.
  """
  if name == "shapes":
    return drawings.Shapes(seed, batch_size, held_out)
  if name == "digits":
    return digits.open_digits(seed, batch_size)
  if name == "fashion_mnist":
    return fashion_mnist.open_fashion_mnist(
        seed, batch_size, folder, train_on_validation)
  if name == "cifar10":
    return cifar10.open_cifar10(seed, batch_size, folder, train_on_validation)
  if name == "imagenet":
    return imagenet.ImageNet(seed, batch_size, folder, train_on_validation)
  raise errors.UserError(
      f"dataset must be one of {', '.join(DATASETS)}, got '{name}'.")
