"""The folder of a run: what is finished, what is begun, with which settings.

    <folder>/run.json           the run's settings
    <folder>/rows/<part>.csv    the rows of a finished part
    <folder>/checkpoints/<part> the state of an unfinished one

A part that has its file is finished and never computed again.
"""

import contextlib
import json
import pathlib
import shutil
from typing import Any, Dict, Iterable, Mapping, Set

from reproduce import provenance, tables
from reproduce import rows as rows_lib
from sobolev_tf import errors, files

LOCKS = ".locks"  # folder of the parts' locks
_SETTINGS = "run.json"
_OUTPUTS = ("rows", "checkpoints", "surfaces", "tables", "timing",
            "tensorboard", "candidates", "states")  # folders of what runs make


class RunFolder:
  """The folder of one run, opened for adding parts.

  Attributes:
    folder: its path.
    verified: names of the parts that this process has found finished.
  """

  def __init__(self, folder: files.Path, settings: Mapping[str, Any],
               overwrite: bool = False):
    """Opens a folder, new or begun earlier with the same settings.

    Args:
      folder: the folder of the run.
      settings: everything that determines the rows, JSON-serialisable, with
        `artefact` and `preset`.
      overwrite: deletes the rows and checkpoints that are there.

    Raises:
      UserError: if the folder holds rows of other settings or foreign files,
        or what is to be overwritten cannot be deleted.
    """
    self.folder = files.make_folder(folder)
    self.verified: Set[str] = set()
    self._settings_file = self.folder / _SETTINGS
    self._origin = {"artefact": settings.get("artefact", ""),
                    "preset": settings.get("preset", ""),
                    "commit": provenance.commit(),
                    "versions": provenance.versions()}
    text = json.dumps(settings, indent=2)
    begun = self._settings_file.exists()
    if begun and not overwrite:
      self._check_settings(json.loads(text))
    elif not begun:
      self._check_empty()
    if overwrite:  # rows first: a crash leaves settings without rows
      for name in _OUTPUTS:
        self._delete(name)
    if overwrite or not begun:
      files.write_text(self._settings_file, text)
    (self.folder / "rows").mkdir(exist_ok=True)

  def _delete(self, name: str) -> None:
    shutil.rmtree(self.folder / name, ignore_errors=True)
    if (self.folder / name).exists():  # its rows would pass for the new run's
      raise errors.UserError(
          f"'{self.folder / name}' cannot be deleted: change its permissions "
          "or choose another --output.")

  def finished(self, part: str) -> bool:
    """Whether a part's rows are there (and undamaged).

    If they are, what a kill left of its checkpoints is dropped.
    """
    path = self._rows_file(part)
    if not path.exists():
      return False
    tables.read(path)
    self._drop_checkpoints(part)
    return True

  def write(self, part: str, rows: Iterable[rows_lib.Row]) -> None:
    """Stores the rows of a finished part and drops its checkpoints."""
    rows_lib.write(self._rows_file(part), [
        row.with_origin(**self._origin) for row in rows])
    self._drop_checkpoints(part)

  def _drop_checkpoints(self, part: str) -> None:
    shutil.rmtree(self.checkpoints(part), ignore_errors=True)
    with contextlib.suppress(OSError):  # not empty: other parts' checkpoints
      (self.folder / "checkpoints").rmdir()

  def checkpoints(self, part: str) -> pathlib.Path:
    """Where the checkpoints of an unfinished part go."""
    return self.folder / "checkpoints" / part

  def lock(self, part: str) -> pathlib.Path:
    """A folder to hold (`files.locked`) while a part is worked on.

    Nothing removes it, since a lock lives in a file.
    """
    return self.folder / LOCKS / part

  def _rows_file(self, part: str) -> pathlib.Path:
    return self.folder / "rows" / f"{part}.csv"

  def _check_empty(self) -> None:
    foreign = [path.name for path in self.folder.iterdir()
               if not path.name.startswith(".")
               and not path.name.endswith(files.TEMPORARY)]
    if foreign:
      raise errors.UserError(
          f"'{self.folder}' is not empty and not a folder of results (it "
          f"holds '{foreign[0]}'): choose another --output.")

  def _check_settings(self, settings: Dict[str, Any]) -> None:
    try:
      before = read_settings(self.folder)
    except errors.UserError as error:
      raise errors.UserError(
          f"'{self._settings_file}' is damaged: choose another --output, or "
          "pass --overwrite to delete this folder's results.") from error
    difference = files.first_difference(before, settings)
    if difference:
      raise errors.UserError(
          f"'{self.folder}' holds results of other settings ({difference}): "
          "choose another --output, or pass --overwrite to delete them.")


def read_settings(folder: files.Path) -> Dict[str, Any]:
  """Reads the settings of a run.

  Args:
    folder: the folder of the run.

  Returns:
    What `RunFolder` was given, as JSON has it.

  Raises:
    UserError: if the file is missing, damaged or not of this project.
  """
  path = pathlib.Path(folder) / _SETTINGS
  try:
    settings = json.loads(files.read_text(path))
  except (json.JSONDecodeError, RecursionError) as error:
    raise errors.UserError(
        f"'{path}' does not hold JSON ({error}): it is not of this project."
    ) from error
  if not isinstance(settings, dict):
    raise errors.UserError(
        f"'{path}' holds no settings: it is not of this project.")
  return settings
