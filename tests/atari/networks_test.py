"""Tests of the Atari networks."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf.atari import networks as atari
from sobolev_tf.atari import pixels


@functools.lru_cache
def make(name):
  return atari.make_network(4, atari.SIZES[name])


def weights(network):
  return sum(int(np.prod(v.shape)) for v in network.trainable_variables)


@pytest.mark.parametrize("scale", ["cpu", "gpu"])
def test_student_is_smaller_than_its_teacher(scale):
  teacher = atari.SIZES[f"teacher-{scale}"]
  student = atari.SIZES[f"student-{scale}"]
  assert len(teacher.convolutions) == 3
  assert len(student.convolutions) == 2
  assert student.hidden_size < teacher.hidden_size
  assert (weights(make(f"student-{scale}"))
          < weights(make(f"teacher-{scale}")) / 2)


def test_cpu_teacher_has_the_stated_number_of_weights():
  # 4112 + 8224 + 9248 + 401664 + 1028 + 257, by hand.
  assert weights(make("teacher-cpu")) == 424_533


@pytest.mark.parametrize("name", atari.SIZES)
def test_eager_equals_graph_for_any_batch(name):
  network = make(name)
  graph = tf.function(network, input_signature=[
      tf.TensorSpec([None, 84, 84, 4], tf.uint8)])
  for batch in (1, 3):
    frames = tf.cast(tf.random.stateless_uniform(
        [batch, 84, 84, 4], [0, batch], maxval=256, dtype=tf.int32), tf.uint8)
    eager, compiled = network(frames), graph(frames)
    assert eager.logits.shape == [batch, 4]
    assert eager.value.shape == [batch]
    for one, other in zip(eager, compiled):
      np.testing.assert_allclose(one, other, atol=1e-5)


def test_floats_are_taken_as_already_scaled():
  network = make("student-cpu")
  frames = np.random.default_rng(0).integers(
      256, size=(2, 84, 84, 4)).astype(np.uint8)
  np.testing.assert_allclose(
      network(tf.constant(frames)).value,
      network(tf.constant(frames / 255., tf.float32)).value, rtol=1e-5)


def in_blocks(frames):
  """`[B, 84, 84, 4]` -> `[B, 21, 21, 4 * 16]`, frame by frame."""
  return np.concatenate(
      [pixels.blocks(frames[..., i]) for i in range(4)], axis=-1)


@pytest.mark.parametrize("name", atari.SIZES)
def test_blocks_give_the_same_outputs_and_derivatives(name):
  network = make(name)
  frames = np.random.default_rng(1).integers(
      256, size=(2, 84, 84, 4)).astype(np.uint8)
  frames[:, :40] = 0  # so that order and place matter
  for one, other in zip(network(tf.constant(frames)),
                        network(tf.constant(in_blocks(frames)))):
    np.testing.assert_allclose(one, other, atol=1e-5)
  found = []
  for x in (frames, in_blocks(frames)):
    x = tf.constant(x / 255., tf.float32)
    with tf.GradientTape() as tape:
      tape.watch(x)
      value = network(x).value
    found.append(tape.gradient(value, x).numpy())
  np.testing.assert_allclose(in_blocks(found[0]), found[1], atol=1e-6)


def test_a_mean_frame_is_subtracted_from_each_frame():
  rng = np.random.default_rng(2)
  mean = rng.uniform(size=(84, 84))
  frames = rng.integers(256, size=(2, 84, 84, 4)).astype(np.uint8)
  size = atari.SIZES["student-cpu"]
  centred = atari.make_network(4, size, mean_frame=mean)
  moved = tf.constant(frames / 255. - mean[..., None], tf.float32)
  expected = make("student-cpu")(moved)
  assert not np.allclose(expected.logits, make("student-cpu")(
      tf.constant(frames)).logits, atol=1e-3)
  for x in (frames, in_blocks(frames)):
    for one, other in zip(centred(tf.constant(x)), expected):
      np.testing.assert_allclose(one, other, atol=1e-5)
  assert len(centred.variables) == len(make("student-cpu").variables)


def test_initial_weights_are_orthogonal_and_depend_on_the_seed_only():
  size = atari.SIZES["student-cpu"]
  one, same, other = (
      atari.make_network(3, size, seed) for seed in (1, 1, 2))
  for a, b, c in zip(*(n.trainable_variables for n in (one, same, other))):
    np.testing.assert_array_equal(a, b)
    assert a.shape.rank == 1 or not np.array_equal(a, c)
    if a.shape.rank > 1:
      matrix = tf.reshape(a, [-1, a.shape[-1]]).numpy()
      gram = matrix.T @ matrix
      np.testing.assert_allclose(
          gram, gram[0, 0] * np.eye(len(gram)), atol=1e-5)


def test_first_policy_is_nearly_uniform():
  network = make("teacher-cpu")
  frames = np.random.default_rng(0).integers(
      256, size=(8, 84, 84, 4)).astype(np.uint8)
  policy = tf.nn.softmax(network(tf.constant(frames)).logits)
  np.testing.assert_allclose(policy, 1 / 4, atol=0.01)
