"""Tests of what data sets share: augmentation, keys, streams."""

import numpy as np
import pytest
import tensorflow as tf

from reproduce.classification.data import base
from sobolev_tf import errors


def test_augmentation_gets_another_seed_every_step():
  batch = base.Batch(tf.zeros([4, 2, 2, 1], tf.uint8),
                         tf.zeros([4], tf.int32))
  data = base.InMemory(
      batch, batch, batch, num_classes=2, seed=0, batch_size=4,
      prepare=lambda images: tf.cast(images, tf.float32),
      augment=lambda images, seed: images + tf.random.stateless_uniform(
          images.shape, seed))
  first, second = (data.train(tf.constant(i)).images for i in (0, 1))
  assert np.abs(first - second).max() > .1
  assert float(tf.reduce_max(next(data.held_out("test")).images)) == 0


def test_keys_differ_by_name_and_seed():
  keys = [tuple(base.random_key(name, seed).numpy())
          for name in ("train", "test") for seed in (0, 1)]
  assert len(set(keys)) == 4
  assert keys[0] == tuple(base.random_key("train", 0).numpy())


def test_only_held_out_streams_are_held_out():
  assert [base.check_stream(name) for name in ("validation", "test")] == [
      "validation", "test"]
  with pytest.raises(errors.UserError, match="validation or test"):
    base.check_stream("train")
