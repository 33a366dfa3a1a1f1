"""Plays full games with a teacher of Section 4.2, and can ship it."""

import pathlib
from typing import Any, Dict, Optional

from absl import flags
import numpy as np

from configs import teacher as config_lib
from reproduce import app
from sobolev_tf import errors, files
from sobolev_tf.atari import environment, evaluation, teachers
from sobolev_tf.atari.legacy import environment as legacy_environment
from sobolev_tf.training import device

EMULATORS = {
    "ale-py": environment.AtariEnvironment,
    "atari-py": legacy_environment.LegacyAtariEnvironment,
}


def run(game: str, weights: Optional[files.Path], games: int,
        seed: int,
        emulator: str = config_lib.EVALUATION_EMULATOR) -> Dict[str, Any]:
  """Evaluates a teacher.

  Args:
    game: the game to play.
    weights: folder of a stored teacher; None plays the package's.
    games: how many full games to play.
    seed: of the games and actions.
    emulator: one of `EMULATORS`, which give the same scores.

  Returns:
    The score's statistics, as they go into the teacher's card.

  Raises:
    UserError: if the teacher is missing, damaged or of another game, or the
      emulator is not installed.
  """
  device.prepare()
  network, _ = teachers.load_teacher(game, weights)
  played = evaluation.play(
      network, game, games, seed, EMULATORS[emulator])
  return {
      "games": games,
      "seed": seed,
      "mean": round(float(np.mean(played.scores)), 2),
      "standard_deviation": round(float(np.std(played.scores)), 2),
      "median": float(np.median(played.scores)),
      "minimum": float(np.min(played.scores)),
      "maximum": float(np.max(played.scores)),
      "mean_length": round(float(np.mean(played.lengths)), 1),
      "entropy": round(played.entropy, 4),
  }


def ship(game: str, weights: files.Path,
         scores: Dict[str, Any]) -> pathlib.Path:
  """Makes a stored teacher the package's.

  Args:
    game: what it plays.
    weights: folder of the stored teacher.
    scores: its scores, as `run` gives them.

  Returns:
    The package's folder of it.
  """
  network, card = teachers.load_teacher(game, weights)
  teachers.save(teachers.package_folder(game), network, game,
                {**card, "evaluation": scores})
  return teachers.package_folder(game)


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  flags.DEFINE_enum(
      "game", None, environment.GAMES, "The game to play; must be given.",
      required=True)
  flags.DEFINE_string(
      "weights", None, "Folder of a stored teacher. [the package's]")
  flags.DEFINE_integer(
      "games", config_lib.EVALUATION_GAMES, "How many full games to play.",
      lower_bound=1, upper_bound=app.HIGHEST)
  flags.DEFINE_integer(
      "seed", config_lib.EVALUATION_SEED, "Seed of games and actions.",
      lower_bound=0, upper_bound=app.HIGHEST)
  flags.DEFINE_enum(
      "emulator", config_lib.EVALUATION_EMULATOR, list(EMULATORS),
      "The emulator: both give the same scores; atari-py needs "
      "pip install '.[legacy-atari]'.")
  flags.DEFINE_bool(
      "ship", False, "Store the teacher of --weights, with these scores in "
      "its card, as the package's teacher of the game.")


def main() -> None:
  given = flags.FLAGS
  if given.ship and given.weights is None:
    raise errors.UserError("--ship needs --weights, the teacher to ship.")
  scores = run(given.game, given.weights, given.games, given.seed,
               given.emulator)
  for name, value in scores.items():
    print(f"{name}: {value}")
  if given.ship:
    print(f"stored in {ship(given.game, given.weights, scores)}")
