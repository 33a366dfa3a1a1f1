"""Every example runs when copied into an empty folder, and shows its point."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example(example, tmp_path):
  shutil.copy(example, tmp_path)
  done = subprocess.run(
      [sys.executable, example.name], cwd=tmp_path, capture_output=True,
      text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
  # The last number of each line: the last line's is the best by far.
  values = [float(re.findall(r"[\d.]+\d", line)[-1])
            for line in done.stdout.splitlines()]
  assert values[-1] < .8 * values[0], done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_needs_the_package_only(example):
  text = example.read_text()
  assert not re.search(r"^(import|from) (reproduce|configs|tests)", text, re.M)
  assert len(text.splitlines()) < 100  # under a page or two


def test_the_readme_names_every_example():
  text = (ROOT / "README.md").read_text()
  for example in EXAMPLES:
    assert f"examples/{example.name}" in text
