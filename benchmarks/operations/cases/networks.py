"""Convolutions, pooling, normalisation and recurrent cells."""

from typing import Dict

import tensorflow as tf

from benchmarks.operations.cases.case import (
    apart,
    call,
    each,
    float32,
    int64,
    like,
    normal,
    of,
    uniform,
)

_IMAGE = normal(2, 5, 6, 4)
_VOLUME = normal(1, 4, 4, 4, 2)
_WINDOW = {"ksize": [1, 2, 2, 1], "strides": [1, 1, 2, 1], "padding": "VALID"}
_CUBE = {"ksize": [1, 2, 2, 2, 1], "strides": [1] * 5, "padding": "VALID"}


def _convolution(op, inputs, filters, special="", **attributes):
  attributes = {"strides": [1, 1, 1, 1], "padding": "SAME", **attributes}
  return of(op, lambda raw, x, w: raw(input=x, filter=w, **attributes),
            normal(*inputs), normal(*filters), special=special)


def _normalisation(op, training):
  mean, variance = ([], []) if training else ([.1] * 4, [1.2] * 4)

  def function(raw, x, scale, offset):
    return raw(x=x, scale=scale, offset=offset, mean=float32(mean),
               variance=float32(variance), is_training=training)[0]

  # Few pixels: what a derivative lacks by a constant mean is 1 / their number.
  return of(op, function, normal(1, 2, 3, 4), uniform(.5, 1., 4), normal(4))


def _normalisation_gradient(op):
  def function(raw, dy, x, scale):
    more: Dict[str, list] = (
        {"reserve_space_3": []} if op.endswith("V3") else {})
    return raw(y_backprop=dy, x=x, scale=scale, reserve_space_1=float32(
        [.1] * 4), reserve_space_2=float32([1.2] * 4), is_training=False,
        **more)[:3]

  return of(op, function, _IMAGE, normal(2, 5, 6, 4, seed=1),
            uniform(.5, 1., 4))


def _pooled(x):
  return tf.stop_gradient(tf.raw_ops.MaxPool(input=x, **_WINDOW))


def _lstm_block(op):
  def function(raw, x, h, c, w):
    return raw(seq_len_max=int64(3), x=x, cs_prev=c, h_prev=h, w=w,
               wci=like([0.] * 2)(x.dtype), wcf=like([0.] * 2)(x.dtype),
               wco=like([0.] * 2)(x.dtype), b=like([.1] * 8)(x.dtype))[6]

  return of(op, function, normal(3, 1, 3), normal(1, 2), normal(1, 2, seed=1),
            normal(5, 8))


def _lstm_cell(raw, x, h, c, w):
  zeros = like([0.] * 2)(x.dtype)
  return raw(x=x, cs_prev=c, h_prev=h, w=w, wci=zeros, wcf=zeros, wco=zeros,
             b=like([.1] * 8)(x.dtype))[6]


def _gru_cell(raw, x, h, w):
  return raw(x=x, h_prev=h, w_ru=w, w_c=w[:, :2], b_ru=like([.1] * 4)(x.dtype),
             b_c=like([.1] * 2)(x.dtype))[3]


