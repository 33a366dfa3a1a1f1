"""`--jobs`: the rows are those of one process, and nobody is left behind."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from reproduce import jobs
from sobolev_tf import errors, files

TOP = pathlib.Path(__file__).parents[2]
FLAGS = ["--preset=smoke", "--functions=booth"]  # four parts


def start(folder, *flags):
  """Order 2 in a process group of its own."""
  return subprocess.Popen(
      [sys.executable, "-m", "reproduce.order2", *FLAGS, *flags,
       f"--output={folder}"], cwd=TOP, text=True, start_new_session=True,
      env={**os.environ, "GIT_DIR": "/nonexistent"},
      stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def rows(folder):
  return {path.name: path.read_bytes()
          for path in sorted(folder.glob("rows/*.csv"))}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
  folder = tmp_path_factory.mktemp("one") / "run"
  process = start(folder)
  _, text = process.communicate()
  assert process.returncode == 0, text
  return rows(folder)


def test_helpers_end_with_the_process_that_started_them(whole, tmp_path):
  folder = tmp_path / "run"
  for number in (signal.SIGKILL, signal.SIGTERM):
    process = start(folder, "--jobs=2")
    while _held(folder) < 2 and process.poll() is None:
      time.sleep(.05)  # until both are at a part
    process.send_signal(number)
    process.communicate()
    assert process.returncode in (-number, 128 + number)
    deadline = time.monotonic() + 60
    # A process whose first thread has ended may have others that hold files.
    while (_members(process.pid) or _held(folder)) and (
        time.monotonic() < deadline):
      time.sleep(.1)
    assert not _members(process.pid)
    assert not _held(folder)
  again = start(folder, "--jobs=2", "--overwrite")
  out, text = again.communicate()
  assert again.returncode == 0, text
  assert "A helper process" not in text
  assert out.count("### Preset `smoke`") == 1  # one of them reports
  assert len(whole) == 4 and rows(folder) == whole


def _held(folder):
  """How many parts some process is at."""
  count = 0
  for lock in folder.glob(".locks/*"):
    try:
      with files.locked(lock):
        pass
    except errors.InUse:
      count += 1
  return count


def _members(group):
  """The processes of a group that have not ended."""
  found = []
  for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
    try:
      state, _, of = path.read_text().rpartition(")")[2].split()[:3]
    except OSError:
      continue
    if int(of) == group and state != "Z":
      found.append(path.parent.name)
  return found


def test_cores_are_those_that_this_process_may_use():
  before = os.sched_getaffinity(0)
  os.sched_setaffinity(0, {min(before)})
  try:
    assert jobs.cores() == 1
  finally:
    os.sched_setaffinity(0, before)


def test_a_helper_may_end_before_the_process_that_started_it():
  helper = subprocess.Popen(
      [sys.executable, "-c", "import time\nfrom reproduce import jobs\n"
       "jobs.end_with_parent()\ntime.sleep(.2)"], cwd=TOP,
      stdin=subprocess.PIPE)
  assert helper.wait(120) == 0
  helper.stdin.close()


def test_a_helper_that_the_system_kills_is_reported(capfd, monkeypatch):
  monkeypatch.setattr(sys, "executable", "/bin/sh")
  started = subprocess.Popen
  monkeypatch.setattr(subprocess, "Popen", lambda command, **options: started(
      ["/bin/sh", "-c", "kill -SEGV $$"], **options))
  with jobs.helpers("reproduce.order2", [], 2):
    time.sleep(1)
  assert "status -11" in capfd.readouterr().err
