"""Tests of CIFAR-10 and ImageNet, on mocked data of their format."""

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.data import classification as data_lib

tfds = pytest.importorskip("tensorflow_datasets")
cifar10 = pytest.importorskip("sobolev_tf.data.cifar10")
imagenet = pytest.importorskip("sobolev_tf.data.imagenet")
prepared_lib = pytest.importorskip("sobolev_tf.data.prepared")


@pytest.fixture
def mocked():
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


def test_cifar10_is_standardised():
  means, deviations = np.array([[125.3, 123., 113.9], [63., 62.1, 66.7]])
  files = [png(np.rint(means)), png(np.rint(means + deviations))]
  with mocked_files(files, [3, 4]):
    data = data_lib.open_data("cifar10", seed=0, batch_size=2, held_out=0)
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


def test_an_epoch_of_imagenet_is_one_pass():
  with mocked_files([png(9)] * 20, range(20)):
    data = data_lib.open_data("imagenet", seed=3, batch_size=6, held_out=0)
    assert (data.size, data.steps_per_epoch) == (20, 3)
    batches = labels_of(data, range(9))
    epochs = np.reshape(batches, [3, 18])
    assert all(len(set(epoch)) == 18 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    # A run that resumes in the second epoch sees the same batches.
    resumed = data_lib.open_data("imagenet", seed=3, batch_size=6, held_out=0)
    assert labels_of(resumed, range(4, 9)) == batches[4:]
    other = data_lib.open_data("imagenet", seed=4, batch_size=6, held_out=0)
    assert labels_of(other, range(3)) != batches[:3]


def test_what_a_resumed_epoch_passes_over_is_not_decoded():
  with mocked_files([png(0)] * 8, range(8)):
    data = data_lib.open_data("imagenet", seed=0, batch_size=4, held_out=0)
    first, second = labels_of(data, range(2))
  files = [b"none" if label in first else png(0) for label in range(8)]
  with mocked_files(files, range(8)):
    data = data_lib.open_data("imagenet", seed=0, batch_size=4, held_out=0)
    assert labels_of(data, [1]) == [second]
    with pytest.raises(errors.UserError, match="damaged"):
      data.train(tf.constant(0))


@pytest.mark.parametrize("batch_size", [0, 21])
def test_no_whole_batch_of_imagenet(mocked, batch_size):
  with pytest.raises(errors.UserError, match=(
      "batch_size must be 1 to 20, the training images of imagenet2012, "
      f"got {batch_size}.")):
    data_lib.open_data(
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


METADATA = {"none": None, "empty": b"", "garbage": b"garbage",
            "no text": b"\xff\xfe", "cut": b'{"name": "cifar10", "spl',
            "other": b"{}", "no splits": b'{"version": "%s"}'}


@pytest.mark.parametrize("metadata", METADATA.values(), ids=METADATA)
@pytest.mark.parametrize("name", ["cifar10", "imagenet2012"])
def test_half_made_data_name_the_command(tmp_path, name, metadata):
  version = str(tfds.builder_cls(name).VERSION)
  folder = tmp_path / name / version
  folder.mkdir(parents=True)
  if metadata is not None:
    (folder / "dataset_info.json").write_bytes(
        metadata.replace(b"%s", version.encode()))
  with pytest.raises(errors.UserError) as caught:
    prepared_lib.load(name, "train", str(tmp_path))
  message = str(caught.value)
  assert message.startswith(f"The prepared {name} is absent or damaged: delete "
                            f"the folder {name} in '{tmp_path}'")
  assert f"tfds build {name} --data_dir={tmp_path}" in message
  assert "\n" not in message


def damaged(place, size):
  """Mocks images one of which is no JPEG."""
  good = tf.io.encode_jpeg(np.zeros([size, size, 3], np.uint8)).numpy()
  files = [good] * 4
  files[place] = good[:30]
  return mocked_files(files, [1] * 4)


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


def test_an_absent_file_is_named(tmp_path):
  absent = tmp_path / "cifar10-train.tfrecord-00000-of-00001"
  files = tf.data.TFRecordDataset(str(absent)).map(lambda file: (file, 0))
  with prepared(files), pytest.raises(errors.UserError) as caught:
    data_lib.open_data("cifar10", seed=0, batch_size=4, held_out=0)
  assert f"({absent}; No such file or directory)" in str(caught.value)


def test_a_file_with_too_few_records_is_damaged():
  files = tf.data.Dataset.from_tensors((png(0), 0)).apply(
      tf.data.experimental.assert_cardinality(2))
  with prepared(files):
    data = data_lib.open_data("imagenet", seed=0, batch_size=2, held_out=0)
    with pytest.raises(errors.UserError, match=(
        r"\(Input dataset was expected to contain 2 elements")):
      data.train(tf.constant(0))


def test_lack_of_memory_is_no_damage():
  def generate():
    raise MemoryError("no more")
    yield b"", 0
  files = tf.data.Dataset.from_generator(generate, output_signature=(
      tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.int32)))
  with prepared(files), pytest.raises(
      tf.errors.ResourceExhaustedError, match="no more"):
    data_lib.open_data("cifar10", seed=0, batch_size=4, held_out=0)


@pytest.mark.parametrize("label", [-1, 10, 11])
def test_a_label_of_cifar10_out_of_range(label):
  with mocked_files([png(0)] * 3, [0, label, 9]), pytest.raises(
      errors.UserError, match=(
          f"cifar10 holds the label {label}, but its labels must be 0 to 9.")):
    data_lib.open_data("cifar10", seed=0, batch_size=1, held_out=0)


@pytest.mark.parametrize("stream", ["train", "validation", "test"])
def test_a_label_of_imagenet_out_of_range(stream):
  with mocked_files([png(0)] * 3, [0, 999, 1000]):
    data = data_lib.open_data("imagenet", seed=0, batch_size=3, held_out=0)
    with pytest.raises(errors.UserError, match=(
        "imagenet2012 holds the label 1000, but its labels must be 0 to 999")):
      (data.train(tf.constant(0)) if stream == "train"
       else list(data.held_out(stream)))
