"""Tests of tables on disk."""

import numpy as np
import tensorflow as tf

from reproduce import tables


def test_columns_as_records(tmp_path):
  made = tables.records(x=np.array([.1, .2]), y=tf.constant([1, 2]))
  assert made == [{"x": .1, "y": 1}, {"x": .2, "y": 2}]
  tables.write(tmp_path / "t.csv", made)
  assert tables.read(tmp_path / "t.csv")[1] == {"x": "0.2", "y": "2"}


def test_table_round_trip(tmp_path):
  tables.write(
      tmp_path / "t", [{"a": .1, "b": "x,y\nz"}, {"a": 3, "b": ""}])
  assert tables.read(tmp_path / "t") == [
      {"a": "0.1", "b": "x,y\nz"}, {"a": "3", "b": ""}]
