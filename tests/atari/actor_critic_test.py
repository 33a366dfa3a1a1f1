"""Tests of the actor-critic learner."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf.atari import actor_critic, pixels
from sobolev_tf.atari import networks as atari

SIZE = atari.NetworkSize(((2, 8, 8),), 8)
SETTINGS = actor_critic.Settings(
    learning_rate=1e-2, epochs=1, minibatch_size=16, discount=0.9, trace=0.95,
    clip=0.1, entropy_weight=0.01, value_weight=0.25, max_gradient_norm=0.5,
    reward_limit=1.)
T, N, A = 8, 4, 3
SEED = tf.constant([0, 1])


def make_agent(updates=10_000, **changes):
  return actor_critic.ActorCritic(
      atari.make_network(A, SIZE, seed=1),
      dataclasses.replace(SETTINGS, **changes), updates)


def make_rollout(agent, seed=0, reward=None):
  """Random frames; actions as the agent samples them; `reward(actions)`."""
  rng = np.random.default_rng(seed)
  frames = rng.integers(256, size=(T + 1, N, 4, 84, 84)).astype(np.uint8)
  acted = [agent.act(tf.constant(frames[t]), tf.constant([seed, t]))
           for t in range(T)]
  actions, log_probs, values = (tf.stack(x) for x in zip(*acted))
  rewards = rng.normal(size=(T, N)).astype(np.float32)
  if reward is not None:
    rewards = reward(actions.numpy()).astype(np.float32)
  return actor_critic.Rollout(
      tf.constant(frames), actions, log_probs, values, tf.constant(rewards),
      tf.constant(rng.random((T, N)) < 0.1))


def variables(agent):
  return [v.numpy() for v in agent.network.trainable_variables]


def test_act_reports_its_policy_and_value():
  agent = make_agent()
  frames = np.random.default_rng(0).integers(
      256, size=(N, 4, 84, 84)).astype(np.uint8)
  actions, log_probs, values = agent.act(tf.constant(frames), SEED)
  logits, expected = agent.network(
      tf.constant(frames.transpose(0, 2, 3, 1)))
  policy = tf.nn.log_softmax(logits).numpy()
  np.testing.assert_allclose(
      log_probs, policy[np.arange(N), actions.numpy()], atol=1e-5)
  np.testing.assert_allclose(values, expected, atol=1e-5)


@pytest.mark.parametrize("clip", [None, 0.1])
def test_learns_which_action_pays(clip):
  agent = make_agent(clip=clip, epochs=1 if clip is None else 3)
  for index in range(30):
    agent.learn(make_rollout(agent, index, lambda a: a == 1),
                tf.constant([7, index]))
  probabilities = np.exp(
      make_rollout(agent, 99, lambda a: a == 1).log_probs)
  actions = make_rollout(agent, 99).actions.numpy()
  assert (actions == 1).mean() > 0.9
  assert probabilities[actions == 1].mean() > 0.8


def test_clipping_does_not_act_on_the_first_step():
  """At ratio 1 the clipped objective has the policy gradient's gradient."""
  results = []
  for clip in (None, 0.1):
    agent = make_agent(clip=clip, minibatch_size=T * N)
    agent.learn(make_rollout(agent), SEED)
    results.append(variables(agent))
  for one, other in zip(*results):
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_clipping_limits_the_change_of_the_policy():
  changes = []
  for clip in (None, 0.1):
    agent = make_agent(clip=clip, epochs=20, entropy_weight=0.)
    rollout = make_rollout(agent)
    metrics = agent.learn(rollout, SEED)
    assert (metrics["clipped"] > 0) == (clip is not None)
    frames = tf.reshape(rollout.observations[:-1], [T * N, 4, 84, 84])
    logits = agent.network(pixels.channels_last(frames)).logits
    log_probs = tf.gather(
        tf.nn.log_softmax(logits), tf.reshape(rollout.actions, [-1]),
        batch_dims=1)
    changes.append(np.abs(
        log_probs - tf.reshape(rollout.log_probs, [-1])).mean())
  assert changes[1] < changes[0] / 2


def test_the_learning_rate_falls_to_zero():
  agent = make_agent(updates=SETTINGS.updates(T * N))
  before = variables(agent)
  agent.learn(make_rollout(agent), SEED)  # the whole run
  after = variables(agent)
  assert not np.array_equal(before[0], after[0])
  agent.optimizer.apply([tf.ones_like(v) for v in after],
                        agent.network.trainable_variables)
  for one, other in zip(after, variables(agent)):
    np.testing.assert_array_equal(one, other)


def test_rewards_are_clipped_for_learning():
  results = []
  for scale in (1., 50.):
    agent = make_agent()
    rollout = make_rollout(agent, reward=lambda a, s=scale: s * np.sign(a - 1))
    agent.learn(rollout, SEED)
    results.append(variables(agent))
  for one, other in zip(*results):
    np.testing.assert_array_equal(one, other)


def test_the_same_seed_repeats_and_another_reorders():
  results = []
  for seed in ([0, 1], [0, 1], [0, 2]):
    agent = make_agent(epochs=2)
    agent.learn(make_rollout(agent), tf.constant(seed))
    results.append(variables(agent)[0])
  np.testing.assert_array_equal(results[0], results[1])
  assert not np.array_equal(results[0], results[2])
