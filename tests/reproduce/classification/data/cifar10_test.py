"""Tests of CIFAR-10, on mocked data of its format."""

import numpy as np
import pytest
import tensorflow as tf

from reproduce.classification.data import cifar10, opener
from sobolev_tf import errors

pytest.importorskip("tensorflow_datasets")
mocks = pytest.importorskip("mocked_images")
mocked = mocks.mocked


def test_cifar10(mocked):
  data = opener.open_data(
      "cifar10", seed=0, batch_size=6, held_out=0, train_on_validation=True)
  assert (data.shape, data.num_classes, data.compiled) == (
      (32, 32, 3), 10, True)
  batch = tf.function(data.train)(tf.constant(0, tf.int64))
  assert batch.images.shape == (6, 32, 32, 3)
  assert batch.images.dtype == tf.float32 and batch.labels.dtype == tf.int32
  assert data.size == len(opener.open_data(
      "cifar10", seed=0, batch_size=6, held_out=0)._train.images) * 2
  for stream in ("validation", "test"):
    (held_out,) = data.held_out(stream)
    assert held_out.images.shape[1:] == data.shape
    assert 0 <= held_out.labels.numpy().min() <= held_out.labels.numpy(
    ).max() < 10


def test_cifar10_is_standardised():
  means, deviations = np.array([[125.3, 123., 113.9], [63., 62.1, 66.7]])
  files = [mocks.png(np.rint(colour)) for colour in (means, means + deviations)]
  with mocks.mocked_files(files, [3, 4]):
    data = opener.open_data("cifar10", seed=0, batch_size=2, held_out=0)
  (batch,) = data.held_out("test")
  np.testing.assert_allclose(batch.images[0], np.zeros([32, 32, 3]), atol=.01)
  np.testing.assert_allclose(batch.images[1], np.ones([32, 32, 3]), atol=.01)


def test_pad_crop_flip_moves_whole_images_by_up_to_four_pixels():
  rng = np.random.default_rng(0)
  originals = rng.normal(size=(200, 6, 5, 2)).astype(np.float32)
  moved = cifar10.pad_crop_flip(tf.constant(originals), [1, 2]).numpy()
  assert moved.shape == originals.shape
  places = []
  for before, after in zip(originals, moved):
    padded = np.pad(before, ((4, 4), (4, 4), (0, 0)))
    found = [(i, j, flip) for i in range(9) for j in range(9)
             for flip in (False, True)
             if np.array_equal(
                 padded[i:i + 6, j:j + 5][:, ::-1 if flip else 1], after)]
    assert found
    places.append(found[0])
  rows, columns, flips = zip(*places)
  assert set(rows) == set(columns) == set(range(9))
  assert .35 < np.mean(flips) < .65
  again = cifar10.pad_crop_flip(tf.constant(originals), [1, 2])
  np.testing.assert_array_equal(again, moved)


def test_a_damaged_image_of_cifar10_is_one_sentence():
  with mocks.damaged(1, 32), pytest.raises(
      errors.UserError, match="prepared cifar10 holds a damaged"):
    opener.open_data("cifar10", seed=0, batch_size=4, held_out=0)


@pytest.mark.parametrize("label", [-1, 10, 11])
def test_a_label_of_cifar10_out_of_range(label):
  images = [mocks.png(0)] * 3
  with mocks.mocked_files(images, [0, label, 9]), pytest.raises(
      errors.UserError, match=(
          f"cifar10 holds the label {label}, but its labels must be 0 to 9.")):
    opener.open_data("cifar10", seed=0, batch_size=1, held_out=0)
