"""Tests of files that are whole, or not there."""

import contextlib
import errno
import hashlib
import os
import resource
import subprocess

import pytest

from sobolev_tf import errors, files


def contents(folder):
  """Every file below a folder with its bytes."""
  return {str(p.relative_to(folder)): p.read_bytes()
          for p in sorted(folder.rglob("*")) if p.is_file()}


def disk_full(*unused, **unused_named):
  raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fill_with(**texts):
  def fill(folder):
    for name, text in texts.items():
      (folder / name).write_text(text)
  return fill


@contextlib.contextmanager
def file_size_limit(limit):
  """Lets the system refuse what is larger, as a full disk does.

  The limit holds for the whole process, so nothing else may write meanwhile:
  pytest's own report can be a file that is longer already.
  """
  before = resource.getrlimit(resource.RLIMIT_FSIZE)
  resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
  try:
    yield
  finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    "text", ["", "\n", "a,b\n1,2\n", "no newline", "ä\r\n"])
def test_text_reads_back(tmp_path, text):
  files.write_text(tmp_path / "a.csv", text)
  assert files.read_text(tmp_path / "a.csv") == text
  assert list(contents(tmp_path)) == ["a.csv"]


def test_seal_is_the_sha256_of_what_follows(tmp_path):
  files.write_text(tmp_path / "a", "hello\n")
  # sha256sum of "hello\n", from coreutils.
  assert (tmp_path / "a").read_text() == (
      "# sha256=5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be"
      "03\nhello\n")


def test_text_is_replaced(tmp_path):
  files.write_text(tmp_path / "a", "old")
  files.write_text(tmp_path / "a", "new")
  assert files.read_text(tmp_path / "a") == "new"


def test_every_truncation_is_detected_and_named(tmp_path):
  path = tmp_path / "rows.csv"
  files.write_text(path, "a,b\n1,2\n")
  whole = path.read_bytes()
  for length in range(len(whole)):
    path.write_bytes(whole[:length])
    with pytest.raises(errors.UserError) as error:
      files.read_text(path)
    assert f"'{path}' is damaged" in str(error.value)


def test_a_flipped_bit_of_any_byte_is_detected(tmp_path):
  path = tmp_path / "rows.csv"
  files.write_text(path, "a,b\n1,2\n")
  whole = path.read_bytes()
  for position in range(len(whole)):
    damaged = bytearray(whole)
    damaged[position] ^= 1 << position % 8
    path.write_bytes(damaged)
    with pytest.raises(errors.UserError, match="damaged"):
      files.read_text(path)


def test_text_without_a_seal_is_refused(tmp_path):
  (tmp_path / "a").write_text("a,b\n1,2\n")
  with pytest.raises(errors.UserError, match="checksum"):
    files.read_text(tmp_path / "a")


def test_missing_text(tmp_path):
  with pytest.raises(errors.UserError) as error:
    files.read_text(tmp_path / "a")
  assert str(error.value) == (
      f"Cannot read '{tmp_path / 'a'}' (No such file or directory).")


@pytest.mark.parametrize("function", ["replace", "fsync"])
def test_full_disk_keeps_the_old_text(tmp_path, monkeypatch, function):
  path = tmp_path / "a"
  files.write_text(path, "old")
  with monkeypatch.context() as patch, pytest.raises(
      errors.UserError) as error:
    patch.setattr(os, function, disk_full)
    files.write_text(path, "new")
  assert str(error.value) == (
      f"Cannot write '{path}' (No space left on device): what was there "
      "before is unchanged; free space or choose another output folder.")
  assert files.read_text(path) == "old"
  assert list(contents(tmp_path)) == ["a"]


def test_refused_open_keeps_the_old_text(tmp_path, monkeypatch):
  path = tmp_path / "a"
  files.write_text(path, "old")
  with monkeypatch.context() as patch, pytest.raises(
      errors.UserError, match="No space left"):
    patch.setattr("builtins.open", disk_full)
    files.write_text(path, "new")
  assert files.read_text(path) == "old"


def test_system_refuses_a_large_text(tmp_path):
  path = tmp_path / "a"
  files.write_text(path, "old")
  with pytest.raises(
      errors.UserError, match="File too large"), file_size_limit(8192):
    files.write_text(path, "x" * 16384)
  assert files.read_text(path) == "old"
  assert list(contents(tmp_path)) == ["a"]


def test_text_in_a_missing_folder(tmp_path):
  with pytest.raises(errors.UserError, match="Cannot write"):
    files.write_text(tmp_path / "no" / "a", "text")


def test_sha256sum_accepts_a_folder(tmp_path):
  def fill(folder):
    (folder / "a b.bin").write_bytes(bytes(range(256)))
    (folder / "empty").touch()
    (folder / "sub").mkdir()
    (folder / "sub" / "c").write_text("c")
  folder = tmp_path / "deep" / "sealed"
  files.write_folder(folder, fill)
  assert files.verify_folder(folder) == folder
  done = subprocess.run(
      ["sha256sum", "--check", "--strict", files.SEAL], cwd=folder, check=True,
      capture_output=True, text=True)
  assert sorted(done.stdout.splitlines()) == [
      "a b.bin: OK", "empty: OK", "sub/c: OK"]


