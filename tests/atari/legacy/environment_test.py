"""Tests that the emulator of old plays the same games.

Those marked `legacy` need the extra legacy-atari: `make test-legacy`.
"""

import sys

import ale_py
from ale_py import roms
import numpy as np
import pytest

from sobolev_tf import errors
from sobolev_tf.atari import environment, legacy
from sobolev_tf.atari.legacy import environment as legacy_environment


def make_both(game, num_games):
  return (environment.AtariEnvironment(game, num_games),
          legacy_environment.LegacyAtariEnvironment(game, num_games))


def play_both(game, num_games, steps, seed=(3, 1)):
  """Asserts that both environments show the same; returns the steps."""
  new, old = make_both(game, num_games)
  np.testing.assert_array_equal(old.reset(*seed), new.reset(*seed))
  actions = np.random.default_rng(1).integers(
      new.num_actions, size=(steps, num_games))
  played = []
  for action in actions:
    expected, actual = new.step(action), old.step(action)
    for name in environment.Step._fields:
      theirs, ours = getattr(expected, name), getattr(actual, name)
      assert ours.dtype == theirs.dtype, name
      np.testing.assert_array_equal(ours, theirs, err_msg=name)
    played.append(expected)
  new.close()
  old.close()
  return played


@pytest.mark.legacy
@pytest.mark.parametrize("game", environment.GAMES)
def test_the_emulators_are_the_same(game):
  """RAM, points, lives and screens of each of 12,000 frames."""
  import atari_py
  emulators = atari_py.ALEInterface(), ale_py.ALEInterface()
  for emulator in emulators:
    emulator.setFloat("repeat_action_probability", 0.)
    emulator.setInt("random_seed", 7)
    emulator.loadROM(str(roms.get_rom_path(game)))
    emulator.reset_game()
  old, new = emulators
  minimal = [action.value for action in new.getMinimalActionSet()]
  np.testing.assert_array_equal(old.getMinimalActionSet(), minimal)
  resets, points = 0, []
  for action in np.random.default_rng(0).choice(minimal, size=3000):
    for _ in range(4):
      points.append(new.act(int(action)))
      assert old.act(action) == points[-1]
      assert old.lives() == new.lives()
      assert old.game_over() == new.game_over()
      np.testing.assert_array_equal(old.getRAM(), new.getRAM())
      np.testing.assert_array_equal(
          old.getScreenGrayscale()[:, :, 0], new.getScreenGrayscale())
      np.testing.assert_array_equal(old.getScreenRGB2(), new.getScreenRGB())
      if new.game_over():
        old.reset_game()
        new.reset_game()
        resets += 1
  assert resets > 0
  assert any(points)


@pytest.mark.legacy
@pytest.mark.parametrize("game", environment.GAMES)
def test_the_environments_are_the_same(game):
  played = play_both(game, 3, 1100)
  assert any(step.game_over.any() for step in played)
  assert any(step.rewards.any() for step in played)
  lost = [step.terminals & ~step.game_over for step in played]
  assert np.any(lost) == (game != "pong")


@pytest.mark.legacy
def test_starts_are_the_same_whatever_the_seed():
  new, old = make_both("breakout", 32)
  for seed in ((0,), (1, 2)):
    np.testing.assert_array_equal(old.reset(*seed), new.reset(*seed))
    np.testing.assert_array_equal(
        [game._emulator.getEpisodeFrameNumber() for game in old._games],
        new._game_frame)


@pytest.mark.legacy
@pytest.mark.parametrize("frames", [200, 202])
def test_a_game_is_cut_at_the_same_frame(frames, monkeypatch):
  monkeypatch.setattr(environment, "MAX_GAME_FRAMES", frames)
  played = play_both("pong", 2, 120)
  ends = np.flatnonzero([step.game_over.all() for step in played])
  np.testing.assert_array_equal(ends + 1, np.array([1, 2]) * -(-frames // 4))
  assert all(played[end].terminals.all() for end in ends)


@pytest.mark.legacy
def test_a_game_is_a_gym_environment():
  import gym

  from sobolev_tf.atari.legacy import game as legacy_game
  game = legacy_game.Game("pong")
  assert isinstance(game, gym.Env)
  observation, _ = game.reset(seed=1)
  assert game.observation_space.contains(observation)
  assert game.action_space.n == 3


@pytest.mark.legacy
def test_words_that_favour_some_draws_are_left_out():
  from sobolev_tf.atari.legacy import game as legacy_game
  words = iter([0, 2**32 - 1])

  class Words:
    def randint(self, high, dtype):
      return dtype(next(words))

  assert legacy_game._draw(Words(), 30) == 29


@pytest.mark.legacy
@pytest.mark.parametrize("actions", [
    np.array([0, 3]), np.array([-1, 0]), np.array([0]), np.array([0., 1.])])
def test_bad_actions_are_refused_and_do_no_harm(actions):
  old = legacy_environment.LegacyAtariEnvironment("pong", 2)
  with pytest.raises(errors.UserError, match="reset"):
    old.step(np.zeros(2, int))
  old.reset(0)
  with pytest.raises(errors.UserError, match="ctions"):
    old.step(actions)
  old.step(np.array([0, 2], np.int32))


def test_other_mistakes_are_one_sentence():
  with pytest.raises(errors.UserError, match="Unknown game 'tetris'"):
    legacy_environment.LegacyAtariEnvironment("tetris", 1)
  with pytest.raises(errors.UserError, match="at least one game"):
    legacy_environment.LegacyAtariEnvironment("pong", 0)


@pytest.mark.parametrize("package", ["gym", "atari_py", "ale_py"])
def test_a_missing_extra_is_one_sentence(package, monkeypatch):
  monkeypatch.setitem(sys.modules, package, None)
  monkeypatch.delitem(
      sys.modules, "sobolev_tf.atari.legacy.game", raising=False)
  monkeypatch.delattr(legacy, "game", raising=False)
  with pytest.raises(errors.UserError, match=r"sobolev_tf\[legacy-atari\]"):
    legacy_environment.LegacyAtariEnvironment("pong", 1)
