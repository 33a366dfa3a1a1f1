"""Tests of the digits: their split and their epochs."""

import numpy as np
import pytest
import tensorflow as tf

from reproduce.classification.data import digits

datasets = pytest.importorskip("sklearn.datasets")


def test_digits_are_split_without_overlap():
  data = digits.open_digits(seed=0, batch_size=8)
  everything = np.concatenate([
      data._train.images.numpy().reshape(-1, 64),
      *(b.images.numpy().reshape(-1, 64) for stream in ("validation", "test")
        for b in data.held_out(stream))])
  assert len(everything) == 1797 == data.size + 700
  images = datasets.load_digits(return_X_y=True)[0]
  np.testing.assert_array_equal(
      np.unique(everything, axis=0), np.unique(images / 8 - 1, axis=0))


def test_an_epoch_visits_every_image_once():
  data = digits.open_digits(seed=0, batch_size=100)
  seen = np.concatenate([
      data.train(tf.constant(i, tf.int64)).images.numpy().reshape(-1, 64)
      for i in range(data.size // 100)])
  assert len(np.unique(seen, axis=0)) == len(seen)
