"""A recording that was never played, but could have been."""

import numpy as np

from sobolev_tf.atari import recordings

COPIES, LENGTH = 10, 40
TOTAL = COPIES * LENGTH


def make(copies=COPIES, game_length=15):
  """Games of a fixed length; every frame is one colour of its own."""
  game_over = np.zeros((copies, LENGTH), bool)
  game_over[:, game_length - 1::game_length] = True
  log = recordings.ActionLog(
      "pong", 0, "none", tuple(range(copies)),
      np.zeros((copies, LENGTH), np.uint8), game_over, ("",) * copies)
  size = copies * LENGTH
  colours = (np.arange(size) % 251 + 1).astype(np.uint8)
  frames = np.broadcast_to(
      colours[:, None, None], (size, 84, 84)).copy()
  logits = np.random.default_rng(0).normal(size=(size, 3))
  return recordings.Recording(
      log, frames, np.zeros(size, np.float32), logits.astype(np.float32))


RECORDING = make()
