"""A policy's score in full games (Section 4.2's teachers and students).

Actions are sampled from the policy, games start with up to 30 no-ops, points
are the game's own. What comes out depends on the weights and the seed only.
"""

from typing import Any, Callable, NamedTuple

import numpy as np
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.atari import environment, networks, pixels, policies

_COPIES = 16  # games at a time; more cost seconds each to start


class Games(NamedTuple):
  """What full games showed.

  Attributes:
    scores: float64 `[games]`, points of the game.
    lengths: int64 `[games]`, in agent steps (of four frames).
    entropy: the policy's entropy in nats, mean over all steps.
  """
  scores: np.ndarray
  lengths: np.ndarray
  entropy: float


def play(network: networks.AtariNetwork, game: str, games: int, seed: int,
         make_environment: Callable[[str, int], Any] = (
             environment.AtariEnvironment)) -> Games:
  """Plays full games.

  Up to 16 are played at a time. How many each copy of the emulator plays is
  fixed beforehand, so that short games are not over-represented.

  Args:
    network: the policy.
    game: one of `environment.GAMES`.
    games: how many games to play.
    seed: of the emulators and of the sampled actions.
    make_environment: gives the games' environment for a game and a number of
      copies: `AtariEnvironment` or `LegacyAtariEnvironment`.

  Returns:
    The games' scores and lengths, and the policy's entropy.

  Raises:
    UserError: if `games` is not positive, or the network has another number of
      actions than the game.
  """
  if games < 1:
    raise errors.UserError(f"The number of games must be positive: {games}.")
  environment.check_num_actions(game, network.num_actions)
  copies = min(games, _COPIES)
  emulators = make_environment(game, copies)

  @tf.function
  def choose(observations, index):
    logits = network(pixels.channels_last(observations)).logits  # [N, A]
    actions = policies.sample_actions(
        logits, tf.random.fold_in([seed, 0], index))
    return actions, policies.entropy(logits)  # [N], [N]

  observations = emulators.reset(seed)
  to_play = np.full(copies, games // copies)  # [N]
  to_play[:games % copies] += 1
  score, length = np.zeros(copies), np.zeros(copies, np.int64)
  scores, lengths, entropy, index = [], [], 0., 0
  while to_play.any():
    actions, entropies = choose(tf.constant(observations), tf.constant(index))
    step = emulators.step(actions.numpy())
    entropy += float(np.sum(entropies.numpy()[to_play > 0]))
    score += step.rewards
    length += 1
    for n in np.flatnonzero(step.game_over & (to_play > 0)):
      scores.append(score[n])
      lengths.append(length[n])
      to_play[n] -= 1
    score[step.game_over] = 0.
    length[step.game_over] = 0
    observations = step.observations
    index += 1
  emulators.close()
  return Games(
      np.array(scores), np.array(lengths), entropy / float(np.sum(lengths)))
