"""The table of operations: how it is read and what it must know."""

import pytest
import tensorflow as tf

from sobolev_tf.derivatives import operations


def test_it_is_about_the_installed_version():
  assert operations.version() == tf.__version__


@pytest.mark.parametrize("op, first, second", [
    ("MatMul", "right", "right"), ("Tanh", "right", "right"),
    ("Conv2D", "right", "right"), ("Softsign", "right", "missing"),
    ("LRN", "right", "missing"), ("ResizeBicubic", "right", "missing"),
    ("ResizeBilinear", "right", "wrong"), ("StopGradient", "none", ""),
    ("BlockLSTMV2", "wrong", "missing")])
def test_verdicts(op, first, second):
  verdict = operations.lookup(op)
  assert (verdict.first, verdict.second) == (first, second)


@pytest.mark.parametrize("op, at_zero", [
    ("Prod", "second wrong"), ("Cumprod", "first wrong"),
    ("Pow", "third wrong"), ("MatMul", "right"), ("Relu", "")])
def test_zeros(op, at_zero):
  assert operations.lookup(op).at_zero == at_zero


def test_calls_of_functions_are_not_judged():
  assert operations.lookup("StatefulPartitionedCall").first == ""


def test_unknown_operations():
  assert operations.lookup("NoSuchOperation") is None


def test_the_table_comes_back_as_it_was_written():
  version, rows = operations.table()
  text = operations.to_csv(version, rows.values())
  path = operations.importlib.resources.files("sobolev_tf.derivatives")
  assert text == path.joinpath("operations.csv").read_text(encoding="utf-8")
  assert len(rows) > 800
  assert sum(bool(row.dtypes) for row in rows.values()) > 350
