"""Tests of CIFAR-10 and ImageNet, on mocked data of their format."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.data import classification as data_lib

tfds = pytest.importorskip("tensorflow_datasets")
images = pytest.importorskip("sobolev_tf.data.images")


@pytest.fixture
def mocked():
  with tfds.testing.mock_data(num_examples=20):
    yield


def test_cifar10(mocked):
  data = data_lib.open_data(
      "cifar10", seed=0, batch_size=6, held_out=0, train_on_validation=True)
  assert (data.shape, data.num_classes, data.compiled) == (
      (32, 32, 3), 10, True)
  batch = tf.function(data.train)(tf.constant(0, tf.int64))
  assert batch.images.shape == (6, 32, 32, 3)
  assert batch.images.dtype == tf.float32 and batch.labels.dtype == tf.int32
  assert data.size == len(data_lib.open_data(
      "cifar10", seed=0, batch_size=6, held_out=0)._train.images) * 2
  for stream in ("validation", "test"):
    (held_out,) = data.held_out(stream)
    assert held_out.images.shape[1:] == data.shape
    assert 0 <= held_out.labels.numpy().min() <= held_out.labels.numpy(
    ).max() < 10


def test_pad_crop_flip_moves_whole_images_by_up_to_four_pixels():
  rng = np.random.default_rng(0)
  originals = rng.normal(size=(200, 6, 5, 2)).astype(np.float32)
  moved = images.pad_crop_flip(tf.constant(originals), [1, 2]).numpy()
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
  again = images.pad_crop_flip(tf.constant(originals), [1, 2])
  np.testing.assert_array_equal(again, moved)


def test_imagenet(mocked):
  data = data_lib.open_data("imagenet", seed=0, batch_size=4, held_out=0)
  assert (data.shape, data.num_classes, data.compiled) == (
      (224, 224, 3), 1000, False)
  first = data.train(tf.constant(0))
  second = data.train(tf.constant(1))
  assert first.images.shape == (4, 224, 224, 3)
  assert first.images.dtype == tf.float32 and first.labels.dtype == tf.int32
  assert np.abs(first.images - second.images).max() > .1
  # A run that resumes at step 1 sees the batch of an uninterrupted one.
  resumed = data_lib.open_data("imagenet", seed=0, batch_size=4, held_out=0)
  np.testing.assert_array_equal(
      resumed.train(tf.constant(1)).images, second.images)
  batch = next(data.held_out("test"))
  assert batch.images.shape == (4, 224, 224, 3)


def test_central_crop_keeps_the_aspect_ratio_and_the_centre():
  image = np.zeros([300, 600, 3], np.uint8)
  image[:, 300 - 75:300 + 75] = 255
  crop = images.central_crop(tf.constant(image)).numpy()
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
    crop = images.random_crop(image, [seed, 0]).numpy()
    crop = crop * images._IMAGENET_DEVIATION + images._IMAGENET_MEAN
    height, width = (np.ptp(crop[..., c]) + 1 for c in (0, 1))
    shares.append(height * width / 200**2)
    flips.append(crop[0, 0, 1] > crop[0, -1, 1])
  assert .05 < min(shares) < .25 and .8 < max(shares) < 1.05
  assert .3 < np.mean(flips) < .7


@pytest.mark.parametrize("name, words", [
    ("cifar10", ["tfds build cifar10 --data_dir="]),
    ("imagenet", ["tfds build imagenet2012 --data_dir=", "--manual_dir=",
                  "ILSVRC2012_img_train.tar"])])
def test_absent_data_name_the_command(tmp_path, name, words):
  with pytest.raises(errors.UserError) as caught:
    data_lib.open_data(name, seed=0, batch_size=4, held_out=0,
                       folder=str(tmp_path))
  for word in words:
    assert word in str(caught.value)
  assert not list(tmp_path.iterdir())


def damaged(place, size):
  """Examples of a data set one of whose images is no JPEG."""
  def examples(builder, **options):
    del builder, options
    good = tf.io.encode_jpeg(np.zeros([size, size, 3], np.uint8)).numpy()
    files = [good] * 4
    files[place] = good[:30]
    return tf.data.Dataset.from_tensor_slices(files).map(
        lambda file: {"image": tf.io.decode_jpeg(file, channels=3),
                      "label": tf.constant(1, tf.int64)})
  return tfds.testing.mock_data(num_examples=4, as_dataset_fn=examples)


@pytest.mark.parametrize("stream", ["train", "validation", "test"])
def test_a_damaged_image_of_imagenet_is_one_sentence(stream):
  with damaged(2, 300):
    data = data_lib.open_data("imagenet", seed=0, batch_size=4, held_out=0)
    with pytest.raises(errors.UserError) as caught:
      (data.train(tf.constant(0)) if stream == "train"
       else list(data.held_out(stream)))
  message = str(caught.value)
  assert "prepared imagenet2012 holds a damaged" in message
  assert "tfds build imagenet2012 --manual_dir" in message
  assert "\n" not in message


def test_a_damaged_image_of_cifar10_is_one_sentence():
  with damaged(1, 32), pytest.raises(
      errors.UserError, match="prepared cifar10 holds a damaged"):
    data_lib.open_data("cifar10", seed=0, batch_size=4, held_out=0)
