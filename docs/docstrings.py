"""A Sphinx extension: docstrings are plain text with Google's sections.

reStructuredText would join the lines of an equation and take |x| for a
substitution. Here, what is indented below prose is shown as it is written.
"""

import re
from typing import Iterator, List, Sequence

_LIST = re.compile(r"(\*|\d+\.|>>>) ")
_CODE = re.compile(r"`[^`]+`(?=([\w^])?)")  # and whether `a`^2 follows
_SECTION = re.compile(r"[A-Z]\w*( \w+)?:$")  # "Args:"


def as_restructured_text(lines: Sequence[str]) -> Iterator[str]:
  """Yields a docstring's lines with indented prose marked as literal.

  Args:
    lines: the docstring's, without their common indentation.

  Yields:
    The same text as reStructuredText; sections are left to napoleon.
  """
  opening, *rest = lines or [""]
  if _SECTION.match(opening) and rest and not rest[0].startswith(" "):
    rest = [f"  {line}" for line in rest]  # the section's is the common one
  prose, literal = True, False  # the paragraph; the last line that had text
  previous = ""
  for line in map(str.rstrip, [opening, *rest]):
    indented = line.startswith("  ")
    if line and not indented:
      if literal and previous:
        yield ""
      if not previous or _SECTION.match(line):
        prose = not _LIST.match(line) and not _SECTION.match(line)
      literal = False
    elif indented and prose and not literal:
      literal = True
      yield from ("", "::", "")
    yield line if literal else _escaped(line)
    previous = line


def _escaped(line: str) -> str:
  """Symbols mean themselves, and code ends where its backquote is."""
  line = line.replace("|", r"\|")
  if line.count("`") % 2:  # code that goes on in another line
    return line
  return _CODE.sub(lambda code: code[0] + (r"\ " if code[1] else ""), line)


def _process(unused_app, unused_what, unused_name, unused_object,
             unused_options, lines: List[str]) -> None:
  lines[:] = as_restructured_text(list(lines))


def _skip(unused_app, unused_what, unused_name, member, skip, unused_options
          ) -> bool:
  """Leaves fields of named tuples to their class's list of attributes."""
  return skip or type(member).__name__ == "_tuplegetter"


def setup(app) -> None:
  """Called by Sphinx; napoleon follows at priority 500."""
  app.connect("autodoc-process-docstring", _process, priority=400)
  app.connect("autodoc-skip-member", _skip, priority=400)
