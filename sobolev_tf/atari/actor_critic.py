"""Synchronous advantage actor-critic, the learner behind the teachers.

The paper's teachers are A3C agents (Section 4.2). Asynchronous workers learn
badly on a few cores, and five-step actor-critic needs tens of millions of
frames, so this learner is synchronous, and two options make it sample
efficient: generalised advantages (`trace`) and the clipped objective of PPO
(`clip`, Schulman et al. 2017, arXiv 1707.06347), which allows several epochs
over the same rollout. Without them (`trace=1, clip=None, epochs=1`) it is
plain advantage actor-critic.
"""

import dataclasses
from typing import Dict, NamedTuple, Optional, Tuple

import tensorflow as tf

from sobolev_tf.atari import advantages as advantages_lib
from sobolev_tf.atari import networks, pixels, policies
from sobolev_tf.training import optimizers

_METRICS = (
    "loss", "policy_loss", "value_loss", "entropy", "clipped",
    "gradient_norm")


@dataclasses.dataclass(frozen=True)
class Settings:
  """How the actor-critic learns.

  Attributes:
    learning_rate: Adam's, at the start; it falls linearly to zero.
    epochs: passes over each rollout.
    minibatch_size: transitions per Adam step.
    discount: gamma.
    trace: lambda of the generalised advantages; 1 gives n-step returns.
    clip: PPO's limit on the change of action probabilities; None uses the
      plain policy gradient.
    entropy_weight: of the policy's entropy, which is rewarded.
    value_weight: of the squared error of the value.
    max_gradient_norm: over all variables together.
    reward_limit: rewards are clipped to [-limit, limit] for learning.
  """
  learning_rate: float
  epochs: int
  minibatch_size: int
  discount: float
  trace: float
  clip: Optional[float]
  entropy_weight: float
  value_weight: float
  max_gradient_norm: float
  reward_limit: float

  def updates(self, transitions: int) -> int:
    """Adam steps per rollout of this many transitions."""
    return self.epochs * (transitions // self.minibatch_size)


class Rollout(NamedTuple):
  """T consecutive steps of N games.

  Attributes:
    observations: uint8 `[T + 1, N, 4, 84, 84]`; the last one is not acted on.
    actions: int32 `[T, N]`.
    log_probs: float32 `[T, N]`, of the actions, when they were chosen.
    values: float32 `[T, N]`, as the network saw them then.
    rewards: float32 `[T, N]`, the game's own.
    terminals: bool `[T, N]`.
  """
  observations: tf.Tensor
  actions: tf.Tensor
  log_probs: tf.Tensor
  values: tf.Tensor
  rewards: tf.Tensor
  terminals: tf.Tensor


class Batch(NamedTuple):
  """B transitions: `frames` `[B, 84, 84, 4]`, all else `[B]`."""
  frames: tf.Tensor
  actions: tf.Tensor
  log_probs: tf.Tensor
  advantages: tf.Tensor
  returns: tf.Tensor


class ActorCritic:
  """A network, its optimizer, and the compiled functions to act and learn."""

  def __init__(self, network: networks.AtariNetwork, settings: Settings,
               updates: int):
    """Creates the optimizer.

    Args:
      network: the policy and value to train.
      settings: how to train.
      updates: Adam steps of the whole run, over which its learning rate falls.
    """
    self.network = network
    self.optimizer = optimizers.Adam(
        network.trainable_variables,
        lambda step: settings.learning_rate * (
            1. - tf.cast(step, tf.float32) / updates),
        epsilon=1e-5)  # ours: the usual value for PPO
    self._settings = settings

  @tf.function
  def act(self, observations: tf.Tensor,
          seed: tf.Tensor) -> Tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Samples an action for each game.

    Args:
      observations: uint8 `[N, 4, 84, 84]`.
      seed: int32 `[2]`; the sample depends on nothing else.

    Returns:
      Actions int32 `[N]`, their log-probabilities `[N]`, and values `[N]`.
    """
    logits, values = self.network(
        pixels.channels_last(observations))  # [N, A], [N]
    actions = policies.sample_actions(logits, seed)  # [N]
    return actions, _log_prob(logits, actions), values

  @tf.function
  def learn(self, rollout: Rollout,
            seed: tf.Tensor) -> Dict[str, tf.Tensor]:
    """Learns from a rollout, `epochs` times over.

    Args:
      rollout: what the games did under the present policy.
      seed: int32 `[2]`, of the order of the minibatches.

    Returns:
      Means over the minibatches: `loss`, `policy_loss`, `value_loss`,
      `entropy`, `clipped` (the share of clipped probabilities) and
      `gradient_norm`.
    """
    settings = self._settings
    batch = self._prepare(rollout)
    size = tf.shape(batch.actions)[0]
    count = size // settings.minibatch_size
    total = {name: tf.zeros([]) for name in _METRICS}
    for epoch in tf.range(settings.epochs):
      order = tf.random.experimental.stateless_shuffle(
          tf.range(size), tf.random.fold_in(seed, epoch))
      for index in tf.range(count):
        rows = order[index * settings.minibatch_size:
                     (index + 1) * settings.minibatch_size]
        metrics = self._update(Batch(*[tf.gather(x, rows) for x in batch]))
        total = {name: total[name] + metrics[name] for name in _METRICS}
    updates = tf.cast(count * settings.epochs, tf.float32)
    return {name: value / updates for name, value in total.items()}

  def _prepare(self, rollout: Rollout) -> Batch:
    """Turns a rollout into T * N transitions with their advantages."""
    settings = self._settings
    steps, games = rollout.actions.shape
    frames = pixels.channels_last(tf.reshape(
        rollout.observations, [-1, *rollout.observations.shape[2:]]))
    bootstrap_value = self.network(frames[-games:]).value  # [N]
    rewards = tf.clip_by_value(
        rollout.rewards, -settings.reward_limit, settings.reward_limit)
    discounts = settings.discount * (
        1. - tf.cast(rollout.terminals, tf.float32))  # [T, N]
    advantages = advantages_lib.generalized_advantages(
        rewards, discounts, rollout.values, bootstrap_value, settings.trace)
    flat = [steps * games]
    return Batch(
        frames=frames[:-games],
        actions=tf.reshape(rollout.actions, flat),
        log_probs=tf.reshape(rollout.log_probs, flat),
        advantages=tf.reshape(advantages, flat),
        returns=tf.reshape(advantages + rollout.values, flat))

  def _update(self, batch: Batch) -> Dict[str, tf.Tensor]:
    """One Adam step on one minibatch."""
    variables = self.network.trainable_variables
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(variables)
      metrics = self._loss(batch)
    gradients = tape.gradient(metrics["loss"], variables)
    gradients, norm = tf.clip_by_global_norm(
        gradients, self._settings.max_gradient_norm)
    self.optimizer.apply(gradients, variables)
    return {**metrics, "gradient_norm": norm}

  def _loss(self, batch: Batch) -> Dict[str, tf.Tensor]:
    """The objective on one minibatch, and its parts."""
    settings = self._settings
    logits, values = self.network(batch.frames)  # [B, A], [B]
    advantages = _normalized(batch.advantages)  # [B]
    log_probs = _log_prob(logits, batch.actions)  # [B]
    if settings.clip is None:
      gain = log_probs * advantages
      clipped = tf.zeros_like(gain)
    else:
      ratio = tf.exp(log_probs - batch.log_probs)  # [B]
      limited = tf.clip_by_value(
          ratio, 1. - settings.clip, 1. + settings.clip)
      gain = tf.minimum(ratio * advantages, limited * advantages)
      clipped = tf.cast(tf.not_equal(ratio, limited), tf.float32)
    entropy = tf.reduce_mean(policies.entropy(logits))
    policy_loss = -tf.reduce_mean(gain)
    value_loss = tf.reduce_mean(tf.square(values - batch.returns))
    return {
        "loss": (policy_loss + settings.value_weight * value_loss
                 - settings.entropy_weight * entropy),
        "policy_loss": policy_loss,
        "value_loss": value_loss,
        "entropy": entropy,
        "clipped": tf.reduce_mean(clipped),
    }


def _log_prob(logits: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
  """log pi(a|s): `[B]` from logits `[B, A]` and actions `[B]`."""
  return -tf.nn.sparse_softmax_cross_entropy_with_logits(actions, logits)


def _normalized(advantages: tf.Tensor) -> tf.Tensor:
  """Zero mean and unit variance over the minibatch."""
  mean, variance = tf.nn.moments(advantages, axes=[0])
  return (advantages - mean) / (tf.sqrt(variance) + 1e-8)
