"""Records a teacher's play: the states that Section 4.2 distils from.

  python -m reproduce.record --game=pong

replays the action log that comes with the package: it plays the same games
again, checks every frame's checksum, recomputes the teacher's outputs and
stores all of it in `runs/recording/pong/states`. `--sample` plays other games
instead, with actions sampled from the teacher; `--ship` then makes their log
the package's.
"""

import pathlib
import time
from typing import Any, Dict, Optional

from absl import flags
import numpy as np

from configs import recording as config_lib
from reproduce import app
from reproduce import rows as results
from sobolev_tf import errors, files
from sobolev_tf.atari import environment, recording, recordings, teachers
from sobolev_tf.training import device

_STATES = "states"


def run(game: str, folder: files.Path, *,
        sampling: Optional[config_lib.RecordingConfig] = None,
        seed: int = config_lib.SEED, copies: Optional[int] = None,
        weights: Optional[files.Path] = None,
        overwrite: bool = False) -> Dict[str, Any]:
  """Makes a recording and stores it.

  Args:
    game: the game.
    folder: where to; the recording is its subfolder `states`.
    sampling: how much to sample; None replays the package's log.
    seed: of the sampled games and actions.
    copies: replays only so many copies of the log; None replays all.
    weights: folder of a stored teacher; None takes the package's.
    overwrite: replaces the recording that is there.

  Returns:
    What was recorded, by name.

  Raises:
    UserError: if the teacher or the log is missing, damaged or of another
      game, if they do not belong together, if the replay differs from the
      log, or if the folder cannot be used.
  """
  device.prepare()
  start = time.monotonic()
  network, teacher = teachers.load_teacher(game, weights)
  checksum = teachers.checksum(network)
  with files.locked(folder) as folder:
    _check_free(folder / _STATES, overwrite)
    if sampling is None:
      log, _ = recordings.load_game_log(game, network)
      if copies is not None:
        log = recording.select(log, range(copies))
      played = recording.replay(log, network)
    else:
      played = recording.record(
          network, game, seed, sampling.copies, sampling.length)
    recordings.save(folder / _STATES, played, {
        "teacher": {
            "weights": checksum, "steps": teacher.get("steps"),
            "score": teacher.get("evaluation", {}).get("mean")},
        "commit": results.commit(), "versions": results.versions()})
  whole = played.log.whole
  size = sum(f.stat().st_size for f in (folder / _STATES).iterdir())
  return {
      "states": len(played.frames),
      "games": len(whole),
      "whole games": int(whole.sum()),
      "mean score of whole games": (
          round(float(np.mean(played.scores[whole])), 2) if whole.any()
          else None),
      "megabytes on disk": round(size / 1e6, 1),
      "seconds": round(time.monotonic() - start, 1),
      "stored in": str(folder / _STATES),
  }


def ship(game: str, folder: files.Path) -> pathlib.Path:
  """Makes the log of a stored recording the package's.

  Args:
    game: the game.
    folder: the folder that `run` was given.

  Returns:
    Where it is now.
  """
  log, card = recordings.load_log(pathlib.Path(folder) / _STATES)
  recordings.save_log(recordings.log_folder(game), log, card)
  return recordings.log_folder(game)


def _check_free(folder: pathlib.Path, overwrite: bool) -> None:
  """Refuses a folder whose content would be lost."""
  if not folder.exists():
    return
  if not (folder / files.SEAL).is_file():
    raise errors.UserError(
        f"'{folder}' is not a recording of this project: choose another "
        "--output.")
  if not overwrite:
    raise errors.UserError(
        f"'{folder}' holds a recording already: choose another --output, or "
        "pass --overwrite to replace it.")


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  flags.DEFINE_enum(
      "game", None, environment.GAMES, "The game to record; must be given.",
      required=True)
  flags.DEFINE_string(
      "weights", None, "Folder of a stored teacher. [the package's]")
  flags.DEFINE_string(
      "output", None, "Folder for the recording. [runs/recording/GAME]")
  flags.DEFINE_bool(
      "overwrite", False, "Replace the recording in --output.")
  flags.DEFINE_integer(
      "copies", None, "Replay only the first so many copies of the game. "
      "[all of the log]", lower_bound=1)
  flags.DEFINE_bool(
      "sample", False, "Play other games than the package's log has, with "
      "actions sampled from the teacher.")
  flags.DEFINE_enum(
      "preset", "full", list(config_lib.PRESETS), "How much to sample; "
      "configs/recording.py holds the numbers.")
  flags.DEFINE_integer(
      "seed", config_lib.SEED, "Seed of sampled games and actions.",
      lower_bound=0, upper_bound=app.HIGHEST)
  flags.DEFINE_bool(
      "ship", False, "Store the sampled recording's log as the package's.")


def main() -> None:
  given = flags.FLAGS
  _check_flags(given)
  if given.output == "":
    raise errors.UserError("--output is empty: name a folder.")
  folder = given.output or f"runs/recording/{given.game}"
  made = run(
      given.game, folder, seed=given.seed, copies=given.copies,
      sampling=config_lib.PRESETS[given.preset] if given.sample else None,
      weights=given.weights, overwrite=given.overwrite)
  for name, value in made.items():
    print(f"{name}: {value}")
  if given.ship:
    print(f"log shipped in: {ship(given.game, folder)}")


def _check_flags(given: flags.FlagValues) -> None:
  """Refuses flags that would do nothing, or ship what nobody can replay."""
  if given.sample and given.copies is not None:
    raise errors.UserError("--copies is for replaying, not for --sample.")
  for name in ("preset", "seed", "ship"):
    if not given.sample and not given[name].using_default_value:
      raise errors.UserError(f"--{name} needs --sample.")
  if given.ship and given.weights is not None:
    raise errors.UserError(
        "--ship needs the package's teacher, with which the log is replayed: "
        "leave --weights out.")


if __name__ == "__main__":
  app.run(define_flags, main)
