"""Tests of the trainer: scores, progress, and the terms of its rollouts."""

import numpy as np
import tensorflow as tf

from sobolev_tf import files
from sobolev_tf.atari import actor_critic, environment, trainer
from sobolev_tf.atari import networks as atari

SIZE = atari.NetworkSize(((2, 8, 8),), 8)
SETTINGS = actor_critic.Settings(
    learning_rate=1e-3, epochs=1, minibatch_size=100, discount=0.99,
    trace=0.95, clip=0.1, entropy_weight=0.01, value_weight=0.25,
    max_gradient_norm=0.5, reward_limit=1.)


def make_trainer(folder, seed=0):
  emulators = environment.AtariEnvironment("breakout", 2)
  agent = actor_critic.ActorCritic(
      atari.make_network(4, SIZE), SETTINGS, updates=100)
  return trainer.Trainer(
      agent, emulators, rollout_length=200, seed=seed,
      progress=folder / "progress.csv")


def test_the_window_keeps_the_latest_scores():
  window = trainer.ScoreWindow(3)
  assert window.latest().size == 0
  window.add(1.)
  window.add(2.)
  assert sorted(window.latest()) == [1., 2.]
  window.add(3.)
  window.add(4.)
  assert sorted(window.latest()) == [2., 3., 4.]
  assert int(window.games) == 4


def test_scores_are_those_of_whole_games(tmp_path):
  run = make_trainer(tmp_path)
  run.restart_games(0)
  emulators = environment.AtariEnvironment("breakout", 2)
  emulators.reset(0, 0)
  expected, running = [], np.zeros(2)
  for iteration in range(3):
    run.step(tf.constant(iteration, tf.int64))
    for actions in run._rollout.actions:
      played = emulators.step(actions)
      running += played.rewards
      for n in np.flatnonzero(played.game_over):
        expected.append(running[n])
        running[n] = 0.
  assert len(expected) > 3
  assert sorted(run.scores.latest()) == sorted(expected)


def test_rollouts_line_up(tmp_path):
  """Row t holds what was seen, done and got at t: replay and compare."""
  run = make_trainer(tmp_path)
  run.restart_games(5)
  run.step(tf.constant(0, tf.int64))
  rollout = run._rollout
  emulators = environment.AtariEnvironment("breakout", 2)
  np.testing.assert_array_equal(
      rollout.observations[0], emulators.reset(0, 5))
  for t, actions in enumerate(rollout.actions):
    played = emulators.step(actions)
    np.testing.assert_array_equal(
        rollout.observations[t + 1], played.observations)
    np.testing.assert_array_equal(rollout.rewards[t], played.rewards)
    np.testing.assert_array_equal(rollout.terminals[t], played.terminals)


def test_progress_has_a_line_per_checkpoint_and_forgets_the_future(tmp_path):
  run = make_trainer(tmp_path)
  run.restart_games(0)

  def steps():
    lines = files.read_text(tmp_path / "progress.csv").splitlines()
    return [line.split(",")[0] for line in lines]

  for iteration in (0, 1):
    run.step(tf.constant(iteration, tf.int64))
    run.measure()
  assert steps() == ["step", "400", "800"]
  run.step(tf.constant(0, tf.int64))  # as after falling back
  run.measure()
  assert steps() == ["step", "400"]
