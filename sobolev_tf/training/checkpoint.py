"""Checkpoints: TensorFlow's own, in sealed folders, the newest two kept.

A checkpoint holds every variable of a run (`tf.train.Checkpoint`), the history
of its measurements, so that a resumed run ends with the same rows as an
uninterrupted one, and the settings that the run gives, so that no run of other
ones goes on with it.
"""

import errno
import json
import pathlib
import shutil
from typing import Any, List, Mapping, Optional, Tuple

from absl import logging
import tensorflow as tf

from sobolev_tf import errors, files

_PREFIX = "step-"
_KEEP = 2  # ours: one to fall back on when the newest is damaged


class Checkpointer:
  """Saves and restores the state of one run in one folder."""

  def __init__(self, folder: files.Path, state: Mapping[str, Any],
               settings: Optional[Mapping[str, Any]] = None):
    """Names what is saved, and where.

    Args:
      folder: where the checkpoints of this run are kept.
      state: named TensorFlow objects (modules, optimizers, variables) that
        together hold everything training changes. Their variables must exist.
      settings: what makes this run another than one with the same variables,
        JSON-serialisable.
    """
    self.folder = pathlib.Path(folder)
    self._checkpoint = tf.train.Checkpoint(**state)
    self._settings = json.loads(json.dumps(settings or {}))

  def save(self, step: int, history: Any) -> None:
    """Writes a checkpoint and drops all but the newest two.

    Args:
      step: number of training steps done.
      history: JSON-serialisable record of the run so far.
    """
    def fill(folder: pathlib.Path) -> None:
      try:
        self._checkpoint.write(str(folder / "state"))
      except tf.errors.OpError as error:  # TensorFlow's own words for no space
        raise OSError(errno.EIO, error.message) from error
      for name, content in (
          ("history", history), ("settings", self._settings)):
        (folder / f"{name}.json").write_text(
            json.dumps(content), encoding="utf-8")

    files.write_folder(self.folder / f"{_PREFIX}{step:010d}", fill)
    for old in self._folders()[:-_KEEP]:
      shutil.rmtree(old)

  def restore(self) -> Tuple[int, Optional[Any]]:
    """Restores the newest undamaged checkpoint, if there is any.

    Returns:
      The number of steps done and the history saved with them; `(0, None)`
      if the folder holds no checkpoint.

    Raises:
      UserError: if checkpoints exist but none can be used, or they are of
        another run.
    """
    reasons = []
    for folder in reversed(self._folders()):
      try:
        files.verify_folder(folder)
      except errors.UserError as error:
        reasons.append(str(error))
        logging.warning("%s Falling back on an older checkpoint.", error)
        continue
      history = _read(folder, "history")
      # Sealed, so if there are none, an earlier version wrote it.
      settings = (_read(folder, "settings")
                  if (folder / "settings.json").exists() else self._settings)
      difference = files.first_difference(settings, self._settings)
      if difference:
        raise errors.UserError(
            f"The checkpoint '{folder}' belongs to another run ({difference}): "
            "use the settings it was made with, or delete it to start afresh.")
      try:
        status = self._checkpoint.read(str(folder / "state"))
        status.assert_consumed()
      except (AssertionError, ValueError, tf.errors.OpError) as error:
        raise errors.UserError(
            f"The checkpoint '{folder}' belongs to another model or "
            "optimizer: use the settings it was made with, or delete it to "
            "start afresh.") from error
      return int(folder.name[len(_PREFIX):]), history
    if reasons:
      raise errors.UserError(
          f"No usable checkpoint in '{self.folder}' ({reasons[0]}) Delete "
          "that folder to start this part afresh.")
    return 0, None

  def _folders(self) -> List[pathlib.Path]:
    return sorted(
        path for path in self.folder.glob(f"{_PREFIX}*")
        if path.name[len(_PREFIX):].isdigit())


def _read(folder: pathlib.Path, name: str) -> Any:
  """What a checkpoint keeps beside its variables."""
  try:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
  except (OSError, ValueError) as error:
    raise errors.UserError(
        f"The checkpoint '{folder}' has no readable {name}: delete it to "
        "start afresh.") from error
