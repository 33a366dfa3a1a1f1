"""Trained teachers on disk: weights, and a card that says what they are.

A teacher is a sealed folder (`sobolev_tf.files`) of `weights.npz`, holding
half-precision arrays and read without pickle, and `card.json`. Scores in a
card are of the weights as stored, that is after rounding to half precision.
The teachers of the paper's three games (Section 4.2) come with the package.
"""

import hashlib
from importlib import resources
import json
import pathlib
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple
import zipfile
import zlib

import numpy as np

from sobolev_tf import errors, files
from sobolev_tf.atari import environment, networks

WEIGHTS = "weights.npz"
CARD = "card.json"
# What reading arrays and a card raises if they are not what they should be: a
# seal says that they arrived whole, not that they make sense.
UNFIT = (OSError, KeyError, TypeError, ValueError, EOFError, OverflowError,
         RecursionError, zlib.error, zipfile.BadZipFile)


def save(folder: files.Path, network: networks.AtariNetwork, game: str,
         card: Mapping[str, Any]) -> None:
  """Writes a teacher.

  Args:
    folder: where to; an existing teacher there is replaced in one step.
    network: the teacher.
    game: what it plays.
    card: JSON-serialisable facts about it; the game, the network's sizes and
      the actions are added.

  Raises:
    UserError: if the folder cannot be written.
  """
  environment.check_game(game)
  card = {
      "game": game,
      "actions": [name for _, name in environment.ACTIONS[game]],
      "convolutions": [list(c) for c in network.size.convolutions],
      "hidden_size": network.size.hidden_size,
      **card}
  arrays = {f"{index:02d}": variable.numpy().astype(np.float16)
            for index, variable in enumerate(_variables(network))}

  def fill(path: pathlib.Path) -> None:
    np.savez(path / WEIGHTS, **arrays)
    (path / CARD).write_text(
        json.dumps(card, indent=2) + "\n", encoding="utf-8")

  files.write_folder(folder, fill)


def load(folder: files.Path) -> Tuple[networks.AtariNetwork, Dict[str, Any]]:
  """Reads a teacher.

  Args:
    folder: a folder that `save` wrote.

  Returns:
    The network and its card.

  Raises:
    UserError: if anything is missing, damaged or does not fit together.
  """
  folder = files.verify_folder(folder)
  try:
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    environment.check_game(card["game"])
    size = networks.NetworkSize(
        tuple((int(a), int(b), int(c)) for a, b, c in card["convolutions"]),
        int(card["hidden_size"]))
    with np.load(folder / WEIGHTS, allow_pickle=False) as stored:
      arrays = [stored[name] for name in sorted(stored.files)]
    _check(card, size, arrays)
  except UNFIT as error:
    raise errors.UserError(
        f"'{folder}' is not a teacher of this project ({error}).") from error
  network = networks.make_network(
      len(environment.ACTIONS[card["game"]]), size)
  variables = _variables(network)
  if [a.shape for a in arrays] != [tuple(v.shape) for v in variables]:
    raise errors.UserError(
        f"The weights in '{folder}' do not have the sizes that its card "
        "states.")
  for variable, array in zip(variables, arrays):
    variable.assign(array.astype(np.float32))
  return network, card


def _check(card: Mapping[str, Any], size: networks.NetworkSize,
           arrays: Sequence[np.ndarray]) -> None:
  """Raises a `ValueError` unless the network may be built and filled."""
  for array in arrays:
    if array.dtype != np.float16 or not np.isfinite(array).all():
      raise ValueError("its weights are not all finite half-precision numbers")
  widths = {array.shape[-1] for array in arrays if array.ndim}
  stated = {size.hidden_size, *(c for c, _, _ in size.convolutions)}
  spans = [span for _, *both in size.convolutions for span in both]
  if not stated <= widths or not all(
      0 < span <= environment.FRAME_SHAPE[0] for span in spans):
    raise ValueError("its card states other sizes than its weights have")
  steps = card.get("steps", 0)
  if type(steps) is not int or steps < 0:
    raise ValueError("its number of steps is not an integer from 0 on")
  for name, kind in (("evaluation", dict), ("commands", list)):
    if not isinstance(card.get(name, kind()), kind):
      raise ValueError(f"the entry '{name}' of its card is malformed")


def load_teacher(game: str, folder: Optional[files.Path] = None
                 ) -> Tuple[networks.AtariNetwork, Dict[str, Any]]:
  """Loads a teacher of a game.

  Args:
    game: one of `environment.GAMES`.
    folder: a folder that `save` wrote; None loads the package's teacher.

  Returns:
    The network and its card.

  Raises:
    UserError: for an unknown game, or if its teacher is missing, damaged or
      of another game.
  """
  environment.check_game(game)
  if folder is None:
    folder = package_folder(game)
    if not (folder / CARD).is_file():
      raise errors.UserError(
          f"This installation has no teacher of {game}: train one with "
          f"python -m reproduce.train_teacher --game={game}.")
  network, card = load(folder)
  if card["game"] != game:
    raise errors.UserError(
        f"The teacher in '{folder}' plays {card['game']}, not {game}.")
  return network, card


def package_folder(game: str) -> pathlib.Path:
  """Where the package keeps its teacher of a game."""
  return pathlib.Path(
      str(resources.files("sobolev_tf.atari") / "data" / game))


def checksum(network: networks.AtariNetwork) -> str:
  """The SHA-256 of a network's weights as `save` stores them."""
  weights = hashlib.sha256()
  for variable in _variables(network):
    weights.update(variable.numpy().astype(np.float16).tobytes())
  return weights.hexdigest()


def _variables(network: networks.AtariNetwork) -> List[Any]:
  """The network's variables in an order that depends on their names only."""
  return sorted(network.trainable_variables, key=lambda v: v.name)
