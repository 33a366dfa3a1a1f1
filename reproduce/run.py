"""Runs made of parts that are computed, stored and shared one by one.

Every experiment, search and benchmark is a `Plan`: named parts and the settings
that determine their rows. `run` does all else: it opens the folder, skips what
is finished, takes parts that no other process is at, resumes them, writes their
rows and shows how far it is. Start the same command several times (or once with
`--jobs`) and the processes share the parts; kill any of them at any moment and
the same command goes on.
"""

import contextlib
import pathlib
import sys
import time
from typing import (
  Any,
  Callable,
  List,
  Mapping,
  NamedTuple,
  Optional,
  Sequence,
)

import tqdm

from reproduce import folder as folder_lib
from reproduce import rows as rows_lib
from reproduce import tables
from sobolev_tf import errors, files
from sobolev_tf.training import device

_ATTEMPTS = 20  # to open a folder that another process is opening
_PAUSE = .5  # seconds between looks at what other processes are at
_NONE_LEFT, _NONE_FREE = -1, -2  # instead of a part's index

Table = Sequence[Mapping[str, Any]]


class Job(NamedTuple):
  """What a part's computation may use; the loop takes these by name.

  Attributes:
    folder: for checkpoints of an unfinished part.
    log_folder: for TensorBoard's event files, or None.
    title: the progress bar's text.
    output: the run's folder.
  """
  folder: pathlib.Path
  log_folder: Optional[pathlib.Path]
  title: str
  output: pathlib.Path

  @property
  def training(self) -> dict:
    """Where `sobolev_tf.train` keeps what it writes, as its arguments."""
    return {"folder": self.folder, "log_folder": self.log_folder,
            "title": self.title}


class Outcome(NamedTuple):
  """What a part measured.

  Attributes:
    rows: at least one, unless the part makes tables only.
    tables: curves, points and graphs, by name below the run's folder, such as
      "tables/figure1"; `--overwrite` clears the folders that
      `reproduce.folder` names, `tables` among them, and no other.
  """
  rows: Sequence[rows_lib.Row]
  tables: Mapping[str, Table] = {}


class Part(NamedTuple):
  """A piece of a run that is stored when it is finished.

  Attributes:
    name: of its row file; no other part of the run has it.
    compute: takes a `Job` and returns an `Outcome`.
    tables: names of the tables it makes, as in `Outcome.tables`.
    folders: names of the sealed folders that it writes itself below
      `Job.output` (`sobolev_tf.files.write_folder`).
    rows: whether it makes rows.
    title: of its progress bar; its name if empty.
    alone: whether nothing else of the run may be computed beside it, because
      it measures time; such parts come last.
  """
  name: str
  compute: Callable[[Job], Outcome]
  tables: Sequence[str] = ()
  folders: Sequence[str] = ()
  rows: bool = True
  title: str = ""
  alone: bool = False


class Team(NamedTuple):
  """The workers that compute each part together (several hosts).

  Attributes:
    chief: whether this process chooses parts and writes rows.
    agree: gives every worker what the chief passes to it.
  """
  chief: bool = True
  agree: Callable[[Any], Any] = lambda choice: choice


class Plan(NamedTuple):
  """What a command computes.

  Attributes:
    artefact: the name rows carry, such as "figure2".
    preset: the preset's name, for the rows.
    settings: all else that determines the rows, JSON-serialisable.
    parts: in order.
    place: the default folder below `runs/`; None for ARTEFACT/PRESET.
    team: who computes each part.
  """
  artefact: str
  preset: str
  settings: Mapping[str, Any]
  parts: Sequence[Part]
  place: Optional[str] = None
  team: Team = Team()

  @property
  def description(self) -> Mapping[str, Any]:
    """What `run.json` holds."""
    return {"artefact": self.artefact, "preset": self.preset, **self.settings}


def run(plan: Plan, folder: files.Path, *, overwrite: bool = False,
        tensorboard: bool = False, wait: bool = True) -> List[rows_lib.Row]:
  """Runs or resumes a plan, together with whoever else is at it.

  Args:
    plan: what to run.
    folder: the run's folder.
    overwrite: deletes what the folder holds.
    tensorboard: writes TensorBoard scalars of what is trained.
    wait: for the parts that other processes are at.

  Returns:
    All rows in the folder, without `wait` those that there are; none in workers
    that are not the chief.

  Raises:
    ValueError: if two parts have the same name.
    UserError: if the folder cannot be used, or a part's settings are wrong.
    Interrupted: if a signal asked to stop.
  """
  _check_names(plan.parts)
  device.prepare()
  chief, agree = plan.team
  if chief:
    store = open_folder(plan, folder, overwrite)
  agree(True)  # the folder is ready
  if not chief:
    store = folder_lib.RunFolder(folder, plan.description)
  told = False
  with _progress(plan) as bar:
    while True:
      with contextlib.ExitStack() as held:
        index = agree(_choose(plan.parts, store, held) if chief else 0)
        _advance(bar, plan.parts, store)
        if index == _NONE_LEFT:
          break
        if index != _NONE_FREE:
          _compute(plan, plan.parts[index], store, tensorboard)
          continue
      if not wait:
        break
      if not told and chief:
        bar.write("Other processes are running all remaining parts: waiting "
                  "for them.", file=sys.stderr)
      told = True
      time.sleep(_PAUSE)
  return rows_lib.read(store.folder) if chief else []