CASES = [
    call("BiasAdd", _IMAGE, normal(4)),
    call("BiasAddV1", _IMAGE, normal(4)),
    call("BiasAddGrad", _IMAGE),
    _convolution("Conv2D", (2, 5, 6, 4), (3, 2, 4, 3)),
    _convolution("Conv2D", (2, 5, 6, 4), (3, 2, 4, 3), strides=[1, 2, 2, 1],
                 padding="VALID"),
    _convolution("Conv2D", (2, 7, 7, 4), (3, 2, 4, 3),
                 dilations=[1, 2, 2, 1], special="dilated"),
    _convolution("Conv2D", (2, 5, 6, 4), (3, 2, 2, 6), "grouped"),
    _convolution("Conv3D", (1, 4, 4, 4, 2), (2, 2, 2, 2, 3), strides=[1] * 5),
    _convolution("Conv", (2, 5, 6, 4), (3, 2, 4, 3)),
    _convolution("DepthwiseConv2dNative", (2, 5, 6, 4), (3, 3, 4, 2)),
    _convolution("Dilation2D", (2, 5, 6, 4), (2, 2, 4), rates=[1] * 4),
    of("Conv2DBackpropInput", lambda raw, w, dy: raw(
        input_sizes=[2, 5, 6, 4], filter=w, out_backprop=dy,
        strides=[1] * 4, padding="SAME"), normal(3, 2, 4, 3),
        normal(2, 5, 6, 3)),
    of("Conv2DBackpropFilter", lambda raw, x, dy: raw(
        input=x, filter_sizes=[3, 2, 4, 3], out_backprop=dy,
        strides=[1] * 4, padding="SAME"), _IMAGE, normal(2, 5, 6, 3)),
    of("Conv3DBackpropInputV2", lambda raw, w, dy: raw(
        input_sizes=[1, 4, 4, 4, 2], filter=w, out_backprop=dy,
        strides=[1] * 5, padding="SAME"), normal(2, 2, 2, 2, 3),
        normal(1, 4, 4, 4, 3)),
    of("Conv3DBackpropFilterV2", lambda raw, x, dy: raw(
        input=x, filter_sizes=[2, 2, 2, 2, 3], out_backprop=dy,
        strides=[1] * 5, padding="SAME"), _VOLUME, normal(1, 4, 4, 4, 3)),
    of("DepthwiseConv2dNativeBackpropInput", lambda raw, w, dy: raw(
        input_sizes=[2, 5, 6, 4], filter=w, out_backprop=dy,
        strides=[1] * 4, padding="SAME"), normal(3, 3, 4, 2),
        normal(2, 5, 6, 8)),
    of("DepthwiseConv2dNativeBackpropFilter", lambda raw, x, dy: raw(
        input=x, filter_sizes=[3, 3, 4, 2], out_backprop=dy,
        strides=[1] * 4, padding="SAME"), _IMAGE, normal(2, 5, 6, 8)),
    of("AvgPool", lambda raw, x: raw(value=x, **_WINDOW), _IMAGE),
    of("MaxPool", lambda raw, x: raw(input=x, **_WINDOW), _IMAGE),
    of("MaxPoolWithArgmax", lambda raw, x: raw(input=x, **_WINDOW), _IMAGE),
    of("MaxPoolV2", lambda raw, x: raw(
        input=x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME"),
        _IMAGE),
    of("AvgPool3D", lambda raw, x: raw(input=x, **_CUBE), _VOLUME),
    of("MaxPool3D", lambda raw, x: raw(input=x, **_CUBE),
       apart(1, 4, 4, 4, 2)),
    of("AvgPoolGrad", lambda raw, dy: raw(
        orig_input_shape=[2, 5, 6, 4], grad=dy, **_WINDOW),
        normal(2, 4, 3, 4)),
    of("AvgPool3DGrad", lambda raw, dy: raw(
        orig_input_shape=[1, 4, 4, 4, 2], grad=dy, **_CUBE),
        normal(1, 3, 3, 3, 2)),
    of("MaxPoolGrad", lambda raw, x, dy: raw(
        orig_input=x, orig_output=_pooled(x), grad=dy, **_WINDOW),
        _IMAGE, normal(2, 4, 3, 4)),
    of("MaxPoolGradGrad", lambda raw, x, dy: raw(
        orig_input=x, orig_output=_pooled(x), grad=dy, **_WINDOW),
        _IMAGE, normal(2, 5, 6, 4, seed=1)),
    *each("FractionalAvgPool FractionalMaxPool", lambda op: of(
        op, lambda raw, x: raw(
            value=x, pooling_ratio=[1., 1.4, 1.5, 1.], deterministic=True,
            seed=1, seed2=2)[0], _IMAGE)),
    _normalisation("FusedBatchNorm", True),
    _normalisation("FusedBatchNormV2", True),
    _normalisation("FusedBatchNormV3", True),
    _normalisation("FusedBatchNormV3", False),
    *each("FusedBatchNormGrad FusedBatchNormGradV2 FusedBatchNormGradV3",
          _normalisation_gradient),
    call("LRN", normal(1, 3, 3, 6)),
    call("LRNGrad", normal(1, 3, 3, 6, seed=1), normal(1, 3, 3, 6),
         normal(1, 3, 3, 6, seed=2)),
    *each("BlockLSTM BlockLSTMV2", _lstm_block),
    of("LSTMBlockCell", _lstm_cell, normal(1, 3), normal(1, 2),
       normal(1, 2, seed=1), normal(5, 8)),
    of("GRUBlockCell", _gru_cell, normal(1, 3), normal(1, 2), normal(5, 4)),
]
