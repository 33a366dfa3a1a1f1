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
import re
import shutil
import subprocess
from typing import (
    Any,
    Dict,
    Iterable,
    List,
    Mapping,
    Sequence,
    Tuple,
    Union,
)

import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors, files

LOCKS = ".locks"  # folder of the parts' locks
_SETTINGS = "run.json"
_OUTPUTS = ("rows", "checkpoints", "surfaces", "tables", "timing",
            "tensorboard", "candidates", "states")  # folders of what runs make
Setting = Union[str, float, bool, None]


@dataclasses.dataclass(frozen=True)
class Row:
  """One measured number.

  Attributes:
    task: the function, game or data set.
    method: "regular" or "sobolev", for instance.
    metric: its name, with the unit where there are several.
    value: the number; NaN if the run diverged.
    n: number of training points, states or images; 0 if there are none.
    seed: seed of weights, data and minibatches.
    step: training steps done when it was measured.
    settings: what distinguishes this row from others of the run, such as
      `learning_rate`; each has a column of its own in the file. Text must not
      look like a number, as it would be read as one.
    artefact: what it belongs to, such as "figure2"; filled in by `Run.write`,
      as is the rest.
    preset: the preset of settings, such as "quick".
    commit: version of this repository, with "+" if it had changes.
    versions: of the interpreter and the libraries, and the device.
  """
  task: str
  method: str
  metric: str
  value: float
  n: int = 0
  seed: int = 0
  step: int = 0
  settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
  artefact: str = ""
  preset: str = ""
  commit: str = ""
  versions: str = ""

  def with_origin(self, **origin: Any) -> "Row":
    """The row with artefact, preset, commit and versions filled in."""
    return dataclasses.replace(self, **origin)


_BEFORE = ("artefact", "preset")  # columns left and right of the settings
_AFTER = ("method", "task", "n", "seed", "step", "metric", "value", "commit",
          "versions")
_FIELDS = frozenset(_BEFORE + _AFTER)
_INTEGERS = ("n", "seed", "step")


def label(settings: Mapping[str, Setting]) -> str:
  """Settings in words, "inputs=raw learning_rate=0.001"; None is left out."""
  return " ".join(
      f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
      for name, value in settings.items() if value is not None)


def matching(rows: Iterable[Row], **wanted) -> List[Row]:
  """The rows whose fields or settings are as wanted, in their order."""
  return [row for row in rows if all(
      _entry(row, name) == value for name, value in wanted.items())]


def _entry(row: Row, name: str) -> Any:
  return getattr(row, name) if name in _FIELDS else row.settings.get(name)


def grouped(rows: Iterable[Row], names: Sequence[str]
            ) -> Dict[Tuple[Setting, ...], List[Row]]:
  """Rows by the values of some of their settings.

  Args:
    rows: of one run or several.
    names: of the settings; a row that lacks one counts as None.

  Returns:
    The rows of each combination; both in the order they come.
  """
  groups: Dict[Tuple[Setting, ...], List[Row]] = {}
  for row in rows:
    key = tuple(row.settings.get(name) for name in names)
    groups.setdefault(key, []).append(row)
  return groups


def slug(text: str) -> str:
  """Text as a part of a file's name: letters, digits, `_`, `.` and `-`."""
  return re.sub(r"[^\w.]+", "-", text)


def values(rows: Iterable[Row], **wanted) -> List[float]:
  """The values of the rows that `matching` finds, in their order."""
  return [row.value for row in matching(rows, **wanted)]


def distinct(rows: Iterable[Row], name: str) -> List[Any]:
  """The values that a field or setting has in some rows, ascending."""
  return sorted({_entry(row, name) for row in rows})


def by_setting(rows: Iterable[Row], name: str, **wanted
               ) -> Tuple[np.ndarray, np.ndarray]:
  """Values against a number, such as errors against the width.

  Args:
    rows: of a run.
    name: of the number, a field or setting.
    **wanted: which rows count, as `matching` takes it; the same number of them
      at every setting.

  Returns:
    The numbers that occur, ascending, `[N]`, and the values of the rows that
    have them, `[N, S]`.
  """
  chosen = matching(rows, **wanted)
  numbers = distinct(chosen, name)
  return np.array(numbers), np.array([
      values(chosen, **{name: number}) for number in numbers])


class Run:
  """The folder of one run, opened for adding parts."""

  def __init__(self, folder: files.Path, settings: Mapping[str, Any],
               overwrite: bool = False):
    """Opens a folder, new or begun earlier with the same settings.

    Args:
      folder: the folder of the run.
      settings: everything that determines the rows, JSON-serialisable, with
        `artefact` and `preset`.
      overwrite: deletes the rows and checkpoints that are there.

    Raises:
      UserError: if the folder holds rows of other settings or foreign files.
    """
    self.folder = files.make_folder(folder)
    self._settings_file = self.folder / _SETTINGS
    self._origin = {"artefact": settings.get("artefact", ""),
                    "preset": settings.get("preset", ""),
                    "commit": commit(), "versions": versions()}
    text = json.dumps(settings, indent=2)
    begun = self._settings_file.exists()
    if begun and not overwrite:
      self._check_settings(json.loads(text))
    elif not begun:
      self._check_empty()
    if overwrite:  # rows first: a crash leaves settings without rows
      for name in _OUTPUTS:
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
    write_rows(self._rows_file(part), [
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


def write_rows(path: files.Path, rows: Sequence[Row]) -> None:
  """Writes rows as a sealed CSV file, every setting in its own column.

  Args:
    path: the file.
    rows: at least one; a setting that a row lacks is an empty cell.
  """
  names = dict.fromkeys(name for row in rows for name in row.settings)
  write_table(path, [{
      **{name: getattr(row, name) for name in _BEFORE},
      **{name: row.settings.get(name) for name in names},
      **{name: getattr(row, name) for name in _AFTER},
      "value": float(row.value)} for row in rows])


def read(folder: files.Path) -> List[Row]:
  """Reads the rows of a run.

  Args:
    folder: the folder of the run.

  Returns:
    The rows, in the order of their files' names.

  Raises:
    UserError: if a file is damaged or not of this format.
  """
  return [row for path in sorted(pathlib.Path(folder).glob("rows/*.csv"))
          for row in read_rows(path)]


def read_rows(path: files.Path) -> List[Row]:
  """Reads a file of `write_rows`; raises as `read` does."""
  rows = []
  for record in read_table(path):
    try:
      fixed: Dict[str, Any] = {
          name: record.pop(name) for name in (*_BEFORE, *_AFTER)}
      fixed.update({name: int(fixed[name]) for name in _INTEGERS})
      fixed["value"] = float(fixed["value"])
      rows.append(Row(**fixed, settings={
          name: _typed(text) for name, text in record.items()}))
    except (KeyError, TypeError, ValueError) as error:
      raise errors.UserError(
          f"'{path}' is not a file of result rows ({error}).") from error
  return rows


def _typed(text: str) -> Setting:
  """A cell as what was written: None, a truth value, a number or text."""
  constants: Dict[str, Setting] = {"": None, "True": True, "False": False}
  if text in constants:
    return constants[text]
  for kind in (int, float):
    with contextlib.suppress(ValueError):
      return kind(text)
  return text


def records(**columns: Any) -> List[Dict[str, Any]]:
  """Columns, arrays `[N]`, as the records of a table (see `write_table`)."""
  lists = {name: np.asarray(column).tolist()
           for name, column in columns.items()}
  return [dict(zip(lists, record)) for record in zip(*lists.values())]


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
