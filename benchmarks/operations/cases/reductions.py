"""Reductions, running sums, segments and sorting."""

import numpy as np
import tensorflow as tf

from benchmarks.operations.cases.case import (
    apart,
    call,
    each,
    int64,
    like,
    normal,
    of,
)

_X = normal(4, 5)
_IDS = [0, 0, 1, 1]


def _reduction(op):
  return of(op, lambda raw, x: raw(input=x, axis=[1]), _X)


def _segment(op):
  return of(op, lambda raw, x: raw(data=x, segment_ids=_IDS), _X)


def _unsorted(op):
  return of(op, lambda raw, x: raw(
      data=x, segment_ids=[1, 0, 1, 2], num_segments=3), _X)


def _sparse_segment(op, **attributes):
  return of(op, lambda raw, x: raw(
      data=x, indices=[0, 2, 3, 2], segment_ids=_IDS, **attributes), _X)


def _sparse_segment_gradient(op):
  return of(op, lambda raw, x: raw(
      grad=x, indices=[0, 2, 3, 2], segment_ids=_IDS, output_dim0=4),
      normal(2, 5))


CASES = [
    *each("EuclideanNorm Max Mean Min Prod Sum", _reduction),
    *each("EuclideanNorm Prod", lambda op: of(
        op, lambda raw, x: raw(input=x, axis=[0, 1], keep_dims=True), _X)),
    call("L2Loss", _X),
    *each("Cumprod Cumsum CumulativeLogsumexp", lambda op: of(
        op, lambda raw, x: raw(x=x, axis=1), _X)),
    *each("CumulativeLogsumexp", lambda op: of(
        op, lambda raw, x: raw(x=x, axis=0, reverse=True), _X)),
    *each("Cumprod Cumsum", lambda op: of(
        op, lambda raw, x: raw(x=x, axis=1, exclusive=True, reverse=True), _X)),
    *each("SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum", _segment),
    *each("SegmentMaxV2 SegmentMinV2 SegmentProdV2 SegmentSumV2",
          lambda op: of(op, lambda raw, x: raw(
              data=x, segment_ids=_IDS, num_segments=2), _X)),
    *each("UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd "
          "UnsortedSegmentSum", _unsorted),
    *each("SparseSegmentMean SparseSegmentSqrtN SparseSegmentSum",
          _sparse_segment),
    *each("SparseSegmentMeanWithNumSegments SparseSegmentSqrtNWithNumSegments "
          "SparseSegmentSumWithNumSegments",
          lambda op: _sparse_segment(op, num_segments=2)),
    *each("SparseSegmentMeanGrad SparseSegmentSqrtNGrad SparseSegmentSumGrad",
          _sparse_segment_gradient),
    call("Softmax", _X),
    call("LogSoftmax", _X),
    call("TopKV2", _X, k=2),
    call("ApproxTopK", apart(4, 5), k=2),
    call("NthElement", _X, n=2),
    of("IsotonicRegression", lambda raw, x: raw(
        input=x, output_dtype=x.dtype)[0], _X),
    call("Unique", normal(5)),
    of("Bincount", lambda raw, x: raw(
        arr=np.array([0, 1, 1, 2], np.int32), size=3, weights=x), normal(4)),
    of("DenseBincount", lambda raw, x: raw(
        input=np.array([0, 1, 1, 2], np.int32), size=3, weights=x), normal(4)),
    of("SoftmaxCrossEntropyWithLogits", lambda raw, x: raw(
        features=x, labels=like(np.full((4, 5), .2))(x.dtype))[0], _X),
    of("SoftmaxCrossEntropyWithLogits", lambda raw, x, y: raw(
        features=x, labels=tf.nn.softmax(y))[0], _X, normal(4, 5, seed=1),
       special="labels that are differentiated"),
    of("SparseSoftmaxCrossEntropyWithLogits", lambda raw, x: raw(
        features=x, labels=[0, 1, 2, 4])[0], _X),
    of("CTCLoss", lambda raw, x: raw(
        inputs=x, labels_indices=int64([[0, 0], [0, 1]]),
        labels_values=[0, 1], sequence_length=[6])[0], normal(6, 1, 4)),
    of("CTCLossV2", lambda raw, x: raw(
        inputs=x, labels_indices=int64([[0, 0], [0, 1]]),
        labels_values=[1, 2], sequence_length=[6])[0], normal(6, 1, 4)),
]
