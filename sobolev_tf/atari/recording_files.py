"""Recordings and their action logs on disk.

Both are sealed folders (`sobolev_tf.files`). A log is `actions.npz` (the
actions and the ends of games) and `card.json` (seed, emulator, checksums of
the frames, where it comes from); logs of the paper's three games (Section 4.2)
come with the package. A recording is a log and `states.npz` (frames, rewards,
the teacher's logits). Arrays are compressed and read without pickle.
"""

from importlib import resources
import json
import pathlib
import string
from typing import Any, Dict, Mapping, Optional, Tuple

import numpy as np

from sobolev_tf import errors, files
from sobolev_tf.atari import environment, networks, recordings, teachers

ACTIONS = "actions.npz"
CARD = "card.json"
STATES = "states.npz"
_HIGHEST = 2**31 - 1  # seed
_MOST_COPIES = 10_000  # of a game, side by side


def save_log(folder: files.Path, log: recordings.ActionLog,
             card: Mapping[str, Any]) -> None:
  """Writes an action log.

  Args:
    folder: where to; an existing one there is replaced in one step.
    log: the log.
    card: JSON-serialisable facts about where it comes from.

  Raises:
    UserError: if the folder cannot be written.
  """
  files.write_folder(folder, lambda path: _write_log(path, log, card))


def save(folder: files.Path, recording: recordings.Recording,
         card: Mapping[str, Any]) -> None:
  """Writes a recording; `load_log` reads its log, too.

  Args:
    folder: where to; an existing one there is replaced in one step.
    recording: the recording.
    card: JSON-serialisable facts about where it comes from.

  Raises:
    UserError: if the folder cannot be written.
  """
  def fill(path: pathlib.Path) -> None:
    _write_log(path, recording.log, card)
    np.savez_compressed(
        path / STATES, frames=recording.frames, rewards=recording.rewards,
        logits=recording.logits)

  files.write_folder(folder, fill)


def load_log(folder: files.Path
             ) -> Tuple[recordings.ActionLog, Dict[str, Any]]:
  """Reads an action log.

  Args:
    folder: a folder that `save_log` or `save` wrote.

  Returns:
    The log and its card.

  Raises:
    UserError: if anything is missing, damaged or does not fit together.
  """
  folder = files.verify_folder(folder)
  try:
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    with np.load(folder / ACTIONS, allow_pickle=False) as stored:
      log = recordings.ActionLog(
          game=card["game"], seed=card["seed"], emulator=card["emulator"],
          copies=tuple(card["copies"]), actions=stored["actions"],
          game_over=stored["game_over"], checksums=tuple(card["checksums"]))
    _check_log(log, card)
  except teachers.UNFIT as error:
    raise errors.UserError(
        f"'{folder}' is not an action log of this project ({error})."
    ) from error
  return log, card


def load(folder: files.Path
         ) -> Tuple[recordings.Recording, Dict[str, Any]]:
  """Reads a recording.

  Args:
    folder: a folder that `save` wrote.

  Returns:
    The recording and its card.

  Raises:
    UserError: if anything is missing, damaged or does not fit together.
  """
  log, card = load_log(folder)
  folder = pathlib.Path(folder)
  size = log.actions.size
  num_actions = len(environment.ACTIONS[log.game])
  try:
    with np.load(folder / STATES, allow_pickle=False) as stored:
      recording = recordings.Recording(
          log, stored["frames"], stored["rewards"], stored["logits"])
    _check_array("frames", recording.frames, np.uint8,
                 (size, *environment.FRAME_SHAPE))
    _check_array("rewards", recording.rewards, np.float32, (size,))
    _check_array("logits", recording.logits, np.float32, (size, num_actions))
    if log.checksums != recordings.checksums(recording.frames.reshape(
        *log.actions.shape, *environment.FRAME_SHAPE)):
      raise ValueError("its frames do not have the checksums of its log")
    for name in ("rewards", "logits"):
      if not np.isfinite(getattr(recording, name)).all():
        raise ValueError(f"its {name} are not all finite")
  except teachers.UNFIT as error:
    raise errors.UserError(
        f"'{folder}' is not a recording of this project ({error})."
    ) from error
  return recording, card


