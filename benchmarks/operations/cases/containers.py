"""Sparse, ragged and list-like tensors."""

import numpy as np
import tensorflow as tf

from benchmarks.operations.cases.case import call, each, int64, like, normal, of

_INDICES = int64([[0, 1], [1, 0], [2, 3]])
_SHAPE = int64([3, 4])
_SPARSE = {"sp_indices": _INDICES, "sp_shape": _SHAPE}
_DENSE = normal(3, 4) + 3.


def _list(x):
  return tf.raw_ops.TensorListFromTensor(tensor=x, element_shape=[4])


def _stack(handle, x):
  return tf.raw_ops.TensorListStack(
      input_handle=handle, element_shape=[4], element_dtype=x.dtype)


def _matrix(x):
  """A sparse matrix of all entries."""
  return tf.raw_ops.DenseToCSRSparseMatrix(
      dense_input=x, indices=int64(list(np.ndindex(3, 4))))


def _dense(matrix, x):
  return tf.raw_ops.CSRSparseMatrixToDense(sparse_input=matrix, type=x.dtype)


def _in_list(op, function):
  return of(op, function, normal(3, 4))


def _cwise(op):
  return of(op, lambda raw, x, y: raw(sp_values=x, dense=y, **_SPARSE),
            normal(3), _DENSE)


def _sparse_pair(op):
  return of(op, lambda raw, x, y: raw(
      a_indices=_INDICES, a_values=x, a_shape=_SHAPE, b_indices=_INDICES,
      b_values=y, b_shape=_SHAPE), normal(3), normal(3, seed=1))


def _ragged(x):
  return tf.raw_ops.RaggedTensorToVariant(
      rt_nested_splits=[int64([0, 1, 3])], rt_dense_values=x,
      batched_input=False)


