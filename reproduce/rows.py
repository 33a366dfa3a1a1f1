"""Result rows on disk: one folder per run, one sealed CSV file per part.

    <folder>/run.json           the run's settings
    <folder>/rows/<part>.csv    the rows of a finished part
    <folder>/checkpoints/<part> the state of an unfinished one

Tables and figures are drawn from rows only. A part that has its file is
finished and never computed again.
"""

import contextlib
import csv
import dataclasses
import functools
import io
import json
import pathlib
import platform
import shutil
import subprocess
import typing
from typing import Any, Dict, Iterable, List, Mapping, Sequence

import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors, files

_SETTINGS = "run.json"
LOCKS = ".locks"  # folder of the parts' locks


@dataclasses.dataclass(frozen=True)
class Row:
  """One measured number.

  Attributes:
    artefact: what it belongs to, such as "figure2".
    preset: the preset of settings, such as "quick".
    setting: what a sweep varies, such as "targets=raw"; may be empty.
    method: "regular" or "sobolev", for instance.
    task: the function, game or data set.
    n: size of the training set.
    seed: seed of weights, data and minibatches.
    step: training steps done when it was measured.
    metric: its name, with the unit where there are several.
    value: the number; NaN if the run diverged.
    commit: version of this repository, with "+" if it had changes.
    versions: of the interpreter and the libraries, and the device.
  """
  artefact: str
  preset: str
  setting: str
  method: str
  task: str
  n: int
  seed: int
  step: int
  metric: str
  value: float
  commit: str = ""
  versions: str = ""


class Run:
  """The folder of one run, opened for adding parts."""

  def __init__(self, folder: files.Path, settings: Mapping[str, Any],
               overwrite: bool = False):
    """Opens a folder, new or begun earlier with the same settings.

    Args:
      folder: the folder of the run.
      settings: everything that determines the rows, JSON-serialisable.
      overwrite: deletes the rows and checkpoints that are there.

    Raises:
      UserError: if the folder holds rows of other settings or foreign files.
    """
    self.folder = files.make_folder(folder)
    self._settings_file = self.folder / _SETTINGS
    self._origin = {"commit": commit(), "versions": versions()}
    text = json.dumps(settings, indent=2)
    begun = self._settings_file.exists()
    if begun and not overwrite:
      self._check_settings(json.loads(text))
    elif not begun:
      self._check_empty()
    if overwrite:  # rows first: a crash leaves settings without rows
      for name in (
          "rows", "checkpoints", "surfaces", "tables", "timing",
          "tensorboard"):
        shutil.rmtree(self.folder / name, ignore_errors=True)
    if overwrite or not begun:
      files.write_text(self._settings_file, text)
    (self.folder / "rows").mkdir(exist_ok=True)

  def finished(self, part: str) -> bool:
    """Whether a part's rows are there (and undamaged).

    If they are, what a kill left of its checkpoints is dropped.
    """
    path = self._rows_file(part)
    if not path.exists():
      return False
    read_table(path)
    self._drop_checkpoints(part)
    return True

  def write(self, part: str, rows: Iterable[Row]) -> None:
    """Stores the rows of a finished part and drops its checkpoints."""
    write_table(self._rows_file(part), [
        dataclasses.asdict(row) | self._origin for row in rows])
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
    difference = first_difference(before, settings)
    if difference:
      raise errors.UserError(
          f"'{self.folder}' holds results of other settings ({difference}): "
          "choose another --output, or pass --overwrite to delete them.")


def first_difference(before, now, name: str = "settings") -> str:
  """Describes the first place where two JSON values differ.

  Args:
    before: what was written earlier.
    now: what is compared with it.
    name: what to call the whole.

  Returns:
    "name: VALUE there, VALUE now"; "" if they are equal.
  """
  if isinstance(before, dict) and isinstance(now, dict):
    for key in sorted(set(before) | set(now)):
      found = first_difference(before.get(key), now.get(key), key)
      if found:
        return found
    return ""
  if (isinstance(before, list) and isinstance(now, list) and
      len(before) == len(now)):
    pairs = (first_difference(*pair, name) for pair in zip(before, now))
    return next(filter(None, pairs), "")
  same = before == now or before != before and now != now  # NaN
  return "" if same else f"{name}: {before} there, {now} now"


def read_settings(folder: files.Path) -> Dict[str, Any]:
  """Reads the settings of a run.

  Args:
    folder: the folder of the run.

  Returns:
    What `Run` was given, as JSON has it.

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


def read(folder: files.Path) -> List[Row]:
  """Reads the rows of a run.

  Args:
    folder: the folder of the run.

  Returns:
    The rows, in the order of their files' names.

  Raises:
    UserError: if a file is damaged or not of this format.
  """
  rows = []
  for path in sorted(pathlib.Path(folder).glob("rows/*.csv")):
    for record in read_table(path):
      try:
        rows.append(Row(**{
            name: kind(record[name])
            for name, kind in typing.get_type_hints(Row).items()}))
      except (KeyError, TypeError, ValueError) as error:
        raise errors.UserError(
            f"'{path}' is not a file of result rows ({error}).") from error
  return rows


def write_table(path: files.Path, records: Sequence[Mapping[str, Any]]
                ) -> None:
  """Writes records of the same fields as a sealed CSV file.

  Args:
    path: the file.
    records: at least one; floats are written so that they read back exactly.
  """
  stream = io.StringIO()
  writer = csv.DictWriter(stream, list(records[0]), lineterminator="\n")
  writer.writeheader()
  for record in records:
    writer.writerow({
        key: repr(float(value)) if isinstance(value, (float, np.floating))
        else value for key, value in record.items()})
  files.write_text(path, stream.getvalue())


def read_table(path: files.Path) -> List[Dict[str, str]]:
  """Reads a file of `write_table`; every value is text.

  Raises:
    UserError: if the file is missing or damaged.
  """
  return list(csv.DictReader(io.StringIO(files.read_text(path))))


@functools.cache
def commit() -> str:
  """The repository's commit, with "+" if files differ from it."""
  here = pathlib.Path(__file__).resolve().parent
  def git(*arguments):
    return subprocess.run(
        ["git", "-C", str(here), *arguments], capture_output=True, text=True,
        check=True).stdout.strip()
  try:
    return git("rev-parse", "--short", "HEAD") + (
        "+" if git("status", "--porcelain") else "")
  except (OSError, subprocess.CalledProcessError):
    return "unknown"


@functools.cache
def versions() -> str:
  """Versions of what computed a row, and the device."""
  gpus = tf.config.list_physical_devices("GPU")
  device = "cpu"
  if gpus:
    details = tf.config.experimental.get_device_details(gpus[0])
    device = details.get("device_name", "gpu")
  return (f"python {platform.python_version()}; tensorflow {tf.__version__}; "
          f"sonnet {snt.__version__}; numpy {np.__version__}; {device}")
