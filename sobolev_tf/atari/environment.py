"""Atari games, many at once: the emulators of Section 4.2.

A thin layer over `ale_py.vector_env.AtariVectorEnv` that fixes what the
experiment needs and hides what would silently spoil it:

* frames are 84x84 grey, the last four stacked, each action repeated four
  times, no sticky actions, every game started by FIRE where the game has it
  and then up to 30 no-ops;
* rewards are the game's own. The emulator clips them by default, and then the
  score is lost; learning clips them itself;
* the loss of a life is reported without resetting the game. The emulator's
  `episodic_life` would restart the whole game at each life;
* a game that ends restarts in the same step, so that every row of every step
  is a transition of the game;
* actions are checked here: one outside the set can make the emulator hang.

Pong has six actions in the emulator of today, three of them near-duplicates
(with and without FIRE, which does nothing in play). The paper's had three, and
with six the error of the most probable action would measure ties. Ours are
{NOOP, RIGHT, LEFT}.
"""

from importlib import metadata
from typing import Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from sobolev_tf import errors

# Indices into the emulator's minimal action set, and what they mean.
ACTIONS: Mapping[str, Tuple[Tuple[int, str], ...]] = {
    "pong": ((0, "NOOP"), (2, "RIGHT"), (3, "LEFT")),
    "breakout": ((0, "NOOP"), (1, "FIRE"), (2, "RIGHT"), (3, "LEFT")),
    "space_invaders": (
        (0, "NOOP"), (1, "FIRE"), (2, "RIGHT"), (3, "LEFT"),
        (4, "RIGHTFIRE"), (5, "LEFTFIRE")),
}
GAMES = tuple(ACTIONS)
FRAME_SHAPE = (84, 84)
STACK = 4
MAX_GAME_FRAMES = 108_000  # 30 minutes of play, the field's usual limit


class Step(NamedTuple):
  """What N games did in one step.

  Attributes:
    observations: uint8 `[N, 4, 84, 84]`, oldest frame first. Where a game is
      over, already the first observation of the next one.
    rewards: float32 `[N]`, the game's own points.
    terminals: bool `[N]`, a life was lost or the game is over: for learning,
      no value is expected beyond this step.
    game_over: bool `[N]`, the game is over (or was cut at 30 minutes) and
      another has started.
  """
  observations: np.ndarray
  rewards: np.ndarray
  terminals: np.ndarray
  game_over: np.ndarray


class AtariEnvironment:
  """N copies of one game, stepped together."""

  def __init__(self, game: str, num_games: int, num_threads: int = 0):
    """Opens the emulators.

    Args:
      game: one of `GAMES`.
      num_games: how many copies.
      num_threads: emulator threads; 0 takes one per core, at most one a game.

    Raises:
      UserError: for an unknown game, less than one copy, or if the emulator
        is not installed.
    """
    check_game(game)
    check_num_games(num_games)
    vector_env, same_step = _emulator()
    self.game = game
    self.num_games = num_games
    self.action_names = tuple(name for _, name in ACTIONS[game])
    self.num_actions = len(self.action_names)
    self._action_index = np.array([i for i, _ in ACTIONS[game]], np.int64)
    self._emulators = vector_env(
        game, num_games,
        num_threads=num_threads,
        autoreset_mode=same_step,
        max_num_frames_per_episode=MAX_GAME_FRAMES,
        repeat_action_probability=0.,
        img_height=FRAME_SHAPE[0],
        img_width=FRAME_SHAPE[1],
        stack_num=STACK,
        frameskip=4,
        noop_max=30,
        use_fire_reset=True,
        episodic_life=False,
        life_loss_info=True,
        reward_clipping=False)
    self._game_frame: Optional[np.ndarray] = None  # [N]

  def reset(self, *seed: int,
            copies: Optional[Sequence[int]] = None) -> np.ndarray:
    """Starts new games; all that follows depends on the seed and actions only.

    A copy's game depends on the seed, the copy's number and its actions, not
    on the other copies.

    Args:
      *seed: one or more non-negative integers, which together are the seed.
      copies: the N copies' numbers, to play some games out of more; None
        stands for 0 to N - 1.

    Returns:
      uint8 observations `[N, 4, 84, 84]`, of which three frames are black.

    Raises:
      UserError: if there is not a number from 0 on for every copy.
    """
    observations, info = self._emulators.reset(
        seed=game_seeds(seed, self.num_games, copies))
    self._game_frame = info["episode_frame_number"]
    return observations

  def step(self, actions: np.ndarray) -> Step:
    """Plays one action (four frames) in every game.

    Args:
      actions: integers `[N]` in `[0, num_actions)`.

    Returns:
      The games' `Step`.

    Raises:
      UserError: if the actions are not N integers of the set, or `reset` was
        never called.
    """
    actions = check_actions(actions, self.game, self.num_games)
    check_started(self._game_frame is not None)
    observations, rewards, terminated, truncated, info = self._emulators.step(
        self._action_index[actions])
    game_frame = info["episode_frame_number"]
    game_over = game_frame < self._game_frame
    self._game_frame = game_frame
    return Step(
        observations=observations,
        rewards=rewards.astype(np.float32),
        terminals=terminated | truncated,
        game_over=game_over)

  def close(self) -> None:
    """Ends the emulators' threads."""
    self._emulators.close()


