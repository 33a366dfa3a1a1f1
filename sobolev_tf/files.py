"""Files that are either whole and verified, or not there.

Everything that must survive a crash is written by this module, in one of two
forms:

* a **sealed text file**: its first line is `# sha256=<hex>` of all that
  follows (`write_text`, `read_text`);
* a **sealed folder**: any files plus a `SHA256SUMS` that
  `sha256sum -c SHA256SUMS` accepts (`write_folder`, `verify_folder`).

Both are written under a temporary name beside the target, flushed to disk and
renamed, so that a reader sees the old version, the new one, or nothing.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
from typing import Callable, Iterator, Union

from sobolev_tf import errors

SEAL = "SHA256SUMS"
_HEADER = "# sha256="
TEMPORARY = ".partial"  # suffix of everything that is not finished

Path = Union[str, pathlib.Path]


def make_folder(path: Path) -> pathlib.Path:
  """Creates a folder (and its parents) that this process can write in.

  Args:
    path: the folder.

  Returns:
    The folder as a `pathlib.Path`.

  Raises:
    UserError: if it cannot be created or written in.
  """
  path = pathlib.Path(path)
  try:
    _make(path)
    probe = path / f".probe-{os.getpid()}"
    probe.touch()
    probe.unlink()
  except OSError as error:
    raise errors.UserError(
        f"Cannot write in the folder '{path}' ({error.strerror}): choose "
        "another output folder or change its permissions.") from error
  return path


def _make(path: pathlib.Path) -> None:
  """Makes a folder, though other processes may be removing its parent."""
  for _ in range(20):
    # The parent can be gone between two looks of pathlib's, either way.
    with contextlib.suppress(FileNotFoundError, FileExistsError):
      path.mkdir(parents=True, exist_ok=True)
      return
  path.mkdir(parents=True, exist_ok=True)


def write_text(path: Path, text: str) -> None:
  """Writes a sealed text file, atomically.

  Args:
    path: the file; an existing one is replaced in one step.
    text: its content, without the seal line.

  Raises:
    UserError: if the file cannot be written (disk full, read-only folder).
  """
  path = pathlib.Path(path)
  body = text.encode()
  partial = path.with_name(f"{path.name}{TEMPORARY}")
  with _explained(path):
    try:
      with open(partial, "wb") as file:
        file.write(f"{_HEADER}{hashlib.sha256(body).hexdigest()}\n".encode())
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
      os.replace(partial, path)
      _sync_folder(path.parent)
    finally:
      partial.unlink(missing_ok=True)


def read_text(path: Path) -> str:
  """Reads a sealed text file.

  Args:
    path: the file.

  Returns:
    Its content, without the seal line.

  Raises:
    UserError: if it is missing, has no seal, does not match its seal, or is
      not text.
  """
  path = pathlib.Path(path)
  try:
    header, _, body = path.read_bytes().partition(b"\n")
  except OSError as error:
    raise errors.UserError(
        f"Cannot read '{path}' ({error.strerror}).") from error
  expected = f"{_HEADER}{hashlib.sha256(body).hexdigest()}".encode()
  if header != expected:
    raise errors.UserError(
        f"'{path}' is damaged (its checksum does not match): delete it and "
        "run the command that made it again.")
  try:
    return body.decode()
  except UnicodeDecodeError as error:
    raise errors.UserError(
        f"'{path}' is not text in UTF-8: it is not of this project.") from error


def write_folder(path: Path, fill: Callable[[pathlib.Path], None]) -> None:
  """Writes a sealed folder, atomically.

  Args:
    path: the folder; an existing one is replaced.
    fill: called with an empty temporary folder to write the files into.

  Raises:
    UserError: if it cannot be written (disk full, read-only folder).
  """
  path = pathlib.Path(path)
  partial = path.with_name(f"{path.name}{TEMPORARY}")
  with _explained(path):
    try:
      shutil.rmtree(partial, ignore_errors=True)
      _make(partial)
      fill(partial)
      lines = []
      for file in sorted(p for p in partial.rglob("*") if p.is_file()):
        lines.append(f"{_hash(file)}  {file.relative_to(partial)}\n")
        with open(file, "rb") as stream:
          os.fsync(stream.fileno())
      with open(partial / SEAL, "w", encoding="utf-8") as stream:
        stream.writelines(lines)
        stream.flush()
        os.fsync(stream.fileno())
      _sync_folder(partial)
      _replace_folder(partial, path)
    finally:
      shutil.rmtree(partial, ignore_errors=True)


def verify_folder(path: Path) -> pathlib.Path:
  """Checks a sealed folder against its `SHA256SUMS`.

  Args:
    path: the folder.

  Returns:
    The folder as a `pathlib.Path`.

  Raises:
    UserError: naming the file that is missing or does not match.
  """
  path = pathlib.Path(path)
  try:
    lines = (path / SEAL).read_text(encoding="utf-8").splitlines()
  except (OSError, UnicodeDecodeError) as error:
    raise errors.UserError(
        f"'{path}' has no readable {SEAL}: it is not a finished folder of "
        "this project.") from error
  listed = {name: digest for digest, _, name in (
      line.partition("  ") for line in lines)}
  present = {str(p.relative_to(path)) for p in path.rglob("*")
             if p.is_file()} - {SEAL}
  if not listed or present - set(listed):
    raise errors.UserError(
        f"'{path / SEAL}' is damaged: it does not list every file.")
  for name, expected in listed.items():
    file = path / name
    if not file.is_file() or _hash(file) != expected:
      raise errors.UserError(
          f"'{file}' is missing or damaged (its checksum does not match).")
  return path


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[pathlib.Path]:
  """Holds a folder for this process, so that two runs cannot mix in it.

  The lock is the operating system's (`flock`): it ends with the process,
  however that ends.

  Args:
    folder: the folder, created if needed.

  Yields:
    The folder as a `pathlib.Path`.

  Raises:
    InUse: if another process holds it.
    UserError: if it cannot be written in.
  """
  folder = make_folder(folder)
  with open(folder / ".lock", "w", encoding="utf-8") as stream:
    try:
      fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
      raise errors.InUse(
          f"Another run is using the folder '{folder}': wait for it or "
          "choose another output folder.") from error
    yield folder


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


@contextlib.contextmanager
def _explained(path: pathlib.Path) -> Iterator[None]:
  """Turns the operating system's refusal to write into one sentence."""
  try:
    yield
  except OSError as error:
    raise errors.UserError(
        f"Cannot write '{path}' ({error.strerror or error}): what was there "
        "before is unchanged; free space or choose another output folder."
    ) from error


def _replace_folder(new: pathlib.Path, path: pathlib.Path) -> None:
  """Puts a folder in the place of another, which comes back on failure."""
  old = path.with_name(f"{path.name}.old{TEMPORARY}")
  shutil.rmtree(old, ignore_errors=True)
  if path.exists():
    os.replace(path, old)
  try:
    os.replace(new, path)
  except OSError:
    if old.exists():
      os.replace(old, path)
    raise
  _sync_folder(path.parent)
  shutil.rmtree(old, ignore_errors=True)


def _hash(file: pathlib.Path) -> str:
  with open(file, "rb") as stream:
    return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync_folder(folder: pathlib.Path) -> None:
  descriptor = os.open(folder, os.O_RDONLY)
  try:
    os.fsync(descriptor)
  finally:
    os.close(descriptor)
