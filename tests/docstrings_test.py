"""Everything public in the library says what it is; `make docs` shows it."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
MODULES = sorted((ROOT / "sobolev_tf").rglob("*.py"))
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)


def public(node, name):
  """Yields the module, its functions, classes and their methods, with names."""
  yield name, node
  for child in node.body:
    if isinstance(child, DEFINITIONS) and not child.name.startswith("_"):
      if isinstance(child, ast.ClassDef):
        yield from public(child, f"{name}.{child.name}")
      else:
        yield f"{name}.{child.name}", child


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_public_has_a_docstring(path):
  for name, node in public(ast.parse(path.read_text()), path.stem):
    text = ast.get_docstring(node)
    assert text, f"{name} has no docstring"
