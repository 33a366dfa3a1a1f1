"""One Atari game as a `gym.Env` over atari-py, prepared as ale-py prepares it.

Needs the extra `legacy-atari`: this module imports `gym` and `atari_py`.
atari-py ships no game but Tetris; the ROMs are those of ale-py's wheel.
"""

from typing import Any, Dict, List, Optional, Tuple

from ale_py import roms
import atari_py
import gym
import numpy as np

from sobolev_tf.atari import environment
from sobolev_tf.atari.legacy import area_resize

_NOOP, _FIRE = 0, 1  # the emulator's names for them
_REPEAT = 4
_MAX_NO_OPS = 30


class Game(gym.Env):
  """One game, as `environment.AtariEnvironment` plays it.

  Attributes:
    observation_space: uint8 `[4, 84, 84]`, oldest frame first.
    action_space: indices into `environment.ACTIONS[game]`.
  """

  def __init__(self, game: str):
    """Opens the emulator.

    Args:
      game: one of `environment.GAMES`.
    """
    self.observation_space = gym.spaces.Box(
        0, 255, (environment.STACK, *environment.FRAME_SHAPE), np.uint8)
    self.action_space = gym.spaces.Discrete(len(environment.ACTIONS[game]))
    self._actions = [index for index, _ in environment.ACTIONS[game]]
    self._rom = str(roms.get_rom_path(game))
    self._emulator = atari_py.ALEInterface()
    self._emulator.setFloat("repeat_action_probability", 0.)
    self._emulator.loadROM(self._rom)
    self._minimal = self._emulator.getMinimalActionSet()
    self._random = np.random.RandomState()
    self._frames: List[np.ndarray] = []  # the last four
    self._played = 0  # frames since the start, no-ops not counted

  def reset(self, *, seed: Optional[int] = None,
            options: Optional[Dict[str, Any]] = None
            ) -> Tuple[np.ndarray, Dict[str, Any]]:
    """Starts a game with FIRE, where it has that, and up to 30 no-ops.

    Args:
      seed: in `[0, 2^31)`, of this start and all later ones; without any, they
        are arbitrary.
      options: not used.

    Returns:
      The first observation, of which three frames are black; and no info.
    """
    del options
    if seed is not None:
      self._random = np.random.RandomState(seed)
      self._emulator.setInt("random_seed", seed)
      self._emulator.loadROM(self._rom)  # takes the seed
    self._emulator.reset_game()
    no_ops = _draw(self._random, _MAX_NO_OPS)
    if _FIRE in self._minimal:
      self._emulator.act(_FIRE)
      no_ops -= 1
    for _ in range(no_ops):
      self._emulator.act(_NOOP)
    self._frames = [
        np.zeros(environment.FRAME_SHAPE, np.uint8)] * environment.STACK
    self._see(self._screen())
    self._played = 0
    return np.stack(self._frames), {}

  def step(self, action: int
           ) -> Tuple[np.ndarray, float, bool, bool, Dict[str, Any]]:
    """Plays an action for four frames, fewer where the game ends in them.

    Args:
      action: index into `environment.ACTIONS[game]`.

    Returns:
      The observation (as before the step where the game ended in it); the
      game's points; whether the game is over; whether it was cut at 30
      minutes; and as info "life_lost".
    """
    emulator_action = self._minimal[self._actions[action]]
    lives, points, screens = self._emulator.lives(), 0, []
    for frame in range(_REPEAT):
      points += self._emulator.act(emulator_action)
      self._played += 1
      over = self._emulator.game_over()
      cut = self._played >= environment.MAX_GAME_FRAMES
      if over or cut:
        break
      if frame >= _REPEAT - 2:
        screens.append(self._screen())
    else:
      self._see(np.maximum(*screens))  # sprites flicker: see both frames
    info = {"life_lost": self._emulator.lives() < lives}
    return np.stack(self._frames), float(points), over, cut and not over, info

  def _screen(self) -> np.ndarray:
    return self._emulator.getScreenGrayscale()[:, :, 0]  # [210, 160]

  def _see(self, screen: np.ndarray) -> None:
    frame = area_resize.area_resize(screen, environment.FRAME_SHAPE)
    self._frames = [*self._frames[1:], frame]


def _draw(random: np.random.RandomState, limit: int) -> int:
  """Draws from 0 to `limit` - 1 as ale-py does.

  That is `std::uniform_int_distribution` over `std::mt19937` in GNU's library:
  the upper half of the 64-bit product of `limit` and a 32-bit word, the words
  that would favour some numbers left out (Lemire, arXiv:1805.10941).
  """
  product = limit * int(random.randint(2**32, dtype=np.uint32))
  while product % 2**32 < 2**32 % limit:
    product = limit * int(random.randint(2**32, dtype=np.uint32))
  return product >> 32
