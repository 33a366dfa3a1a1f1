"""Tests of augmentation."""

import numpy as np
import pytest
import tensorflow as tf

from reproduce.classification.data import augmentation


@pytest.mark.parametrize("pad, fill", [(4, 0.), (2, -.8)])
def test_pad_crop_flip_moves_whole_images_by_up_to_the_padding(pad, fill):
  rng = np.random.default_rng(0)
  originals = rng.normal(size=(200, 6, 5, 2)).astype(np.float32)
  moved = augmentation.pad_crop_flip(
      tf.constant(originals), [1, 2], pad=pad, fill=fill).numpy()
  assert moved.shape == originals.shape
  places = []
  for before, after in zip(originals, moved):
    padded = np.pad(before, ((pad, pad), (pad, pad), (0, 0)),
                    constant_values=fill)
    found = [(i, j, flip) for i in range(2 * pad + 1) for j in range(2 * pad + 1)
             for flip in (False, True)
             if np.array_equal(
                 padded[i:i + 6, j:j + 5][:, ::-1 if flip else 1], after)]
    assert found
    places.append(found[0])
  rows, columns, flips = zip(*places)
  assert set(rows) == set(columns) == set(range(2 * pad + 1))
  assert .35 < np.mean(flips) < .65
  again = augmentation.pad_crop_flip(
      tf.constant(originals), [1, 2], pad=pad, fill=fill)
  np.testing.assert_array_equal(again, moved)
