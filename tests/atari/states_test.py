"""Tests of recorded states as tensors, on a recording made up here."""

import made_up_recording
import numpy as np

from sobolev_tf.atari import pixels, recordings
from sobolev_tf.atari import states as states_lib


def test_states_are_the_restacked_frames():
  made = made_up_recording.RECORDING
  states = states_lib.States(made)
  rows = np.array([0, 2, 14, 15, 17, 399], np.int32)
  x, log_probs = states(rows)
  stacks = recordings.stacks(
      made.frames, recordings.stack_indices(made.log)[rows])
  in_blocks = np.concatenate(
      [pixels.blocks(stacks[..., i]) for i in range(4)], axis=-1)
  np.testing.assert_array_equal(
      np.round(x.numpy() * 255).astype(np.uint8), in_blocks)
  assert x.shape == (6, 21, 21, 64) and x.numpy().max() <= 1
  assert (stacks[0, ..., :3] == 0).all()  # a game's first state
  logits = made.logits[rows].astype(np.float64)
  np.testing.assert_allclose(
      log_probs, logits - np.log(np.exp(logits).sum(1, keepdims=True)),
      rtol=1e-5)


def test_the_mean_frame_is_that_of_the_newest_frames(monkeypatch):
  monkeypatch.setattr(states_lib, "_SLICE", 3)  # several slices
  made = made_up_recording.RECORDING
  rows = np.array([0, 3, 4, 5, 20, 39], np.int32)
  np.testing.assert_allclose(
      states_lib.States(made).mean_frame(rows),
      made.frames[rows].mean(axis=0) / 255, atol=1e-12)
