"""Tests of idx files: read, damaged or of another kind."""

import gzip

import numpy as np
import pytest

from reproduce.classification.data import idx
from sobolev_tf import errors

# Two rows of three bytes, written by hand.
CONTENT = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255])
PACKED = gzip.compress(CONTENT, mtime=0)


@pytest.mark.parametrize("name, content", [
    ("plain", CONTENT), ("packed.gz", PACKED)])
def test_read(tmp_path, name, content):
  (tmp_path / name).write_bytes(content)
  array = idx.read(tmp_path / name, 2)
  assert array.dtype == np.uint8
  np.testing.assert_array_equal(array, [[1, 2, 3], [4, 5, 255]])


@pytest.mark.parametrize("name, content, words", [
    ("a", CONTENT[:-1], r"damaged: an array of shape \(2, 3\) makes 18 bytes"),
    ("a", CONTENT + b"x", "but it holds 19"),
    ("a", CONTENT[:9], "is damaged|is no idx file"),
    ("a", b"", "no idx file"),
    ("a", bytes([0, 0, 13]) + CONTENT[3:], "with 00000d02, not 00000802"),
    ("a", CONTENT[:3] + b"\1" + CONTENT[4:], "in 2 dimensions"),
    ("a", b"\0\0\x08\2" + b"\xff" * 8, "is damaged"),  # 1.8e19 bytes
    ("a.gz", CONTENT, "cannot be read"),
    ("a.gz", PACKED[:-12], "cannot be read"),
    ("a.gz", PACKED[:12] + b"\xff\xff" + PACKED[14:], "cannot be read"),
])
def test_damaged_files_are_one_sentence(tmp_path, name, content, words):
  (tmp_path / name).write_bytes(content)
  with pytest.raises(errors.UserError, match=words) as caught:
    idx.read(tmp_path / name, 2)
  assert name in str(caught.value) and "\n" not in str(caught.value)


def test_an_absent_file_is_one_sentence(tmp_path):
  with pytest.raises(errors.UserError, match="cannot be read .*No such file"):
    idx.read(tmp_path / "absent", 1)
