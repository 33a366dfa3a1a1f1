"""Tests of Fashion-MNIST, on small files of its format."""

import gzip
import pathlib

import fashion_files
import numpy as np
import pytest
import tensorflow as tf

from reproduce.classification.data import fashion_mnist, opener
from sobolev_tf import errors

BLACK = (0 - 72.94) / 90.02


@pytest.fixture
def folder(tmp_path, monkeypatch):
  monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path / "package")
  (tmp_path / "data").mkdir()
  return fashion_files.write(tmp_path / "data", monkeypatch)


def open_data(folder, **options):
  options = {"seed": 0, "batch_size": 16, "held_out": 0, **options}
  return opener.open_data("fashion_mnist", folder=folder and str(folder),
                          **options)


def test_held_out_images_are_framed_in_black_and_standardised(folder):
  data = open_data(folder)
  assert (data.shape, data.num_classes, data.compiled, data.size) == (
      (32, 32, 1), 10, True, 110)
  written = fashion_files.arrays()
  (test,), (validation,) = map(list, map(data.held_out, ("test", "validation")))
  for batch, part, rows in ((test, "t10k", slice(None)),
                            (validation, "train", slice(110, None))):
    np.testing.assert_allclose(
        batch.images[:, 2:-2, 2:-2, 0],
        (written[f"{part}-images-idx3-ubyte.gz"][rows] - 72.94) / 90.02,
        rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(
        batch.labels, written[f"{part}-labels-idx1-ubyte.gz"][rows])
    frame = np.ones([32, 32], bool)
    frame[2:-2, 2:-2] = False
    np.testing.assert_allclose(batch.images.numpy()[:, frame], BLACK, rtol=1e-6)


def test_training_images_are_the_others(folder):
  data = open_data(folder, batch_size=110)
  images, labels = tf.function(data.train)(tf.constant(0, tf.int64))
  assert images.dtype == tf.float32 and labels.dtype == tf.int32
  written = fashion_files.arrays()
  np.testing.assert_allclose(
      images[:, 2:-2, 2:-2, 0],
      (written["train-images-idx3-ubyte.gz"][:110] - 72.94) / 90.02,
      rtol=1e-5, atol=1e-6)
  np.testing.assert_array_equal(
      labels, written["train-labels-idx1-ubyte.gz"][:110])


def test_validation_images_can_be_trained_on(folder):
  assert open_data(folder, train_on_validation=True).size == 120


def test_the_packages_folder_is_the_default(folder):
  folder.rename(fashion_mnist.DEBIAN)
  assert open_data(None).size == 110


def test_files_may_be_unpacked(folder):
  for path in folder.iterdir():
    path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    path.unlink()
  assert open_data(folder).size == 110


def test_it_comes_from_tensorflow_datasets_too(tmp_path, monkeypatch):
  mocks = pytest.importorskip("mocked_images")
  monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path / "package")
  with mocks.tfds.testing.mock_data(num_examples=24):
    data = open_data(None)
  assert (data.shape, data.size) == ((32, 32, 1), 22)
  assert data.train(tf.constant(0, tf.int64)).images.shape == (16, 32, 32, 1)


def test_absent_data_name_both_commands(tmp_path, monkeypatch):
  pytest.importorskip("tensorflow_datasets")
  monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path / "package")
  with pytest.raises(errors.UserError) as caught:
    open_data(tmp_path)
  for words in (f"tfds build fashion_mnist --data_dir={tmp_path}",
                "apt-get install dataset-fashion-mnist"):
    assert words in str(caught.value)
  assert "\n" not in str(caught.value)


IMAGES, LABELS = "images-idx3-ubyte.gz", "labels-idx1-ubyte.gz"


def _relabelled(folder, value):
  labels = fashion_files.arrays()[f"train-{LABELS}"]
  labels[labels == 3] = value
  (folder / f"train-{LABELS}").write_bytes(fashion_files.pack(labels))


def _swap(folder, one, other):
  contents = [(folder / name).read_bytes() for name in (one, other)]
  for name, content in zip((other, one), contents):
    (folder / name).write_bytes(content)


DAMAGE = {
    "no labels": (lambda f: (f / f"t10k-{LABELS}").unlink(),
                  "incomplete: t10k-labels-idx1-ubyte .* is missing"),
    "one file only": (lambda f: [(f / f"{name}").unlink() for name in (
        f"t10k-{IMAGES}", f"t10k-{LABELS}", f"train-{LABELS}")],
                      "train-labels-idx1-ubyte and .* are missing"),
    "images for labels": (
        lambda f: _swap(f, f"train-{IMAGES}", f"train-{LABELS}"),
        "no idx file of bytes in 3 dimensions"),
    "test for training": (
        lambda f: _swap(f, f"train-{IMAGES}", f"t10k-{IMAGES}"),
        r"shape \(20, 28, 28\), but that of Fashion-MNIST has \(120, 28"),
    "another's labels": (
        lambda f: _swap(f, f"train-{LABELS}", f"t10k-{LABELS}"),
        r"shape \(20,\), but that of Fashion-MNIST has \(120,\)"),
    "truncated": (lambda f: (f / f"train-{IMAGES}").write_bytes(
        (f / f"train-{IMAGES}").read_bytes()[:-100]), "cannot be read"),
    "a label of 10": (lambda f: _relabelled(f, 10), "0 to 9 occurs 12 times"),
    "as MNIST": (lambda f: _relabelled(f, 4), "not Fashion-MNIST's"),
}


@pytest.mark.parametrize("damage, words", DAMAGE.values(), ids=DAMAGE)
def test_damaged_sets_are_one_sentence(folder, damage, words):
  damage(folder)
  with pytest.raises(errors.UserError, match=words) as caught:
    open_data(folder)
  assert str(folder) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.skipif(not pathlib.Path(
    "/usr/share/datasets/fashion-mnist").exists(),
                    reason="needs the package dataset-fashion-mnist")
def test_the_published_files():
  data = open_data(None, train_on_validation=True)
  (images,) = data._train[:1]
  pixels = tf.cast(images, tf.float32)
  assert float(tf.reduce_mean(pixels)) == pytest.approx(72.94, abs=.01)
  assert float(tf.math.reduce_std(pixels)) == pytest.approx(90.02, abs=.01)
