"""Tests of the emulators, above all of what would silently spoil learning."""

import ale_py
from ale_py import roms
import numpy as np
import pytest

from sobolev_tf import errors
from sobolev_tf.atari import environment


def play(game, num_games=2, steps=300, seed=3, action_seed=1):
  """Plays random actions; returns the first observations, actions, steps."""
  emulators = environment.AtariEnvironment(game, num_games)
  first = emulators.reset(seed)
  actions = np.random.default_rng(action_seed).integers(
      emulators.num_actions, size=(steps, num_games))
  steps = [emulators.step(a) for a in actions]
  emulators.close()
  return first, actions, steps


def reference_game(game, actions, no_ops):
  """Plays one game on the plain emulator, one frame at a time.

  Returns the points of each step until the game is over or actions run out.
  """
  ale = ale_py.ALEInterface()
  ale.setLoggerMode(ale_py.LoggerMode.Error)
  ale.setFloat("repeat_action_probability", 0.)
  ale.loadROM(roms.get_rom_path(game))
  ale.reset_game()
  legal = ale.getMinimalActionSet()
  ale.act(ale_py.Action.FIRE)  # the vector emulator's start: FIRE, no-ops
  for _ in range(no_ops):
    ale.act(ale_py.Action.NOOP)
  points = []
  for action in actions:
    total = 0.
    for _ in range(4):
      total += ale.act(legal[environment.ACTIONS[game][action][0]])
      if ale.game_over():
        break
    points.append(total)
    if ale.game_over():
      break
  return points


@pytest.fixture(name="breakout", scope="module")
def _breakout():
  return play("breakout", steps=600)


@pytest.mark.parametrize("game", environment.GAMES)
def test_equals_the_plain_emulator(game):
  """Rewards unclipped, no sticky actions, repeat 4, ends where it ends."""
  num_games, steps = 2, 320
  emulators = environment.AtariEnvironment(game, num_games)
  emulators.reset(3)
  no_ops = emulators._game_frame - 1
  actions = np.random.default_rng(1).integers(
      emulators.num_actions, size=(steps, num_games))
  played = [emulators.step(a) for a in actions]
  for n in range(num_games):
    expected = reference_game(game, actions[:, n], no_ops[n])
    length = len(expected)
    np.testing.assert_array_equal(
        [s.rewards[n] for s in played[:length]], expected)
    ends = np.flatnonzero([s.game_over[n] for s in played])
    assert (ends[0] + 1 if ends.size else steps) == length


@pytest.mark.parametrize("game", environment.GAMES)
def test_actions_are_the_named_ones(game):
  ale = ale_py.ALEInterface()
  ale.setLoggerMode(ale_py.LoggerMode.Error)
  ale.loadROM(roms.get_rom_path(game))
  names = [action.name for action in ale.getMinimalActionSet()]
  for index, name in environment.ACTIONS[game]:
    assert names[index] == name


def test_pong_has_three_actions():
  emulators = environment.AtariEnvironment("pong", 1)
  assert emulators.action_names == ("NOOP", "RIGHT", "LEFT")


def test_rewards_are_not_clipped():
  _, _, steps = play("space_invaders")
  assert max(s.rewards.max() for s in steps) >= 5


def test_games_start_with_three_black_frames():
  first, _, steps = play("breakout", steps=1)
  assert first.shape == (2, 4, 84, 84)
  assert first.dtype == np.uint8
  assert not first[:, :3].any()
  assert first[:, 3].any(axis=(1, 2)).all()
  np.testing.assert_array_equal(steps[0].observations[:, 2], first[:, 3])


def test_a_lost_life_ends_no_game(breakout):
  """Five lives: five terminals a game, the fifth of them its end."""
  _, _, steps = breakout
  terminals = np.array([s.terminals for s in steps])
  game_over = np.array([s.game_over for s in steps])
  assert not (game_over & ~terminals).any()
  for n in range(2):
    end = np.flatnonzero(game_over[:, n])[0]
    assert terminals[:end + 1, n].sum() == 5


