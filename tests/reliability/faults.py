"""Faults on demand: kills, full disks, signals, at any moment of a run.

Python tells audit hooks of every file that is about to be made, opened for
writing, renamed or removed. Each such change below a folder is a *moment*.
`inject` acts at the k-th: it can raise what the system would, end the process
by SIGKILL, or look at the folder. What lies on the disk changes at moments only
(and inside TensorFlow's own writes), so a kill anywhere between two of them
leaves what a kill at the second one leaves.
"""

import contextlib
import errno
import importlib
import locale
import multiprocessing
import os
import pathlib
import signal
import sys
import time

from reproduce import registry

# What the children of `start` need is imported once, by the parent of them all;
# TensorFlow is started by each of them, as its threads do not survive a fork.
_MODULES = {
    **{name: module for name, module in registry.MODULES.items()
       if module.startswith("reproduce.")},
    "train_teacher": "reproduce.train_teacher",
    "record": "reproduce.record", "everything": "reproduce.__main__"}
ENTRYPOINTS = tuple(_MODULES)
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([
    "sobolev_tf.keras", "ale_py.vector_env", "matplotlib.pyplot",
    *_MODULES.values()])

_CHANGES = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir")
_GROWING = ("open", "os.mkdir")  # what a full disk refuses
_NETWORK = ("socket.connect", "socket.getaddrinfo")
_handlers = []


def _hook(event, arguments):
  for handler in list(_handlers):
    handler(event, arguments)


def _is_change(event, arguments, folder):
  if event not in _CHANGES:
    return False
  path = arguments[0]
  if event == "open" and not (isinstance(path, str) and arguments[2] & (
      os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
    return False
  if not isinstance(path, (str, os.PathLike)):
    return False
  if not os.path.isabs(path):  # of shutil.rmtree, beside an open folder
    return event in ("os.remove", "os.rmdir") and arguments[1] != -1
  return str(path).startswith(str(folder))


@contextlib.contextmanager
def inject(folder, action):
  """Calls `action(k, event)` at each moment of this process, k = 1, 2, ...

  Args:
    folder: where changes are moments.
    action: called before the change; what it raises is what the change raises.

  Yields:
    A list that holds the number of moments so far.
  """
  if not getattr(sys, "_faults_hooked", False):  # a hook cannot be taken back
    sys.addaudithook(_hook)
    sys._faults_hooked = True
  count, busy = [0], []

  def handler(event, arguments):
    if not busy and _is_change(event, arguments, folder):
      count[0] += 1
      busy.append(True)
      try:
        action(count[0], event)
      finally:
        busy.clear()

  _handlers.append(handler)
  try:
    yield count
  finally:
    _handlers.remove(handler)


def nothing(number, event):
  """An action: counts only."""


def kill_at(moment):
  """An action: ends the process at a moment, as the system's OOM killer does.
  """
  def action(number, event):
    if number == moment:
      os.kill(os.getpid(), signal.SIGKILL)
  return action


def full_from(moment):
  """An action: the disk is full from a moment on."""
  def action(number, event):
    if number >= moment and event in _GROWING:
      raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a file")
  return action


def read_only_from(moment):
  """An action: the disk is mounted read-only from a moment on."""
  def action(number, event):
    if number >= moment:
      raise OSError(errno.EROFS, os.strerror(errno.EROFS), "a file")
  return action


ACTIONS = {"kill": kill_at, "full": full_from, "read-only": read_only_from}


def start(name, arguments, folder, log, fault=None, moment=0, odd=False):
  """Starts an entrypoint's command in a process of its own.

  It has no network, and rows do not name the commit, since files of this
  repository may change meanwhile.

  Args:
    name: the entrypoint.
    arguments: its flags, but for --output.
    folder: its --output.
    log: file for what it prints, then for its number of moments.
    fault: a key of `ACTIONS`, or None.
    moment: of the fault.
    odd: whether it runs in another time zone and locale, with a clock that
      goes backwards.

  Returns:
    The process, to `join` or kill.
  """
  process = _CONTEXT.Process(target=_child, args=(
      name, list(map(str, arguments)), str(folder), str(log), fault, moment,
      odd))
  process.start()
  return process


def _child(name, arguments, folder, log, fault, moment, odd):
  with open(log, "wb") as stream:
    for number in (1, 2):
      os.dup2(stream.fileno(), number)
  for number in (signal.SIGINT, signal.SIGTERM):  # forkserver ignores SIGINT
    signal.signal(number, {
        signal.SIGINT: signal.default_int_handler}.get(number, signal.SIG_DFL))
  os.environ["GIT_DIR"] = "/nonexistent"
  if odd:
    os.environ.update(TZ="Pacific/Kiritimati", LC_ALL="C")
    time.tzset()
    locale.setlocale(locale.LC_ALL, "C")  # text files are ASCII by default
    for stream in (sys.stdout, sys.stderr):
      stream.reconfigure(encoding="ascii")
    now = time.time()
    time.time = lambda: now - 1e6 * time.perf_counter()
  _handlers.append(_no_network)
  import commands
  module = importlib.import_module(_MODULES[name])
  sys.argv = [name, *arguments, f"--output={folder}"]
  with inject(folder, ACTIONS.get(fault, lambda _: nothing)(moment)) as count:
    try:
      commands.start(module)
    finally:
      with open(f"{log}.moments", "w", encoding="utf-8") as stream:
        stream.write(str(count[0]))


def _no_network(event, arguments):
  if event in _NETWORK and not isinstance(arguments[-1], (str, bytes)):
    raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))


def measured(folder):
  """What a run measured: the bytes of everything that must repeat exactly.

  That is all but the milliseconds with which Figure 4's section ends.
  """
  folder = pathlib.Path(folder)
  found = {}
  for pattern in ("rows/*.csv", "tables/*.csv", "surfaces/*.csv", "states/*",
                  "candidates/*/*", "run.json", "section.md"):
    for path in folder.glob(f"**/{pattern}"):
      found[str(path.relative_to(folder))] = path.read_bytes().partition(
          b"**Cost of a step**")[0]
  return found