def has_states(folder: files.Path) -> bool:
  """Whether a folder holds a recording and not its log only."""
  return (pathlib.Path(folder) / STATES).is_file()


def load_game_log(game: str, network: networks.AtariNetwork,
                  folder: Optional[files.Path] = None
                  ) -> Tuple[recordings.ActionLog, Dict[str, Any]]:
  """Loads the action log of a game that a teacher played.

  Args:
    game: one of `environment.GAMES`.
    network: the teacher.
    folder: a folder that `save_log` or `save` wrote; None loads the package's.

  Returns:
    The log and its card.

  Raises:
    UserError: for an unknown game, or if its log is missing, damaged, of
      another game or of another teacher.
  """
  environment.check_game(game)
  if folder is None:
    folder = log_folder(game)
    if not (folder / CARD).is_file():
      raise errors.UserError(
          f"This installation has no recording of {game}: sample one with "
          f"python -m reproduce.record --game={game} --sample.")
  log, card = load_log(folder)
  if log.game != game:
    raise errors.UserError(
        f"The action log in '{folder}' is of {log.game}, not {game}.")
  if card.get("teacher", {}).get("weights") != teachers.checksum(network):
    raise errors.UserError(
        f"The recording of {game} in '{folder}' is of another teacher: name "
        "the one that played it, or sample a new recording.")
  return log, card


def log_folder(game: str) -> pathlib.Path:
  """Where the package keeps its action log of a game."""
  return pathlib.Path(str(
      resources.files("sobolev_tf.atari") / "data" / f"{game}_recording"))


def _write_log(path: pathlib.Path, log: recordings.ActionLog,
               card: Mapping[str, Any]) -> None:
  card = {
      "game": log.game,
      "seed": log.seed,
      "emulator": log.emulator,
      "actions": [name for _, name in environment.ACTIONS[log.game]],
      "copies": list(log.copies),
      "checksums": list(log.checksums),
      **card}
  np.savez_compressed(
      path / ACTIONS, actions=log.actions, game_over=log.game_over)
  (path / CARD).write_text(
      json.dumps(card, indent=2) + "\n", encoding="utf-8")


def _check_log(log: recordings.ActionLog, card: Mapping[str, Any]) -> None:
  """Raises a `ValueError` unless the log can be played."""
  environment.check_game(log.game)
  names = [name for _, name in environment.ACTIONS[log.game]]
  if card["actions"] != names:
    raise ValueError(f"its actions are {card['actions']}, not {names}")
  numbers = (log.seed, *log.copies)
  if not all(type(n) is int and 0 <= n <= _HIGHEST for n in numbers):
    raise ValueError("its seed and copies are not all integers from 0 on")
  if max(log.copies, default=0) > _MOST_COPIES:
    raise ValueError(f"it has copies beyond number {_MOST_COPIES:,}")
  if not isinstance(card.get("teacher", {}), dict):
    raise ValueError("the entry 'teacher' of its card is malformed")
  if not log.copies or len(set(log.copies)) < len(log.copies):
    raise ValueError("its copies are not different ones")
  if len(log.checksums) != len(log.copies) or not all(
      isinstance(checksum, str) and len(checksum) == 64
      and set(checksum) <= set(string.hexdigits) for checksum in log.checksums):
    raise ValueError("it does not have a checksum per copy")
  shape = (len(log.copies), *log.actions.shape[-1:])
  _check_array("actions", log.actions, np.uint8, shape)
  _check_array("game_over", log.game_over, np.bool_, shape)
  if not log.actions.size:
    raise ValueError("it has no actions")
  if log.actions.max() >= len(names):
    raise ValueError(
        f"it has action {log.actions.max()}, {log.game} has {len(names)}")


def _check_array(name: str, array: np.ndarray, dtype: type,
                 shape: Tuple[int, ...]) -> None:
  if array.dtype != dtype or array.shape != shape:
    raise ValueError(
        f"{name} is {array.dtype} of shape {array.shape}, not "
        f"{np.dtype(dtype)} of shape {shape}")
