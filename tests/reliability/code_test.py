"""Nothing in the code runs what a file holds; every version is pinned."""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
FILES = [path for folder in (
    "sobolev_tf", "reproduce", "configs", "benchmarks", "examples")
    for path in sorted((ROOT / folder).rglob("*.py"))]
# They run code, or shell commands, that a file or a user's text can hold.
MODULES = {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve", "yaml"}
CALLS = {"eval", "exec", "compile_command", "system", "popen", "unsafe_load"}


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_data(path):
  for node in ast.walk(ast.parse(path.read_text())):
    if isinstance(node, (ast.Import, ast.ImportFrom)):
      names = [alias.name for alias in node.names] + [
          getattr(node, "module", None) or ""]
      assert not {name.split(".")[0] for name in names} & MODULES
    if isinstance(node, ast.Call):
      name = getattr(node.func, "attr", getattr(node.func, "id", ""))
      assert name not in CALLS
      given = {word.arg: getattr(word.value, "value", None)
               for word in node.keywords}
      assert not given.get("shell")
      if ast.unparse(node.func) in ("np.load", "numpy.load"):
        assert given.get("allow_pickle") is False
      if name == "load_model":
        assert given.get("safe_mode", True) is True


def test_every_version_is_pinned():
  lines = [line.split("#")[0].strip()
           for line in (ROOT / "requirements.txt").read_text().splitlines()]
  assert all(re.fullmatch(r"[\w.\[\]-]+==[\w.]+", line)
             for line in lines if line)
