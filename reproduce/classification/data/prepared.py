"""Data sets prepared by tensorflow_datasets: absent, damaged or opened."""

import contextlib
import re
from typing import Any, Iterator, Optional, Tuple

from google.protobuf import json_format  # comes with TensorFlow
import tensorflow as tf

from reproduce.classification.data import base
from sobolev_tf import errors
from sobolev_tf.derivatives import shapes

_HOW = {
    "cifar10": "",
    "fashion_mnist": (
        ", or on Debian and Ubuntu apt-get install dataset-fashion-mnist "
        "(without --data_dir, or with that of the four idx files)"),
    "imagenet2012": (
        " --manual_dir=FOLDER, where FOLDER holds ILSVRC2012_img_train.tar and "
        "ILSVRC2012_img_val.tar from image-net.org"),
}


def load(name: str, split: str, folder: Optional[str], *,
         shuffle_seed: Optional[int] = None, decode: bool = True
         ) -> Tuple[tf.data.Dataset, Any]:
  """Opens a prepared data set; nothing is downloaded.

  Args:
    name: "cifar10", "fashion_mnist" or "imagenet2012".
    split: in the notation of tensorflow_datasets.
    folder: of the prepared data; None for tensorflow_datasets' default.
    shuffle_seed: of the order in which files are read; None keeps theirs.
    decode: whether images are decoded, or left as they are in the files.

  Returns:
    Its examples, and its description (a `tfds.core.DatasetInfo`).

  Raises:
    UserError: if tensorflow_datasets is not installed; with the command that
      prepares the data, if they are absent or their metadata are damaged.
  """
  try:
    import tensorflow_datasets as tfds
  except ImportError as error:
    raise errors.UserError(
        f"{name} comes through tensorflow_datasets, which is not installed: "
        f'run pip install ".[images]" and tfds build {name}{_HOW[name]}.'
    ) from error
  try:
    return tfds.load(
        name, split=split, data_dir=folder, download=False, with_info=True,
        shuffle_files=shuffle_seed is not None,
        read_config=tfds.ReadConfig(shuffle_seed=shuffle_seed),
        decoders=None if decode else {"image": tfds.decode.SkipDecoding()})
  # KeyError: the folder is empty. RuntimeError: tfds's for those of other
  # signatures, such as UnicodeDecodeError.
  except (AssertionError, KeyError, OSError, RuntimeError, ValueError,
          json_format.ParseError) as error:
    where = f" in '{folder}'" if folder else ""
    place = f" --data_dir={folder}" if folder else ""
    # An existing folder, even an empty one, passes for prepared.
    raise errors.UserError(
        f"The prepared {name} is absent or damaged: delete the folder {name}"
        f"{where}, if there is one, and run tfds build {name}{place}"
        f"{_HOW[name]}.") from error


def arrays(name: str, split: str, folder: Optional[str], num_classes: int
           ) -> base.Batch:
  """A whole split in memory.

  Args:
    name: of the data set, as for `load`.
    split: in the notation of tensorflow_datasets.
    folder: of the prepared data; None for tensorflow_datasets' default.
    num_classes: the number of classes.

  Returns:
    Images uint8 `[N, H, W, C]` and labels.

  Raises:
    UserError: if the data are absent or damaged, or a label out of range.
  """
  with undamaged(name):
    batches = list(load(name, split, folder)[0].batch(50_000))
  labels = tf.concat(
      [tf.cast(batch["label"], tf.int32) for batch in batches], 0)
  shapes.check_labels(labels, num_classes, name)
  return base.Batch(
      tf.concat([batch["image"] for batch in batches], 0), labels)


# Around TensorFlow's messages: where in the graph and in the pipeline.
_NOISE = re.compile(r"\{\{function_node .*?\}\} ?|"
                    r"Error in user-defined function .*? with iterator: \S+: |"
                    r" \[Op:.*")


@contextlib.contextmanager
def undamaged(name: str) -> Iterator[None]:
  """Explains what TensorFlow says of damaged files in one sentence.

  Args:
    name: of the data set that is read in the context.

  Raises:
    UserError: if a record or an image in it cannot be read.
  """
  try:
    yield
  # In this order: a record that does not match its checksum; no example or no
  # image; an absent file; a file with too few records.
  except (tf.errors.DataLossError, tf.errors.InvalidArgumentError,
          tf.errors.NotFoundError, tf.errors.FailedPreconditionError) as error:
    what = _NOISE.sub("", error.message).partition("\n")[0][:300]
    raise errors.UserError(
        f"The prepared {name} holds a damaged file or image ({what}): delete "
        f"its folder, check the archives it was made of, and run tfds build "
        f"{name}{_HOW[name]} again; training resumes from its last checkpoint."
    ) from error
