"""Tests of ImageNet, on mocked data of its format."""

import numpy as np
import pytest
import tensorflow as tf

from reproduce.classification.data import imagenet, opener
from sobolev_tf import errors

pytest.importorskip("tensorflow_datasets")
mocks = pytest.importorskip("mocked_images")
mocked = mocks.mocked


def test_imagenet(mocked):
  data = opener.open_data("imagenet", seed=0, batch_size=4, held_out=0)
  assert (data.shape, data.num_classes, data.compiled) == (
      (224, 224, 3), 1000, False)
  first = data.train(tf.constant(0))
  second = data.train(tf.constant(1))
  assert first.images.shape == (4, 224, 224, 3)
  assert first.images.dtype == tf.float32 and first.labels.dtype == tf.int32
  assert np.abs(first.images - second.images).max() > .1
  # A run that resumes at step 1 sees the batch of an uninterrupted one.
  resumed = opener.open_data("imagenet", seed=0, batch_size=4, held_out=0)
  np.testing.assert_array_equal(
      resumed.train(tf.constant(1)).images, second.images)
  batch = next(data.held_out("test"))
  assert batch.images.shape == (4, 224, 224, 3)


def test_an_epoch_of_imagenet_is_one_pass():
  with mocks.mocked_files([mocks.png(9)] * 20, range(20)):
    data = opener.open_data("imagenet", seed=3, batch_size=6, held_out=0)
    assert (data.size, data.steps_per_epoch) == (20, 3)
    batches = mocks.labels_of(data, range(9))
    epochs = np.reshape(batches, [3, 18])
    assert all(len(set(epoch)) == 18 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    # A run that resumes in the second epoch sees the same batches.
    resumed = opener.open_data("imagenet", seed=3, batch_size=6, held_out=0)
    assert mocks.labels_of(resumed, range(4, 9)) == batches[4:]
    other = opener.open_data("imagenet", seed=4, batch_size=6, held_out=0)
    assert mocks.labels_of(other, range(3)) != batches[:3]


def test_what_a_resumed_epoch_passes_over_is_not_decoded():
  with mocks.mocked_files([mocks.png(0)] * 8, range(8)):
    data = opener.open_data("imagenet", seed=0, batch_size=4, held_out=0)
    first, second = mocks.labels_of(data, range(2))
  files = [b"none" if label in first else mocks.png(0) for label in range(8)]
  with mocks.mocked_files(files, range(8)):
    data = opener.open_data("imagenet", seed=0, batch_size=4, held_out=0)
    assert mocks.labels_of(data, [1]) == [second]
    with pytest.raises(errors.UserError, match="damaged"):
      data.train(tf.constant(0))


@pytest.mark.parametrize("batch_size", [0, 21])
def test_no_whole_batch_of_imagenet(mocked, batch_size):
  with pytest.raises(errors.UserError, match=(
      "batch_size must be 1 to 20, the training images of imagenet2012, "
      f"got {batch_size}.")):
    opener.open_data(
        "imagenet", seed=0, batch_size=batch_size, held_out=0)


@pytest.mark.parametrize("crop", [
    imagenet.central_crop, lambda image: imagenet.random_crop(image, [1, 2])])
@pytest.mark.parametrize("colour, expected", [
    ((124, 116, 104), 0.), ((182, 173, 161), 1.), ((65, 59, 46), -1.)])
def test_crops_are_standardised(crop, colour, expected):
  image = tf.constant(np.full([300, 400, 3], colour, np.uint8))
  np.testing.assert_allclose(
      crop(image), np.full([224, 224, 3], expected), atol=.012)


def test_central_crop_keeps_the_aspect_ratio_and_the_centre():
  image = np.zeros([300, 600, 3], np.uint8)
  image[:, 300 - 75:300 + 75] = 255
  crop = imagenet.central_crop(tf.constant(image)).numpy()
  assert crop.shape == (224, 224, 3)
  bright = (crop[112, :, 0] > 0).sum()  # 150 pixels at 256/300
  assert abs(bright - 128) <= 2
  assert abs((crop[112, :, 0] > 0).nonzero()[0].mean() - 111.5) <= 1


def test_random_crop_covers_8_to_100_percent():
  # The image is its own coordinates, so a crop shows where it was cut out.
  y, x = np.mgrid[:200, :200]
  image = tf.constant(np.stack([y, x, x], -1), tf.uint8)
  shares, flips = [], []
  for seed in range(60):
    crop = imagenet.random_crop(image, [seed, 0]).numpy()
    crop = crop * imagenet._DEVIATION + imagenet._MEAN
    height, width = (np.ptp(crop[..., c]) + 1 for c in (0, 1))
    shares.append(height * width / 200**2)
    flips.append(crop[0, 0, 1] > crop[0, -1, 1])
  assert .05 < min(shares) < .25 and .8 < max(shares) < 1.05
  assert .3 < np.mean(flips) < .7


@pytest.mark.parametrize("stream", ["train", "validation", "test"])
def test_a_damaged_image_of_imagenet_is_one_sentence(stream):
  with mocks.damaged(2, 300):
    data = opener.open_data("imagenet", seed=0, batch_size=4, held_out=0)
    with pytest.raises(errors.UserError) as caught:
      (data.train(tf.constant(0)) if stream == "train"
       else list(data.held_out(stream)))
  message = str(caught.value)
  assert "prepared imagenet2012 holds a damaged" in message
  assert "tfds build imagenet2012 --manual_dir" in message
  assert "\n" not in message


@pytest.mark.parametrize("stream", ["train", "validation", "test"])
def test_a_label_of_imagenet_out_of_range(stream):
  with mocks.mocked_files([mocks.png(0)] * 3, [0, 999, 1000]):
    data = opener.open_data("imagenet", seed=0, batch_size=3, held_out=0)
    with pytest.raises(errors.UserError, match=(
        "imagenet2012 holds the label 1000, but its labels must be 0 to 999")):
      (data.train(tf.constant(0)) if stream == "train"
       else list(data.held_out(stream)))
