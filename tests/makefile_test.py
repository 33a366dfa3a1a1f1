"""The Makefile finds a Python that can make the environment, or says so."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent


@pytest.fixture
def make(tmp_path):
  """Runs `make` on a machine that has no other Pythons than those given."""
  def run(pythons, *arguments):
    for name, script in pythons.items():
      program = tmp_path / name
      program.write_text(f"#!/bin/sh\n{script}\n")
      program.chmod(0o755)
    return subprocess.run(
        ["/usr/bin/make", *arguments, f"VENV={tmp_path}/venv",
         f"{tmp_path}/venv/.ready"], cwd=ROOT, capture_output=True, text=True,
        env={"PATH": f"{tmp_path}"})
  return run


WORKS = "exit 0"  # whatever is tried with -c
SHIM = "echo 'pyenv: python3.13: command not found' >&2; exit 127"
THIS = f'exec {sys.executable} "$@"'
BUT = f'exec {sys.executable} -c "import sys; %s; $2"'
NEWER = BUT % "sys.version_info = (3, 14)"
NO_VENV = BUT % "sys.modules['venv'] = None"


@pytest.mark.parametrize("pythons, chosen", [
    ({"python3.11": WORKS, "python3.12": WORKS, "python3.13": WORKS},
     "python3.13"),
    ({"python3.11": WORKS, "python3.12": WORKS, "python3.13": SHIM},
     "python3.12"),
    ({"python3": THIS, "python3.12": NO_VENV}, "python3"),
    ({"python3.11": THIS, "python3": NEWER}, "python3.11"),
])
def test_the_newest_python_that_works_is_taken(make, pythons, chosen):
  commands = make(pythons, "-n").stdout.splitlines()
  assert any(line.startswith(f"{chosen} -m venv ") for line in commands)


@pytest.mark.parametrize("pythons", [
    {}, {"python3": NEWER}, {"python3.13": SHIM, "python3.12": NO_VENV}])
def test_without_a_python_one_sentence_says_what_is_missing(make, pythons):
  result = make(pythons)
  assert result.returncode == 2 and not result.stdout
  sentence, stopped = result.stderr.splitlines()
  assert sentence.startswith("Python 3.13, 3.12 or 3.11 with its venv module")
  assert "3.14" in sentence and "python3.13-venv" in sentence
  assert stopped.startswith("make: ***")


def test_a_python_that_is_named_is_tried_too(make):
  result = make({"python3.11": WORKS, "mine": NEWER}, "PYTHON=mine")
  assert result.returncode == 2 and "3.14" in result.stderr
  result = make({"python3.11": WORKS, "mine": THIS}, "-n", "PYTHON=mine")
  assert "\nmine -m venv " in result.stdout
