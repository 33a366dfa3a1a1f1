"""Entrypoints run as commands, in this process, and what they leave behind."""

import collections
import contextlib
import io
import pathlib
import re
import subprocess
import sys
from typing import NamedTuple

from absl import app as absl_app
from absl.testing import flagsaver
import pytest

from reproduce import app
from sobolev_tf import files

COUNTS = collections.Counter()  # what pytest prints at its end, see conftest

# Once, or flagsaver takes --help away with what else the first command defined.
absl_app.define_help_flags()


class Outcome(NamedTuple):
  """How a command ended: its exit status, standard output and error."""
  status: int
  out: str
  err: str


def run(module, *arguments):
  """Runs `python -m <module> <arguments>`.

  Args:
    module: the entrypoint, with `EXPERIMENT`, or `define_flags` and `main`.
    *arguments: its flags.

  Returns:
    The `Outcome`.
  """
  out, err = io.StringIO(), io.StringIO()
  name = module.__name__.rsplit(".", maxsplit=1)[-1]
  with pytest.MonkeyPatch.context() as patch, flagsaver.flagsaver(), (
      contextlib.redirect_stdout(out)), contextlib.redirect_stderr(err), (
          pytest.raises(SystemExit)) as stop:
    patch.setattr(sys, "argv", [name, *map(str, arguments)])
    start(module)
  return Outcome(stop.value.code or 0, out.getvalue(), err.getvalue())


def start(module):
  """What the module does when it is run as a program."""
  if hasattr(module, "EXPERIMENT"):
    app.run_experiment(module.EXPERIMENT)
  else:
    app.run(module.define_flags, module.main)


def check_refused(outcome, *words):
  """Asserts that a command ended with one sentence that holds the words."""
  assert outcome.status == app.USER_ERROR, outcome.err
  lines = [line for line in outcome.err.splitlines()
           if line.startswith("error: ")]
  assert len(lines) == 1 and "Traceback" not in outcome.err, outcome.err
  check_sentence(lines[0])
  for word in words:
    assert word in lines[0]
  COUNTS["bad inputs refused"] += 1


def check_sentence(message):
  """Asserts that a message is one line that ends like a sentence."""
  assert "\n" not in message and len(message) > 15, message
  assert message.rstrip("'\")").endswith("."), message


@contextlib.contextmanager
def held_elsewhere(folder):
  """Holds a folder's lock in another process."""
  code = ("import sys\nfrom sobolev_tf import files\n"
          "with files.locked(sys.argv[1]):\n  print(flush=True)\n  input()")
  holder = subprocess.Popen(
      [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE,
      stdout=subprocess.PIPE, cwd=pathlib.Path(__file__).parents[1])
  try:
    holder.stdout.readline()
    yield
  finally:
    holder.communicate(b"\n")


def label(value):
  """A test's name for an argument, the same in every process."""
  return re.sub(r" at 0x\w+", "", str(value))


def contents(folder):
  """Every file below a folder with its bytes, but for locks, which are empty.
  """
  return {str(path.relative_to(folder)): path.read_bytes()
          for path in sorted(folder.rglob("*"))
          if path.is_file() and path.name != ".lock"}


def reseal(folder, change):
  """Replaces a sealed folder by one changed by `change(path)`."""
  contents = {p.name: p.read_bytes() for p in folder.iterdir()
              if p.name != files.SEAL}

  def fill(path):
    for name, content in contents.items():
      (path / name).write_bytes(content)
    change(path)

  files.write_folder(folder, fill)
