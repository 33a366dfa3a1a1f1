"""Data sets of tensorflow_datasets, mocked by files of their format."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds


@pytest.fixture
def mocked():
  """Mocks whatever is opened by 20 examples."""
  with tfds.testing.mock_data(num_examples=20):
    yield


def prepared(files):
  """Mocks the prepared data by a dataset of encoded images and labels."""
  def examples(builder, decoders=None, **options):
    del builder, options
    def decode(file, label):
      image = file if decoders else tf.io.decode_image(
          file, channels=3, expand_animations=False)
      return {"image": image, "label": tf.cast(label, tf.int64)}
    return files.map(decode)
  return tfds.testing.mock_data(as_dataset_fn=examples)


def png(colour):
  """A file, all of one colour."""
  return tf.io.encode_png(np.full([32, 32, 3], colour, np.uint8)).numpy()


def mocked_files(files, labels):
  return prepared(tf.data.Dataset.from_tensor_slices((files, labels)))


def labels_of(data, steps):
  return [data.train(tf.constant(s)).labels.numpy().tolist() for s in steps]


def damaged(place, size):
  """Mocks images one of which is no JPEG."""
  good = tf.io.encode_jpeg(np.zeros([size, size, 3], np.uint8)).numpy()
  files = [good] * 4
  files[place] = good[:30]
  return mocked_files(files, [1] * 4)
