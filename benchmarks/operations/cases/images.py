"""Resizing, cropping and colours."""

import numpy as np

from benchmarks.operations.cases.case import (
    call,
    each,
    float32,
    normal,
    of,
    uniform,
)

_IMAGE = normal(2, 4, 5, 3)
_COLOURS = uniform(.1, .9, 2, 3, 3)
_BOXES = float32([[.1, .1, .8, .9]])


def _resize(op):
  return of(op, lambda raw, x: raw(images=x, size=[7, 6]), _IMAGE)


def _resize_half_pixels(op):
  return of(op, lambda raw, x: raw(
      images=x, size=[3, 8], half_pixel_centers=True), _IMAGE)


def _resize_gradient(op):
  return of(op, lambda raw, dy, x: raw(grads=dy, original_image=x),
            normal(2, 7, 6, 3), _IMAGE)


CASES = [
    *each("ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor",
          _resize),
    *each("ResizeBicubic ResizeBilinear ResizeNearestNeighbor",
          _resize_half_pixels),
    *each("ResizeBicubicGrad ResizeBilinearGrad", _resize_gradient),
    of("ResizeNearestNeighborGrad", lambda raw, dy: raw(
        grads=dy, size=[4, 5]), normal(2, 7, 6, 3)),
    call("ScaleAndTranslate", _IMAGE, size=[6, 7], scale=[1.5, 1.4],
         translation=[.1, .2], kernel_type="lanczos3"),
    call("ScaleAndTranslateGrad", normal(2, 6, 7, 3), _IMAGE, scale=[1.5, 1.4],
         translation=[.1, .2], kernel_type="lanczos3"),
    call("ImageProjectiveTransformV2", _IMAGE, output_shape=[4, 5],
         transforms=float32([[1., .1, .2, .1, 1., .1, 0., 0.]]),
         interpolation="BILINEAR"),
    call("ImageProjectiveTransformV3", _IMAGE, output_shape=[4, 5],
         transforms=float32([[1., .1, .2, .1, 1., .1, 0., 0.]]),
         interpolation="BILINEAR", fill_value=0.),
    of("CropAndResize", lambda raw, x: raw(
        image=x, boxes=_BOXES, box_ind=[1], crop_size=[3, 3]), _IMAGE),
    of("CropAndResize", lambda raw, x, boxes: raw(
        image=x, boxes=boxes, box_ind=[1], crop_size=[3, 3]), _IMAGE, _BOXES,
       zeros=False, special="boxes that are differentiated"),
    of("CropAndResizeGradImage", lambda raw, dy: raw(
        grads=dy, boxes=_BOXES, box_ind=[1], image_size=[2, 4, 5, 3],
        T=dy.dtype), normal(1, 3, 3, 3)),
    of("CropAndResizeGradBoxes", lambda raw, dy, x: raw(
        grads=dy, image=x, boxes=_BOXES, box_ind=[1]), normal(1, 3, 3, 3),
       _IMAGE),
    call("ExtractImagePatches", _IMAGE, ksizes=[1, 2, 2, 1],
         strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding="VALID"),
    call("ExtractVolumePatches", normal(1, 3, 3, 3, 2),
         ksizes=[1, 2, 2, 2, 1], strides=[1] * 5, padding="VALID"),
    of("ExtractGlimpse", lambda raw, x: raw(
        input=x, size=[2, 2], offsets=[[0., 0.], [.1, .1]]), _IMAGE),
    of("RGBToHSV", lambda raw, x: raw(images=x), _COLOURS),
    of("HSVToRGB", lambda raw, x: raw(images=x), _COLOURS),
    of("AdjustContrastv2", lambda raw, x, c: raw(
        images=x, contrast_factor=c), _IMAGE, np.array(1.3)),
    of("AdjustHue", lambda raw, x, d: raw(images=x, delta=d), _COLOURS,
       np.array(.1)),
    of("AdjustSaturation", lambda raw, x, s: raw(images=x, scale=s), _COLOURS,
       np.array(.8)),
    of("DrawBoundingBoxes", lambda raw, x: raw(
        images=x, boxes=float32([[[0., 0., 1., 1.]]] * 2)), _IMAGE),
]
