"""Tests of prepared data that are absent, half made or damaged."""

import pytest
import tensorflow as tf

from reproduce.classification.data import opener, prepared
from sobolev_tf import errors

tfds = pytest.importorskip("tensorflow_datasets")
mocks = pytest.importorskip("mocked_images")


@pytest.mark.parametrize("name, words", [
    ("cifar10", ["tfds build cifar10 --data_dir="]),
    ("imagenet", ["tfds build imagenet2012 --data_dir=", "--manual_dir=",
                  "ILSVRC2012_img_train.tar"])])
def test_absent_data_name_the_command(tmp_path, name, words):
  with pytest.raises(errors.UserError) as caught:
    opener.open_data(name, seed=0, batch_size=4, held_out=0,
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
    prepared.load(name, "train", str(tmp_path))
  message = str(caught.value)
  assert message.startswith(f"The prepared {name} is absent or damaged: delete "
                            f"the folder {name} in '{tmp_path}'")
  assert f"tfds build {name} --data_dir={tmp_path}" in message
  assert "\n" not in message


def test_an_absent_file_is_named(tmp_path):
  absent = tmp_path / "cifar10-train.tfrecord-00000-of-00001"
  files = tf.data.TFRecordDataset(str(absent)).map(lambda file: (file, 0))
  with mocks.prepared(files), pytest.raises(errors.UserError) as caught:
    opener.open_data("cifar10", seed=0, batch_size=4, held_out=0)
  assert f"({absent}; No such file or directory)" in str(caught.value)


def test_a_file_with_too_few_records_is_damaged():
  files = tf.data.Dataset.from_tensors((mocks.png(0), 0)).apply(
      tf.data.experimental.assert_cardinality(2))
  with mocks.prepared(files):
    data = opener.open_data("imagenet", seed=0, batch_size=2, held_out=0)
    with pytest.raises(errors.UserError, match=(
        r"\(Input dataset was expected to contain 2 elements")):
      data.train(tf.constant(0))


def test_lack_of_memory_is_no_damage():
  def generate():
    raise MemoryError("no more")
    yield b"", 0
  files = tf.data.Dataset.from_generator(generate, output_signature=(
      tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.int32)))
  with mocks.prepared(files), pytest.raises(
      tf.errors.ResourceExhaustedError, match="no more"):
    opener.open_data("cifar10", seed=0, batch_size=4, held_out=0)