def test_folder_is_replaced_as_a_whole(tmp_path):
  files.write_folder(tmp_path / "f", fill_with(a="1", b="2"))
  files.write_folder(tmp_path / "f", fill_with(b="3"))
  files.verify_folder(tmp_path / "f")
  assert set(contents(tmp_path / "f")) == {"b", files.SEAL}
  assert [p.name for p in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("failure, raised", [
    (RuntimeError("boom"), RuntimeError),
    (KeyboardInterrupt(), KeyboardInterrupt),
    (OSError(errno.ENOSPC, "No space left on device"), errors.UserError)])
def test_failing_fill_leaves_the_old_folder(tmp_path, old, failure, raised):
  def fill(folder):
    (folder / "a").write_text("half")
    raise failure
  folder = tmp_path / "f"
  if old:
    files.write_folder(folder, fill_with(a="old"))
  before = contents(tmp_path)
  with pytest.raises(raised):
    files.write_folder(folder, fill)
  assert contents(tmp_path) == before
  assert [p.name for p in tmp_path.iterdir()] == ["f"] * old


def test_full_disk_keeps_the_old_folder(tmp_path, monkeypatch):
  folder = tmp_path / "f"
  files.write_folder(folder, fill_with(a="old"))
  before = contents(tmp_path)
  replace, failed = os.replace, []

  def fail_once(source, target):
    if target == folder and not failed:
      failed.append(target)
      disk_full()
    replace(source, target)

  with monkeypatch.context() as patch, pytest.raises(
      errors.UserError, match="what was there before is unchanged"):
    patch.setattr(os, "replace", fail_once)
    files.write_folder(folder, fill_with(a="new"))
  assert failed
  assert contents(tmp_path) == before


def test_left_over_partial_folder_is_ignored(tmp_path):
  (tmp_path / "f.partial").mkdir()
  (tmp_path / "f.partial" / "junk").touch()
  files.write_folder(tmp_path / "f", fill_with(a="1"))
  assert set(contents(tmp_path)) == {"f/a", f"f/{files.SEAL}"}


@pytest.mark.parametrize("damage", [
    lambda file: file.unlink(),
    lambda file: file.write_bytes(b""),
    lambda file: file.write_bytes(file.read_bytes()[:-1]),
    lambda file: file.write_bytes(file.read_bytes()[:-1] + b"x")],
    ids=["missing", "empty", "truncated", "flipped"])
def test_damaged_file_of_a_folder_is_named(tmp_path, damage):
  folder = tmp_path / "f"
  files.write_folder(folder, fill_with(a="one", b="two"))
  damage(folder / "b")
  with pytest.raises(errors.UserError) as error:
    files.verify_folder(folder)
  assert str(error.value) == (
      f"'{folder / 'b'}' is missing or damaged (its checksum does not match).")


def test_folder_without_a_seal(tmp_path):
  with pytest.raises(errors.UserError) as error:
    files.verify_folder(tmp_path)
  assert str(error.value).startswith(
      f"'{tmp_path}' has no readable SHA256SUMS")


def test_truncated_seal_of_a_folder_is_detected(tmp_path):
  folder = tmp_path / "f"
  files.write_folder(folder, fill_with(a="one", b="two"))
  seal = (folder / files.SEAL).read_bytes()
  accepted = []
  for length in range(len(seal) - 1):  # the last newline may go
    (folder / files.SEAL).write_bytes(seal[:length])
    try:
      files.verify_folder(folder)
      accepted.append(length)
    except errors.UserError:
      pass
  assert accepted == []


def test_seal_names_the_hashes_of_the_files(tmp_path):
  files.write_folder(tmp_path / "f", fill_with(b="two", a="one"))
  assert (tmp_path / "f" / files.SEAL).read_text() == "".join(
      f"{hashlib.sha256(text).hexdigest()}  {name}\n"
      for name, text in (("a", b"one"), ("b", b"two")))


def test_make_folder(tmp_path):
  path = files.make_folder(str(tmp_path / "a" / "b"))
  assert path.is_dir() and contents(tmp_path) == {}
  assert files.make_folder(path) == path


@pytest.mark.parametrize("make", [
    lambda tmp: tmp / "file", lambda tmp: tmp / "file" / "below",
    lambda tmp: "/proc/nothing"], ids=["file", "below a file", "read-only"])
def test_make_folder_that_cannot_be(tmp_path, make):
  (tmp_path / "file").write_text("mine")
  with pytest.raises(errors.UserError) as error:
    files.make_folder(make(tmp_path))
  assert str(error.value).startswith(
      f"Cannot write in the folder '{make(tmp_path)}' (")
  assert contents(tmp_path) == {"file": b"mine"}


def test_lock_refuses_a_second_holder_and_ends(tmp_path):
  with files.locked(tmp_path / "run") as folder:
    assert folder == tmp_path / "run"
    with pytest.raises(errors.UserError) as error, files.locked(folder):
      pass
    assert str(error.value).startswith(
        f"Another run is using the folder '{folder}'")
    with pytest.raises(errors.UserError), files.locked(folder):
      pass  # the refusal did not release it
  with files.locked(folder):
    pass


def test_lock_ends_with_an_exception(tmp_path):
  with pytest.raises(RuntimeError), files.locked(tmp_path):
    raise RuntimeError
  with files.locked(tmp_path):
    pass