CASES = [
    *each("SparseDenseCwiseAdd SparseDenseCwiseDiv SparseDenseCwiseMul",
          _cwise),
    *each("SparseSparseMaximum SparseSparseMinimum", _sparse_pair),
    of("SparseAdd", lambda raw, x, y: raw(
        a_indices=_INDICES, a_values=x, a_shape=_SHAPE, b_indices=_INDICES,
        b_values=y, b_shape=_SHAPE, thresh=like(0.)(x.dtype)),
       normal(3), normal(3, seed=1)),
    of("SparseTensorDenseAdd", lambda raw, x, y: raw(
        a_indices=_INDICES, a_values=x, a_shape=_SHAPE, b=y), normal(3),
       _DENSE),
    of("SparseTensorDenseMatMul", lambda raw, x, y: raw(
        a_indices=_INDICES, a_values=x, a_shape=_SHAPE, b=y), normal(3),
       normal(4, 2)),
    of("SparseToDense", lambda raw, x, y: raw(
        sparse_indices=_INDICES, output_shape=_SHAPE, sparse_values=x,
        default_value=y), normal(3), normal(seed=1)),
    of("SparseSoftmax", lambda raw, x: raw(sp_values=x, **_SPARSE), normal(3)),
    of("SparseReorder", lambda raw, x: raw(
        input_indices=_INDICES[::-1].copy(), input_values=x,
        input_shape=_SHAPE), normal(3)),
    of("SparseSlice", lambda raw, x: raw(
        indices=_INDICES, values=x, shape=_SHAPE, start=int64([0, 0]),
        size=int64([2, 4])), normal(3)),
    of("SparseFillEmptyRows", lambda raw, x, y: raw(
        indices=_INDICES[1:], values=x, dense_shape=_SHAPE, default_value=y),
       normal(2), normal(seed=1)),
    *each("SparseReduceSum SparseReduceMax", lambda op: of(
        op, lambda raw, x: raw(
            input_indices=_INDICES, input_values=x, input_shape=_SHAPE,
            reduction_axes=[1]), normal(3))),
    of("SparseConcat", lambda raw, x, y: raw(
        indices=[_INDICES, _INDICES], values=[x, y], shapes=[_SHAPE, _SHAPE],
        concat_dim=0), normal(3), normal(3, seed=1)),
    of("SparseSplit", lambda raw, x: raw(
        split_dim=int64(1), indices=_INDICES, values=x, shape=_SHAPE,
        num_split=2), normal(3)),
    of("DenseToCSRSparseMatrix", lambda raw, x: _dense(_matrix(x), x), _DENSE),
    of("CSRSparseMatrixToDense", lambda raw, x: _dense(_matrix(x), x), _DENSE),
    of("SparseTensorToCSRSparseMatrix", lambda raw, x: _dense(raw(
        indices=_INDICES, values=x, dense_shape=_SHAPE), x), normal(3)),
    of("CSRSparseMatrixToSparseTensor", lambda raw, x: raw(
        sparse_matrix=_matrix(x), type=x.dtype), _DENSE),
    of("SparseMatrixMatMul", lambda raw, x, y: raw(a=_matrix(x), b=y), _DENSE,
       normal(4, 2)),
    of("SparseMatrixAdd", lambda raw, x, y: _dense(raw(
        a=_matrix(x), b=_matrix(y), alpha=like(1.)(x.dtype),
        beta=like(1.)(x.dtype)), x), _DENSE, _DENSE + 1.),
    of("SparseMatrixMul", lambda raw, x, y: _dense(
        raw(a=_matrix(x), b=y), x), _DENSE, normal()),
    of("SparseMatrixTranspose", lambda raw, x: _dense(
        raw(input=_matrix(x), type=x.dtype), x), _DENSE),
    of("SparseMatrixSoftmax", lambda raw, x: _dense(
        raw(logits=_matrix(x), type=x.dtype), x), _DENSE),
    of("SparseMatrixSparseMatMul", lambda raw, x, y: _dense(raw(
        a=_matrix(x), b=_matrix(y), type=x.dtype, transpose_b=True), x),
       _DENSE, _DENSE + 1.),
    of("RaggedGather", lambda raw, x: raw(
        params_nested_splits=[int64([0, 1, 3])], params_dense_values=x,
        indices=[1, 0, 1], OUTPUT_RAGGED_RANK=1), normal(3, 2)),
    of("RaggedTensorToSparse", lambda raw, x: raw(
        rt_nested_splits=[int64([0, 1, 3])], rt_dense_values=x), normal(3)),
    of("RaggedTensorToTensor", lambda raw, x: raw(
        shape=int64([2, 2]), values=x, default_value=like(0.)(x.dtype),
        row_partition_tensors=[int64([0, 1, 3])],
        row_partition_types=["ROW_SPLITS"]), normal(3)),
    of("RaggedTensorToVariant", lambda raw, x: tf.raw_ops.
       RaggedTensorFromVariant(
           encoded_ragged=_ragged(x), input_ragged_rank=1,
           output_ragged_rank=1, Tvalues=x.dtype), normal(3)),
    of("RaggedFillEmptyRows", lambda raw, x, y: raw(
        value_rowids=int64([0, 2]), values=x, nrows=int64(3),
        default_value=y), normal(2), normal(seed=1)),
    of("RaggedRange", lambda raw, x: raw(
        starts=x, limits=x + 3., deltas=tf.ones_like(x)), normal(2)),
    _in_list("TensorListFromTensor", lambda raw, x: _stack(_list(x), x)),
    _in_list("TensorListStack", lambda raw, x: _stack(_list(x), x)),
    _in_list("TensorListGather", lambda raw, x: raw(
        input_handle=_list(x), indices=[0, 2], element_shape=[4],
        element_dtype=x.dtype)),
    _in_list("TensorListGetItem", lambda raw, x: raw(
        input_handle=_list(x), index=1, element_shape=[4],
        element_dtype=x.dtype)),
    _in_list("TensorListSetItem", lambda raw, x: _stack(
        raw(input_handle=_list(x), index=1, item=x[0] * 2.), x)),
    _in_list("TensorListPopBack", lambda raw, x: raw(
        input_handle=_list(x), element_shape=[4], element_dtype=x.dtype)[1]),
    _in_list("TensorListPushBack", lambda raw, x: _stack(
        raw(input_handle=_list(x), tensor=x[0] * 2.), x)),
    _in_list("TensorListConcatV2", lambda raw, x: raw(
        input_handle=_list(x), element_shape=[4], leading_dims=int64([]),
        element_dtype=x.dtype)[0]),
    _in_list("TensorListScatterV2", lambda raw, x: _stack(raw(
        tensor=x, indices=[1, 0, 2], element_shape=[4], num_elements=-1), x)),
    _in_list("TensorListScatterIntoExistingList", lambda raw, x: _stack(raw(
        input_handle=_list(x), tensor=x[:2] * 2., indices=[1, 0]), x)),
    _in_list("TensorListSplit", lambda raw, x: _stack(raw(
        tensor=tf.reshape(x, [-1]), element_shape=[4],
        lengths=int64([4, 4, 4])), x)),
    _in_list("TensorListResize", lambda raw, x: _stack(raw(
        input_handle=_list(x), size=2), x)),
    _in_list("TensorListConcatLists", lambda raw, x: _stack(raw(
        input_a=_list(x), input_b=_list(x * x), element_dtype=x.dtype), x)),
    call("RandomGammaGrad", np.abs(normal(3)) + .5,
         np.abs(normal(3, seed=1)) + .5, zeros=False),
]