def open_folder(plan: Plan, folder: files.Path, overwrite: bool = False
                ) -> folder_lib.RunFolder:
  """Opens a run's folder, after other processes that are just opening it.

  Args:
    plan: what will be run.
    folder: the folder.
    overwrite: deletes what the folder holds.

  Returns:
    The folder, opened for adding parts.

  Raises:
    InUse: if another process holds it, or is at a part that would be deleted.
    UserError: if it holds other results or cannot be written in.
  """
  folder = files.make_folder(folder)
  for attempt in range(_ATTEMPTS):
    with contextlib.ExitStack() as stack:
      try:
        stack.enter_context(files.locked(folder))
        if overwrite:
          for lock in sorted((folder / folder_lib.LOCKS).glob("*")):
            stack.enter_context(files.locked(lock))
      except errors.InUse:
        if attempt + 1 == _ATTEMPTS:
          raise
        time.sleep(_PAUSE)
        continue
      return folder_lib.RunFolder(folder, plan.description, overwrite)
  raise AssertionError("not reached")


def _check_names(parts: Sequence[Part]) -> None:
  """Two parts of one name would pass for one, finished by the first."""
  names = [part.name for part in parts]
  for name in names:
    if names.count(name) > 1:
      raise ValueError(
          f"{names.count(name)} parts of the plan are named '{name}': put into "
          "each part's name what tells it from the others.")


def _compute(plan: Plan, part: Part, store: folder_lib.RunFolder,
             tensorboard: bool) -> None:
  """Computes and stores a part; tables first, since rows mean finished."""
  outcome = part.compute(Job(
      folder=store.checkpoints(part.name),
      log_folder=(store.folder / "tensorboard" / part.name
                  if tensorboard else None),
      title=f"{plan.artefact} {part.title or part.name}", output=store.folder))
  if not plan.team.chief:
    return
  for name in part.tables:
    path = _table_file(store, name)
    files.make_folder(path.parent)
    tables.write(path, outcome.tables[name])
  if part.rows:
    store.write(part.name, outcome.rows)


def _table_file(store: folder_lib.RunFolder, name: str) -> pathlib.Path:
  return store.folder / f"{name}.csv"


def _finished(part: Part, store: folder_lib.RunFolder) -> bool:
  """Whether a part's files are there; they are verified once, not each time.

  A process that waits looks every `_PAUSE`, perhaps beside one that measures
  time.
  """
  if part.name not in store.verified and _whole(part, store):
    store.verified.add(part.name)
  return part.name in store.verified


def _whole(part: Part, store: folder_lib.RunFolder) -> bool:
  return (all(_table_file(store, name).exists() for name in part.tables) and
          all((store.folder / name).exists() and
              files.verify_folder(store.folder / name)
              for name in part.folders) and
          (not part.rows or store.finished(part.name)))


def _choose(parts: Sequence[Part], store: folder_lib.RunFolder,
            held: contextlib.ExitStack) -> int:
  """The index of a part that nobody has finished or is at; holds its lock."""
  none = _NONE_LEFT
  for index, part in enumerate(parts):
    if part.alone and none == _NONE_FREE:
      break
    if _finished(part, store):
      continue
    with contextlib.ExitStack() as lock:
      try:
        lock.enter_context(files.locked(store.lock(part.name)))
      except errors.InUse:
        none = _NONE_FREE
        continue
      # Another process may have finished it between first look and lock.
      if not _finished(part, store):
        held.enter_context(lock.pop_all())
        return index
  return none


def _progress(plan: Plan) -> tqdm.tqdm:
  """A bar that counts finished parts, other processes' included."""
  return tqdm.tqdm(
      total=len(plan.parts), desc=plan.artefact, unit="part", leave=False,
      mininterval=.5 if sys.stderr.isatty() else 30.,
      disable=len(plan.parts) < 2 or not plan.team.chief)


def _advance(bar: tqdm.tqdm, parts: Sequence[Part],
             store: folder_lib.RunFolder) -> None:
  done = sum(_finished(part, store) for part in parts)
  if not bar.n:
    bar.initial = done  # so that time left counts what this process saw
  bar.update(done - bar.n)
