"""The games of `environment` on the emulator of old: gym and atari-py.

`LegacyAtariEnvironment` plays what `environment.AtariEnvironment` plays, bit
for bit: for the same seed and actions both give the same observations,
rewards, terminals and game_over. It is there for those who want gym and
atari-py, which their authors no longer maintain, and as a check of the other.
The games are played one after another, not in threads.
"""

from typing import Optional, Sequence

import numpy as np

from sobolev_tf import errors
from sobolev_tf.atari import environment


class LegacyAtariEnvironment:
  """N copies of one game, stepped together."""

  def __init__(self, game: str, num_games: int):
    """Opens the emulators.

    Args:
      game: one of `environment.GAMES`.
      num_games: how many copies.

    Raises:
      UserError: for an unknown game, less than one copy, or if gym, atari-py
        or ale-py's ROMs are not installed.
    """
    environment.check_game(game)
    environment.check_num_games(num_games)
    game_class = _game_class()
    self.game = game
    self.num_games = num_games
    self.action_names = tuple(name for _, name in environment.ACTIONS[game])
    self.num_actions = len(self.action_names)
    self._games = [game_class(game) for _ in range(num_games)]
    self._started = False

  def reset(self, *seed: int,
            copies: Optional[Sequence[int]] = None) -> np.ndarray:
    """Starts new games; arguments and result as for `AtariEnvironment`."""
    seeds = environment.game_seeds(seed, self.num_games, copies)
    self._started = True
    return np.stack([
        game.reset(seed=int(s))[0] for game, s in zip(self._games, seeds)])

  def step(self, actions: np.ndarray) -> environment.Step:
    """Plays one action (four frames) in every game.

    Args:
      actions: integers `[N]` in `[0, num_actions)`.

    Returns:
      The games' `Step`.

    Raises:
      UserError: if the actions are not N integers of the set, or `reset` was
        never called.
    """
    actions = environment.check_actions(actions, self.game, self.num_games)
    environment.check_started(self._started)
    observations, rewards, terminals, game_over = [], [], [], []
    for game, action in zip(self._games, actions):
      observation, reward, over, cut, info = game.step(int(action))
      if over or cut:
        observation, _ = game.reset()
      observations.append(observation)
      rewards.append(reward)
      terminals.append(over or cut or info["life_lost"])
      game_over.append(over or cut)
    return environment.Step(
        observations=np.stack(observations),
        rewards=np.array(rewards, np.float32),
        terminals=np.array(terminals),
        game_over=np.array(game_over))

  def close(self) -> None:
    """Ends the emulators."""
    for game in self._games:
      game.close()


def _game_class():
  """Imports the emulator, which is an optional dependency."""
  try:
    from sobolev_tf.atari.legacy import game as legacy_game
  except ImportError as error:
    raise errors.UserError(
        "The Atari emulator of old is not installed: "
        "pip install 'sobolev_tf[legacy-atari]'.") from error
  return legacy_game.Game