def test_frames_run_on_over_a_lost_life_and_restart_with_a_game(breakout):
  _, _, steps = breakout
  kinds = set()
  for before, after in zip(steps, steps[1:]):
    for n in range(2):
      black = not after.observations[n, :3].any()
      assert black == after.game_over[n]
      if not after.game_over[n]:
        np.testing.assert_array_equal(
            after.observations[n, :3], before.observations[n, 1:])
      kinds.add((bool(after.terminals[n]), bool(after.game_over[n])))
  assert kinds == {(False, False), (True, False), (True, True)}


def test_observations_are_not_overwritten():
  emulators = environment.AtariEnvironment("pong", 2)
  first = emulators.reset(0)
  kept = first.copy()
  second = emulators.step(np.zeros(2, int)).observations
  second_kept = second.copy()
  emulators.step(np.zeros(2, int))
  emulators.reset(1)
  np.testing.assert_array_equal(first, kept)
  np.testing.assert_array_equal(second, second_kept)


def test_everything_depends_on_seed_and_actions_only():
  emulators = environment.AtariEnvironment("breakout", 2, num_threads=1)
  emulators.reset(7)  # another past, another number of threads
  for _ in range(50):
    emulators.step(np.ones(2, int))
  first, actions, steps = play("breakout", steps=300)
  np.testing.assert_array_equal(emulators.reset(3), first)
  for action, expected in zip(actions, steps):
    for ours, theirs in zip(emulators.step(action), expected):
      np.testing.assert_array_equal(ours, theirs)
  assert any(s.game_over.any() for s in steps)


def test_a_copy_depends_on_its_number_not_on_its_neighbours(breakout):
  first, actions, steps = breakout
  alone = environment.AtariEnvironment("breakout", 1)
  np.testing.assert_array_equal(alone.reset(3, copies=[1]), first[1:])
  for action, expected in zip(actions, steps):
    for ours, theirs in zip(alone.step(action[1:]), expected):
      np.testing.assert_array_equal(ours, theirs[1:])
  assert any(s.game_over[1] for s in steps)


@pytest.mark.parametrize("copies", [[], [0], [0, -1], [[0, 1]], [0, 1, 2]])
def test_bad_copies_are_refused(copies):
  emulators = environment.AtariEnvironment("pong", 2)
  with pytest.raises(errors.UserError, match="Expected 2 numbers of copies"):
    emulators.reset(0, copies=copies)


def test_seeds_and_indices_give_different_starts():
  emulators = environment.AtariEnvironment("pong", 4)
  starts = []
  for seed in ((3,), (4,), (3, 1), (3, 2)):
    emulators.reset(*seed)
    starts.append(tuple(emulators._game_frame))
  assert len(set(starts)) == len(starts)
  assert max(max(s) for s in starts) <= 31


@pytest.mark.parametrize("actions", [
    np.array([0, 3]), np.array([-1, 0]), np.array([0]), np.array([0., 1.]),
    np.array([[0, 1]]), np.array([True, False])])
def test_bad_actions_are_refused_and_do_no_harm(actions):
  emulators = environment.AtariEnvironment("pong", 2)
  emulators.reset(0)
  with pytest.raises(errors.UserError, match="ctions"):
    emulators.step(actions)
  emulators.step(np.array([0, 2], np.int32))


def test_other_mistakes_are_one_sentence():
  with pytest.raises(errors.UserError, match="Unknown game 'tetris'"):
    environment.AtariEnvironment("tetris", 1)
  with pytest.raises(errors.UserError, match="at least one game"):
    environment.AtariEnvironment("pong", 0)
  with pytest.raises(errors.UserError, match="reset"):
    environment.AtariEnvironment("pong", 1).step(np.zeros(1, int))
