"""The committed table is what the sweep finds, on a sample."""

import pytest
import tensorflow as tf

from benchmarks.operations import cases, census, measure
from benchmarks.operations.cases.case import Case, call, normal
from sobolev_tf.checks import differences, directional
from sobolev_tf.derivatives import operations

SAMPLE = """
    Abs Betainc BlockLSTMV2 Conv2D Cumprod CumulativeLogsumexp DepthToSpace
    Dilation2D ExpandDims FusedBatchNorm GatherV2 LRN MatMul MatrixDiagPartV2
    MatrixInverse MaxPoolWithArgmax PadV2 Pow Prod ResizeBicubic ResizeBilinear
    Softplus Softsign SparseAdd StopGradient TensorListStack
    """.split()


@pytest.mark.parametrize("op", SAMPLE)
def test_the_table_can_be_made_again(op):
  assert measure.row(op, cases.by_operation()[op]) == operations.lookup(op)


def test_every_operation_has_a_row():
  known = cases.by_operation()
  for op in census.all_operations():
    row = operations.lookup(op)
    assert row is not None
    if op not in known:
      assert row == census.not_run(op)


def test_a_wrong_second_derivative_and_its_path():
  @tf.custom_gradient
  def cube(x):
    @tf.custom_gradient
    def first(dy):
      return 3 * x**2 * dy, lambda ddy: 2 * x**2 * ddy
    return x**3, first

  first, second = directional.check(
      lambda x: [cube(x[0])], [tf.constant(normal(3, 2))], 2)
  assert first.verdict == differences.RIGHT
  assert second.verdict == differences.WRONG and "seed" in second.note


def test_kinks_decide_nothing():
  verdicts = directional.check(
      lambda x: [tf.abs(x[0])], [tf.zeros([3], tf.float64)], 1)
  assert verdicts[0].verdict == differences.UNDECIDED


def test_what_goes_wrong_in_special_calls_is_a_note_only():
  usual = call("Square", normal(3))
  special = Case("Square", lambda x: [tf.nn.softsign(x[0])], (normal(3),),
                 special="odd")
  row = measure.row("Square", [usual, special])
  assert row.second == "right" and "odd: second missing" in row.note
