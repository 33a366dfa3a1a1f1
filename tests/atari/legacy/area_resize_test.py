"""Tests of the screen's shrinking, with ale-py's as the reference."""

import ale_py
from ale_py import roms
import numpy as np
import pytest

from sobolev_tf.atari import environment
from sobolev_tf.atari.legacy import area_resize


def test_worked_by_hand():
  screen = np.array([[10, 20, 40], [30, 50, 90], [100, 0, 200]], np.uint8)
  expected = [[  # cells of 1.5 pixels: shares 2/3 and 1/3
      round((4 * 10 + 2 * 20 + 2 * 30 + 50) / 9),
      round((4 * 40 + 2 * 20 + 2 * 90 + 50) / 9)], [
      round((4 * 100 + 2 * 0 + 2 * 30 + 50) / 9),
      round((4 * 200 + 2 * 0 + 2 * 90 + 50) / 9)]]
  np.testing.assert_array_equal(
      area_resize.area_resize(screen, (2, 2)), expected)


def test_a_half_rounds_to_the_even_grey():
  screen = np.array([[2, 3, 3, 4]], np.uint8)
  np.testing.assert_array_equal(
      area_resize.area_resize(screen, (1, 2)), [[2, 4]])


@pytest.mark.parametrize("grey", [0, 1, 127, 255])
def test_one_grey_stays(grey):
  screen = np.full((210, 160), grey, np.uint8)
  assert (area_resize.area_resize(screen, (84, 84)) == grey).all()


@pytest.mark.parametrize("game", environment.GAMES)
def test_equals_the_emulators_own(game):
  emulators = environment.AtariEnvironment(game, 8)
  frames = emulators.reset(0)[:, -1]
  for frame, number in zip(frames, emulators._game_frame):
    ale = ale_py.ALEInterface()
    ale.setLoggerMode(ale_py.LoggerMode.Error)
    ale.setFloat("repeat_action_probability", 0.)
    ale.loadROM(roms.get_rom_path(game))
    ale.reset_game()
    ale.act(ale_py.Action.FIRE)
    for _ in range(number - 1):
      ale.act(ale_py.Action.NOOP)
    np.testing.assert_array_equal(
        area_resize.area_resize(ale.getScreenGrayscale(), (84, 84)), frame)
