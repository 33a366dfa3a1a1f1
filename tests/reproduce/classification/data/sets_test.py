"""Tests of the data sets' common form, on shapes and digits."""

import numpy as np
import pytest
import tensorflow as tf

from reproduce.classification.data import sets as data_lib
from sobolev_tf import errors


def open_data(name, **options):
  if name == "digits":
    pytest.importorskip("sklearn")
  options = {"seed": 0, "batch_size": 8, "held_out": 600, **options}
  return data_lib.open_data(name, **options)


@pytest.mark.parametrize("name", ["shapes", "digits"])
def test_batches_are_functions_of_seed_and_index(name):
  first, again, other = (open_data(name, seed=s) for s in (0, 0, 1))
  train = tf.function(first.train)
  for index in range(3):
    a, b, c = (d(tf.constant(index, tf.int64))
               for d in (train, again.train, other.train))
    assert a.images.shape == (8, *first.shape)
    assert a.images.dtype == tf.float32 and a.labels.dtype == tf.int32
    np.testing.assert_allclose(a.images, b.images, atol=1e-4)
    np.testing.assert_array_equal(a.labels, b.labels)
    assert np.abs(a.images - c.images).max() > .1


@pytest.mark.parametrize("name", ["shapes", "digits"])
def test_held_out_images_are_the_same_for_every_seed_and_disjoint(name):
  sets = {
      (seed, stream): list(open_data(name, seed=seed).held_out(stream))
      for seed in (0, 1) for stream in ("validation", "test")}
  for stream in ("validation", "test"):
    for a, b in zip(sets[0, stream], sets[1, stream]):
      np.testing.assert_array_equal(a.images, b.images)
  count = {k: sum(len(b.labels) for b in v) for k, v in sets.items()}
  assert count[0, "test"] == (600 if name == "shapes" else 400)
  test, validation = (
      np.concatenate([b.images for b in sets[0, s]]).reshape(count[0, s], -1)
      for s in ("test", "validation"))
  if name == "shapes":
    assert np.abs(test[:50, None] - validation[None, :50]).max(-1).min() > .1


def test_digits_are_split_without_overlap():
  data = open_data("digits")
  everything = np.concatenate([
      data._train.images.numpy().reshape(-1, 64),
      *(b.images.numpy().reshape(-1, 64) for stream in ("validation", "test")
        for b in data.held_out(stream))])
  assert len(everything) == 1797 == data.size + 700
  from sklearn import datasets
  images = datasets.load_digits(return_X_y=True)[0]
  np.testing.assert_array_equal(
      np.unique(everything, axis=0), np.unique(images / 8 - 1, axis=0))


def test_an_epoch_visits_every_image_once():
  data = open_data("digits", batch_size=100)
  seen = np.concatenate([
      data.train(tf.constant(i, tf.int64)).images.numpy().reshape(-1, 64)
      for i in range(data.size // 100)])
  assert len(np.unique(seen, axis=0)) == len(seen)


def test_augmentation_gets_another_seed_every_step():
  batch = data_lib.Batch(tf.zeros([4, 2, 2, 1], tf.uint8),
                         tf.zeros([4], tf.int32))
  data = data_lib.InMemory(
      batch, batch, batch, num_classes=2, seed=0, batch_size=4,
      prepare=lambda images: tf.cast(images, tf.float32),
      augment=lambda images, seed: images + tf.random.stateless_uniform(
          images.shape, seed))
  first, second = (data.train(tf.constant(i)).images for i in (0, 1))
  assert np.abs(first - second).max() > .1
  assert float(tf.reduce_max(next(data.held_out("test")).images)) == 0


def test_mistakes_are_one_sentence():
  with pytest.raises(errors.UserError, match="dataset must be one of shapes"):
    open_data("mnist")
  with pytest.raises(errors.UserError, match="validation or test"):
    next(open_data("shapes").held_out("train"))
