"""Every data set that needs no download keeps the common promises."""

import numpy as np
import pytest
import tensorflow as tf

from reproduce.classification.data import opener
from sobolev_tf import errors


def open_data(name, **options):
  if name == "digits":
    pytest.importorskip("sklearn")
  options = {"seed": 0, "batch_size": 8, "held_out": 600, **options}
  return opener.open_data(name, **options)


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


def test_mistakes_are_one_sentence():
  with pytest.raises(errors.UserError, match="dataset must be one of shapes"):
    open_data("mnist")
  with pytest.raises(errors.UserError, match="validation or test"):
    next(open_data("shapes").held_out("train"))
