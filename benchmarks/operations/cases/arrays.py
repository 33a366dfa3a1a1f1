"""Operations that move numbers."""

import numpy as np
import tensorflow as tf

from benchmarks.operations.cases.case import call, each, like, normal, of

_X = normal(4, 6)
_IMAGE = normal(2, 4, 4, 8)


def _pair(**attributes):
  """Two arguments given as a list, or one after another in one."""
  return lambda op: of(op, lambda raw, x, y: raw(**{
      name: [x, y] if value is None else value
      for name, value in attributes.items()}), _X, normal(4, 6, seed=1))


def _indexed(op, indices, updates):
  return of(op, lambda raw, x, y: raw(
      tensor=x, indices=indices, updates=y), _X, updates)


CASES = [
    call("BroadcastTo", normal(3, 1, 2), shape=[2, 3, 4, 2]),
    call("ExpandDims", _X, axis=1),
    call("Squeeze", normal(3, 1, 2), axis=[1]),
    call("Reshape", _X, shape=[3, 8]),
    call("Transpose", _X, perm=[1, 0]),
    call("ConjugateTranspose", _X, perm=[1, 0]),
    call("Tile", _X, multiples=[2, 3]),
    call("Fill", normal(), dims=[3, 2]),
    call("Reverse", _X, dims=[True, False]),
    call("ReverseV2", _X, axis=[0]),
    call("Roll", _X, shift=2, axis=1),
    call("ReverseSequence", _X, seq_lengths=np.array([1, 2, 3, 4]), seq_dim=1),
    call("Slice", _X, begin=[1, 2], size=[2, 3]),
    call("StridedSlice", _X, begin=[0, 1], end=[4, 6], strides=[1, 2]),
    call("StridedSliceGrad", normal(4, 3), shape=[4, 6], begin=[0, 1],
         end=[4, 6], strides=[1, 2]),
    call("TensorStridedSliceUpdate", _X, normal(4, 3, seed=1), begin=[0, 1],
         end=[4, 6], strides=[1, 2]),
    *each("Concat", _pair(concat_dim=0, values=None)),
    *each("ConcatV2", _pair(values=None, axis=1)),
    *each("Pack", _pair(values=None, axis=1)),
    *each("DynamicStitch ParallelDynamicStitch", _pair(
        indices=[[0, 2, 4, 6], [1, 3, 5, 7]], data=None)),
    *each("ParallelConcat", lambda op: of(
        op, lambda raw, x, y: raw(values=[x, y], shape=[2, 6]),
        normal(1, 6), normal(1, 6, seed=1))),
    of("Split", lambda raw, x: raw(axis=1, value=x, num_split=2), _X),
    call("SplitV", _X, size_splits=[2, 4], axis=1, num_split=2),
    call("Unpack", _X, num=4, axis=0),
    call("DynamicPartition", _X, partitions=[0, 1, 0, 1], num_partitions=2),
    call("Pad", _X, paddings=[[1, 1], [0, 2]]),
    call("PadV2", _X, constant_values=like(.5), paddings=[[1, 1], [0, 2]]),
    call("PadV2", _X, normal(seed=1), paddings=[[1, 1], [0, 2]],
         special="a padding value that is differentiated"),
    call("MirrorPad", _X, paddings=[[1, 1], [0, 2]], mode="REFLECT"),
    call("MirrorPad", _X, paddings=[[1, 1], [0, 2]], mode="SYMMETRIC"),
    call("MirrorPadGrad", _X, paddings=[[1, 1], [0, 2]], mode="REFLECT"),
    call("Gather", _X, indices=[3, 0, 3]),
    call("GatherV2", _X, indices=[5, 0, 5], axis=1),
    call("GatherV2", _X, indices=[[1, 2]] * 4, axis=1, batch_dims=1),
    call("GatherNd", _X, indices=[[0, 1], [3, 5], [0, 1]]),
    call("ScatterNd", normal(3, 2), indices=[[1], [4], [1]], shape=[5, 2]),
    of("ScatterNdNonAliasingAdd", lambda raw, x, y: raw(
        input=x, indices=[[1], [3], [1]], updates=y), _X, normal(3, 6)),
    *each("TensorScatterAdd TensorScatterSub", lambda op: _indexed(
        op, [[1], [3], [1]], normal(3, 6))),
    *each("TensorScatterMax TensorScatterMin TensorScatterUpdate",
          lambda op: _indexed(op, [[1], [3]], normal(2, 6))),
    call("BatchToSpace", normal(4, 2, 2, 1), crops=[[0, 0], [0, 0]],
         block_size=2),
    call("BatchToSpaceND", normal(4, 2, 2, 1), block_shape=[2, 2],
         crops=[[0, 1], [0, 0]]),
    call("SpaceToBatch", normal(1, 4, 4, 1), paddings=[[0, 0], [0, 0]],
         block_size=2),
    call("SpaceToBatchND", normal(1, 3, 4, 1), block_shape=[2, 2],
         paddings=[[0, 1], [0, 0]]),
    call("DepthToSpace", _IMAGE, block_size=2),
    call("SpaceToDepth", _IMAGE, block_size=2),
    call("OneHot", normal(), normal(seed=1), indices=[1, 0], depth=3),
    of("LinSpace", lambda raw, x, y: raw(start=x, stop=y, num=4),
       normal(), normal(seed=1)),
    of("Range", lambda raw, x: raw(start=x, limit=x + 3, delta=tf.ones_like(x)),
       normal()),
    of("RandomShuffle", lambda raw, x: raw(value=x, seed=1, seed2=1),
       normal(1, 6)),
]
