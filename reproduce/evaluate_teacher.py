"""Plays full games with a teacher of Section 4.2, and can ship it.

  python -m reproduce.evaluate_teacher --game=pong

evaluates the teacher that comes with the package, from its stored weights.
With `--weights` another stored teacher is played, a candidate of
`reproduce.train_teacher`, say; `--ship` then makes it the package's.
"""

import os
import pathlib
import sys
from typing import List

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as in train_teacher
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags
import numpy as np

from configs import teacher as teacher_config
from sobolev_tf import errors, files
from sobolev_tf.agents import environment, evaluation, teachers

_GAME = flags.DEFINE_enum(
    "game", None, environment.GAMES, "The game to play.", required=True)
_WEIGHTS = flags.DEFINE_string(
    "weights", None, "Folder of a stored teacher; by default the package's.")
_GAMES = flags.DEFINE_integer(
    "games", teacher_config.EVALUATION_GAMES, "How many full games to play.",
    lower_bound=1)
_SEED = flags.DEFINE_integer(
    "seed", teacher_config.EVALUATION_SEED, "Seed of games and actions.",
    lower_bound=0)
_SHIP = flags.DEFINE_bool(
    "ship", False, "Store the teacher, with these scores in its card, as the "
    "package's teacher of the game.")


def run(game: str, weights: files.Path | None, games: int,
        seed: int) -> dict:
  """Evaluates a teacher.

  Args:
    game: the game to play.
    weights: folder of a stored teacher; None plays the package's.
    games: how many full games to play.
    seed: of the games and actions.

  Returns:
    The score's statistics, as they go into the teacher's card.

  Raises:
    UserError: if the teacher is missing, damaged or of another game.
  """
  network, _ = _load(game, weights)
  played = evaluation.play(network, game, games, seed)
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


def ship(game: str, weights: files.Path, scores: dict) -> pathlib.Path:
  """Makes a stored teacher the package's; returns its folder."""
  network, card = _load(game, weights)
  folder = pathlib.Path(teachers.__file__).parent / "data" / game
  command = (f"python -m reproduce.train_teacher --game={game} "
             f"--steps={card['settings']['steps']} "
             f"--seed={card['settings']['seed']}")
  teachers.save(
      folder, network, game, {**card, "evaluation": scores,
                              "command": command})
  return folder


def _load(game, weights):
  if weights is None:
    return teachers.load_teacher(game)
  network, card = teachers.load(weights)
  if card["game"] != game:
    raise errors.UserError(
        f"The teacher in '{weights}' plays {card['game']}, not {game}.")
  return network, card


def main(argv: List[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f"Unexpected arguments: {argv[1:]}.")
  try:
    if _SHIP.value and _WEIGHTS.value is None:
      raise errors.UserError("--ship needs --weights, the teacher to ship.")
    scores = run(_GAME.value, _WEIGHTS.value, _GAMES.value, _SEED.value)
    for name, value in scores.items():
      print(f"{name}: {value}")
    if _SHIP.value:
      print(f"stored in {ship(_GAME.value, _WEIGHTS.value, scores)}")
  except errors.UserError as error:
    print(f"Error: {error}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
  app.run(main)
