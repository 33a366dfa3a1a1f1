"""A policy's score in full games (Section 4.2's teachers and students).

Actions are sampled from the policy, games start with up to 30 no-ops, points
are the game's own. The scores depend on the weights and the seed only.
"""

import numpy as np
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.agents import actor_critic
from sobolev_tf.agents import environment as environment_lib
from sobolev_tf.networks import atari


def play(network: atari.AtariNetwork, game: str, games: int,
         seed: int) -> np.ndarray:
  """Plays full games.

  All games start together and each copy's first game counts, so that short
  games are not over-represented.

  Args:
    network: the policy.
    game: one of `environment.GAMES`.
    games: how many games to play.
    seed: of the emulators and of the sampled actions.

  Returns:
    The scores, float64 `[games]`.

  Raises:
    UserError: if `games` is not positive, or the network has another number of
      actions than the game.
  """
  if games < 1:
    raise errors.UserError(f"The number of games must be positive: {games}.")
  emulators = environment_lib.AtariEnvironment(game, games)
  if network.num_actions != emulators.num_actions:
    raise errors.UserError(
        f"{game} has {emulators.num_actions} actions, the network "
        f"{network.num_actions}.")

  @tf.function
  def choose(observations, index):
    logits = network(atari.channels_last(observations)).logits  # [N, A]
    return actor_critic.sample_actions(
        logits, tf.random.fold_in([seed, 0], index))

  observations = emulators.reset(seed)
  scores = np.zeros(games)
  playing = np.ones(games, bool)
  index = 0
  while playing.any():
    step = emulators.step(choose(observations, tf.constant(index)).numpy())
    scores += step.rewards * playing
    playing &= ~step.game_over
    observations = step.observations
    index += 1
  emulators.close()
  return scores