def check_game(game: str) -> None:
  """Raises a `UserError` unless `game` is one of `GAMES`."""
  if game not in ACTIONS:
    raise errors.UserError(
        f"Unknown game '{game}': choose one of {', '.join(GAMES)}.")


def check_num_actions(game: str, num_actions: int) -> None:
  """Raises a `UserError` unless the game has this many actions."""
  check_game(game)
  if num_actions != len(ACTIONS[game]):
    raise errors.UserError(
        f"{game} has {len(ACTIONS[game])} actions, the network {num_actions}.")


def emulator_version() -> str:
  """The emulator's name and version, on which every frame depends."""
  _emulator()
  return f"ale-py {metadata.version('ale-py')}"


def check_num_games(num_games: int) -> None:
  """Raises a `UserError` unless there is at least one game."""
  if num_games < 1:
    raise errors.UserError(
        f"Play at least one game at a time, not {num_games}.")


def check_actions(
    actions: np.ndarray, game: str, num_games: int) -> np.ndarray:
  """Returns the actions; a `UserError` unless they are N integers of the set.
  """
  actions = np.asarray(actions)
  names = [name for _, name in ACTIONS[game]]
  if actions.shape != (num_games,) or actions.dtype.kind not in "iu":
    raise errors.UserError(
        f"Expected {num_games} integer actions, got {actions.dtype} of "
        f"shape {actions.shape}.")
  if actions.min() < 0 or actions.max() >= len(names):
    raise errors.UserError(
        f"Actions of {game} are 0 to {len(names) - 1} ({', '.join(names)}); "
        f"got {actions.min()} to {actions.max()}.")
  return actions


def check_started(started: bool) -> None:
  """Raises a `UserError` unless `reset` was called."""
  if not started:
    raise errors.UserError("Call reset before the first step.")


def game_seeds(seed: Tuple[int, ...], num_games: int,
               copies: Optional[Sequence[int]] = None) -> np.ndarray:
  """Seeds of N games from one seed.

  Args:
    seed: of all games together.
    num_games: N.
    copies: the games' numbers; None stands for 0 to N - 1.

  Returns:
    int64 `[N]` in `[0, 2^31)`; a game's depends on `seed` and its number only.

  Raises:
    UserError: if there is not a number from 0 on for every game.
  """
  numbers = np.array(range(num_games) if copies is None else copies, np.int64)
  if numbers.shape != (num_games,) or numbers.min() < 0:
    raise errors.UserError(
        f"Expected {num_games} numbers of copies from 0 on, got "
        f"{numbers.tolist()}.")
  seeds = np.random.SeedSequence(seed).generate_state(int(numbers.max()) + 1)
  return (seeds & 0x7fffffff).astype(np.int64)[numbers]


def _emulator():
  """Imports the emulator, which is an optional dependency."""
  try:
    from ale_py import vector_env
    import gymnasium
  except ImportError as error:
    raise errors.UserError(
        "The Atari emulator is not installed: pip install 'sobolev_tf[atari]'."
    ) from error
  return vector_env.AtariVectorEnv, gymnasium.vector.AutoresetMode.SAME_STEP
