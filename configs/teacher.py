"""Settings of teacher training (Section 4.2): the only home of them.

The paper trains A3C agents and states no settings. These are ours: a
synchronous actor-critic with PPO's clipped objective and generalised
advantages, whose values are those of the PPO literature but for a learning
rate of 4e-4.
"""

import dataclasses
from typing import Mapping, Optional

from sobolev_tf import errors
from sobolev_tf.atari import actor_critic


@dataclasses.dataclass(frozen=True)
class TeacherConfig:
  """One run of teacher training.

  Attributes:
    network: a key of `sobolev_tf.atari.networks.SIZES`.
    steps: agent steps (of four frames) over all games.
    num_games: N, games played together.
    rollout_length: T, steps of each game between updates.
    checkpoint_every: iterations between checkpoints; all games start again
      then, so it must leave room for whole games.
    candidate_every: iterations between stored weights.
    learning: the learner's settings.
  """
  network: str
  steps: int
  num_games: int
  rollout_length: int
  checkpoint_every: int
  candidate_every: int
  learning: actor_critic.Settings

  @property
  def iterations(self) -> int:
    """How many rollouts the run learns from."""
    return max(1, self.steps // self.transitions)

  @property
  def transitions(self) -> int:
    """How many agent steps an iteration takes."""
    return self.num_games * self.rollout_length


_PPO = actor_critic.Settings(
    learning_rate=4e-4,
    epochs=4,
    minibatch_size=256,
    discount=0.99,
    trace=0.95,
    clip=0.1,
    entropy_weight=0.01,
    value_weight=0.25,
    max_gradient_norm=0.5,
    reward_limit=1.)

_CPU = TeacherConfig(
    network="teacher-cpu",
    steps=2_000_000,
    num_games=16,
    rollout_length=128,
    checkpoint_every=64,  # 8,192 steps of each game
    candidate_every=128,
    learning=_PPO)

PRESETS: Mapping[str, TeacherConfig] = {
    "cpu": _CPU,
    "gpu": dataclasses.replace(
        _CPU, network="teacher-gpu", num_games=64, checkpoint_every=32,
        candidate_every=64, learning=dataclasses.replace(
            _PPO, minibatch_size=1024)),
    # Plain synchronous advantage actor-critic with five-step returns.
    "a2c": dataclasses.replace(
        _CPU, rollout_length=5, checkpoint_every=1600, candidate_every=3200,
        learning=dataclasses.replace(
            _PPO, learning_rate=7e-4, epochs=1, minibatch_size=80, trace=1.,
            clip=None)),
    "smoke": dataclasses.replace(
        _CPU, network="student-cpu", steps=256, num_games=2,
        rollout_length=32, checkpoint_every=2, candidate_every=2,
        learning=dataclasses.replace(_PPO, epochs=2, minibatch_size=32)),
}

STEPS: Mapping[str, int] = {
    "pong": 2_000_000,
    "breakout": 3_000_000,
    "space_invaders": 2_000_000,
}

SEED = 1
EVALUATION_EMULATOR = "ale-py"  # or the card's "atari-py": the same games
EVALUATION_GAMES = 100  # the paper does not say; its field uses 30 or 100
EVALUATION_SEED = 10_000


def get(preset: str, game: str, steps: Optional[int] = None) -> TeacherConfig:
  """Looks up the settings of a run.

  Args:
    preset: a key of `PRESETS`.
    game: one of the paper's games, which sets the number of steps.
    steps: replaces that number; None keeps it.

  Returns:
    The settings.

  Raises:
    UserError: for an unknown preset or steps that are not positive.
  """
  if preset not in PRESETS:
    raise errors.UserError(
        f"Unknown preset '{preset}': choose one of {', '.join(PRESETS)}.")
  config = PRESETS[preset]
  if steps is None:
    steps = config.steps if preset == "smoke" else STEPS.get(
        game, config.steps)
  if steps < 1:
    raise errors.UserError(f"The number of steps must be positive: {steps}.")
  return dataclasses.replace(config, steps=steps)
