"""A Sphinx extension: docstrings are plain text with Google's sections.

reStructuredText would join the lines of an equation and take |x| for a
substitution. Here, what is indented below prose is shown as it is written.
"""

import re
from typing import Iterator, List

_LIST = re.compile(r"(\*|\d+\.|>>>) ")
_SECTION = re.compile(r"[A-Z]\w*( \w+)?:$")  # "Args:"


def as_restructured_text(lines: List[str]) -> Iterator[str]:
  """Yields a docstring's lines with indented prose marked as literal.

  Args:
    lines: the docstring's, with its common indentation taken away.

  Yields:
    The same text as reStructuredText; sections are left to napoleon.
  """
  prose = literal = True  # whether the paragraph, the last line are
  previous = ""
  for line in map(str.rstrip, lines):
    indented = line.startswith("  ")
    if line and not indented:
      if not previous or _SECTION.match(line):
        prose = not _LIST.match(line) and not _SECTION.match(line)
      literal = False
    elif indented and prose and not literal:
      literal = True
      yield from ("", "::", "")
    yield line if literal else line.replace("|", r"\|")
    previous = line


def _process(unused_app, unused_what, unused_name, unused_object,
             unused_options, lines: List[str]) -> None:
  lines[:] = as_restructured_text(lines)


def setup(app) -> None:
  app.connect("autodoc-process-docstring", _process, priority=400)  # napoleon: 500
