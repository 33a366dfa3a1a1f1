"""Time per training step of students, on states drawn at random.

Their content does not matter for time, so no game has to be replayed.
"""

import functools
from typing import Any, Callable, Dict, Mapping

import numpy as np

from configs import distillation as config_lib
from reproduce import timing
from reproduce.distillation import split as split_lib
from reproduce.distillation import student
from sobolev_tf.atari import environment, networks, recordings, states
from sobolev_tf.training import loop

_STATES = 1_000  # ours: 1 % of a recording, the smallest share that we report
_STEPS = 20  # per timing; ours: 50 ms and more


def measure(teacher: networks.AtariNetwork, game: str,
            trials: Mapping[str, config_lib.Trial],
            settings: config_lib.Settings, repeats: int) -> Dict[str, float]:
  """Times every method's step, one after another, several times over.

  Args:
    teacher: a teacher of the game.
    game: one of `environment.GAMES`.
    trials: by method, its tuned settings.
    settings: how the students are trained.
    repeats: timings of each method.

  Returns:
    The median seconds of a step, by method.
  """
  drawn = states.States(_random_recording(game, teacher.num_actions))
  split = split_lib.Split(*3 * [np.arange(_STATES, dtype=np.int32)])
  return timing.seconds_per_step({
      method: _steps(student.Distillation(
          teacher, drawn, split, method, trial, settings, seed=0))
      for method, trial in trials.items()}, lambda _: _STEPS, repeats)


def _steps(trained: student.Distillation) -> Callable[[int], Any]:
  """Trains on by a number of steps; the index does not matter for time."""
  run = functools.partial(loop.compile_steps(trained.step), 0)
  return lambda count: run(count)["loss"].numpy()


def _random_recording(game: str, num_actions: int) -> recordings.Recording:
  random = np.random.default_rng(0)
  log = recordings.ActionLog(
      game, 0, "none", (0,), np.zeros((1, _STATES), np.uint8),
      np.zeros((1, _STATES), bool), ("",))
  return recordings.Recording(
      log, random.integers(
          256, size=(_STATES, *environment.FRAME_SHAPE), dtype=np.uint8),
      np.zeros(_STATES, np.float32),
      random.normal(size=(_STATES, num_actions)).astype(np.float32))
