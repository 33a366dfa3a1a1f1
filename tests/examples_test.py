"""Every example runs where only the package is installed, and shows its point.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def run(folder, *arguments, path):
  """Runs Python in a folder, with packages from one other folder at most."""
  return subprocess.run(
      [sys.executable, *map(str, arguments)], cwd=folder, capture_output=True,
      text=True, check=True, env={**os.environ, "PYTHONPATH": str(path)}).stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
  """A folder that pip installed the package into, from a copy, offline."""
  copy = tmp_path_factory.mktemp("copy")
  for name in ("sobolev_tf", "reproduce", "configs"):
    shutil.copytree(ROOT / name, copy / name,
                    ignore=shutil.ignore_patterns("__pycache__"))
  for name in ("pyproject.toml", "README.md", "LICENSE"):
    shutil.copy(ROOT / name, copy)
  folder = tmp_path_factory.mktemp("installed")
  subprocess.run(
      [sys.executable, "-m", "pip", "install", "--quiet", "--no-index",
       "--no-deps", "--no-build-isolation", "--disable-pip-version-check",
       f"--target={folder}", str(copy)], check=True)
  return folder


def test_the_installed_package_is_whole_and_nothing_else(installed):
  def files(root):
    return {path.relative_to(root) for path in root.rglob("*")
            if path.suffix in (".py", ".npz", ".json")}

  assert files(installed / "sobolev_tf") == files(ROOT / "sobolev_tf")
  assert {path.name.partition("-")[0] for path in installed.iterdir()} == {
      "sobolev_tf"}  # with its metadata; reproduce/ and configs/ stay here


def test_the_installed_package_has_its_teachers(installed, tmp_path):
  code = (
      "import sobolev_tf; from sobolev_tf.atari import environment, teachers\n"
      "print(sobolev_tf.__file__)\n"
      "for game in environment.GAMES: teachers.load_teacher(game)")
  out = run(tmp_path, "-c", code, path=installed)
  assert out.strip() == str(installed / "sobolev_tf" / "__init__.py")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example(example, installed, tmp_path):
  shutil.copy(example, tmp_path)
  out = run(tmp_path, example.name, path=installed)
  # The last number of each line: the last line's is the best by far.
  values = [float(re.findall(r"[\d.]+\d", line)[-1])
            for line in out.splitlines()]
  assert values[-1] < .8 * values[0], out


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_needs_the_package_only(example):
  text = example.read_text()
  assert not re.search(r"^(import|from) (reproduce|configs|tests)", text, re.M)
  assert len(text.splitlines()) < 100  # under a page or two


def test_the_readme_names_every_example():
  text = (ROOT / "README.md").read_text()
  for example in EXAMPLES:
    assert f"examples/{example.name}" in text
