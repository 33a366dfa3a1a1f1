"""Tests of the drawn shapes: outlines, colours, streams, difficulty."""

import numpy as np
import pytest
import tensorflow as tf

from reproduce.classification.data import base, drawings

PLAIN = drawings.Difficulty(shift=0., grating=0., noise=0.)
KEY = base.random_key("train", 0)


def test_shapes_types_and_range():
  batch = drawings.draw(KEY, 0, 500)
  assert batch.images.shape == (500, 32, 32, 3)
  assert batch.images.dtype == tf.float32 and batch.labels.dtype == tf.int32
  assert set(batch.labels.numpy()) == set(range(10)) and len(
      drawings.CLASSES) == 10
  assert abs(np.mean(batch.images)) < .05
  assert .5 < np.std(batch.images) < 1


def test_an_image_is_a_function_of_key_and_index():
  a = drawings.draw(KEY, tf.constant(7, tf.int64), 4)
  b = tf.function(lambda i: drawings.draw(KEY, i, 4))(tf.constant(7))
  np.testing.assert_array_equal(a.labels, b.labels)
  np.testing.assert_allclose(a.images, b.images, atol=1e-4)
  for other in (drawings.draw(KEY, 8, 4),
                drawings.draw(base.random_key("train", 1), 7, 4),
                drawings.draw(base.random_key("test", 0), 7, 4)):
    assert np.abs(other.images - a.images).max() > .1


def test_classes_are_equally_frequent_and_in_no_order():
  labels = drawings.draw(KEY, 0, 5000).labels.numpy()
  counts = np.bincount(labels)
  assert counts.min() > 400 and counts.max() < 600
  assert abs(np.corrcoef(labels[1:], labels[:-1])[0, 1]) < .05


AREAS = {  # of the shape, where the circle around it has radius 1
    "disc": np.pi, "ring": np.pi * (1 - .55**2),
    "triangle": 1.5 * np.sin(2 * np.pi / 3), "square": 2.,
    "pentagon": 2.5 * np.sin(2 * np.pi / 5), "ellipse": .55 * np.pi,
    "star": 5 * .42 * np.sin(np.pi / 5),
}


@pytest.mark.parametrize("name", AREAS)
def test_areas_of_the_shapes(name):
  radius, count = 12., 400
  batch = drawings.draw(KEY, 0, count, PLAIN._replace(radius=(radius, radius)))
  images = batch.images.numpy()[
      batch.labels.numpy() == drawings.CLASSES.index(name)]
  ground = images[:, :1, :1]  # a corner is outside every shape
  figure = images[:, 16:17, 16:17]
  if name == "ring":
    figure = images[:, 16:17, 16 + 9:16 + 10]
  share = ((images - ground) / (figure - ground)).mean(axis=(1, 2, 3))
  np.testing.assert_allclose(
      share * 32**2 / radius**2, AREAS[name], rtol=.05)


def test_outlines_reach_the_circle_and_differ():
  table = drawings.outlines()
  np.testing.assert_allclose(table.max(axis=1), 1.)
  assert table.min() > .15
  same = [(a, b) for i, a in enumerate(drawings.CLASSES)
          for j, b in enumerate(drawings.CLASSES[:i])
          if np.allclose(table[i], table[j])]
  assert same == [("ring", "disc")]  # the hole is cut out separately
  # No step along an outline but at the cross's corners and the half disc's.
  steps = np.abs(np.diff(table, axis=1)).max(axis=1)
  assert (steps < .12).all()


def test_shape_and_background_differ_in_every_channel():
  images = drawings.draw(KEY, 0, 300, PLAIN).images.numpy()
  labels = drawings.draw(KEY, 0, 300, PLAIN).labels.numpy()
  solid = labels != drawings.CLASSES.index("ring")
  apart = np.abs(images[solid, 16, 16] - images[solid, 0, 0]) / 2  # in [0, 1]
  assert (np.minimum(apart, 1 - apart) >= PLAIN.contrast - 1e-5).all()


def test_colour_and_texture_say_nothing_about_the_class():
  batch = drawings.draw(KEY, 0, 4000)
  corners = batch.images.numpy()[:, :3, :3].reshape(4000, -1)
  means = np.stack([corners[batch.labels.numpy() == c].mean(axis=0)
                    for c in range(10)])
  assert np.abs(means - corners.mean(axis=0)).max() < .2
