"""Result rows: one measured number each, every setting in its own column.

Tables and figures are drawn from rows only.
"""

import contextlib
import dataclasses
import pathlib
import re
from typing import Any, Dict, Iterable, List, Mapping, Sequence, Tuple, Union

import numpy as np

from reproduce import tables
from sobolev_tf import errors, files

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
    artefact: what it belongs to, such as "figure2"; filled in by
      `RunFolder.write`, as is the rest.
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


def write(path: files.Path, rows: Sequence[Row]) -> None:
  """Writes rows as a sealed CSV file, every setting in its own column.

  Args:
    path: the file.
    rows: at least one; a setting that a row lacks is an empty cell.
  """
  names = dict.fromkeys(name for row in rows for name in row.settings)
  tables.write(path, [{
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
          for row in read_file(path)]


def read_file(path: files.Path) -> List[Row]:
  """Reads a file of `write`; raises as `read` does."""
  rows = []
  for record in tables.read(path):
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
