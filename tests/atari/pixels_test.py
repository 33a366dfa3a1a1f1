"""Tests of how networks take frames."""

import numpy as np
import tensorflow as tf

from sobolev_tf.atari import pixels


def test_blocks_by_hand():
  frames = np.arange(2 * 84 * 84).reshape(2, 84, 84)
  blocks = pixels.blocks(frames)
  assert blocks.shape == (2, 21, 21, 16)
  np.testing.assert_array_equal(
      blocks[1, 3, 20], frames[1, 12:16, 80:84].ravel())
  np.testing.assert_array_equal(pixels.from_blocks(blocks[1]), frames[1])


def test_channels_last_moves_the_stack():
  stacked = np.arange(2 * 4 * 84 * 84).reshape(2, 4, 84, 84)
  moved = pixels.channels_last(tf.constant(stacked)).numpy()
  assert moved.shape == (2, 84, 84, 4)
  assert moved[1, 5, 6, 2] == stacked[1, 2, 5, 6]
