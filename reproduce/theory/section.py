"""The theory run from rows and tables: one part of the section per statement.
"""

import pathlib
from typing import Sequence

from reproduce import rows as results
from reproduce.theory import section_figure1 as figure1
from reproduce.theory import section_figure2_left as figure2_left
from reproduce.theory import section_identification as identification
from reproduce.theory import section_proposition1 as proposition1
from reproduce.theory import section_proposition4 as proposition4
from reproduce.theory import section_theorem1 as theorem1
from reproduce.theory import section_theorem2 as theorem2

STATEMENTS = {  # in the paper's order, by the rows' task
    "figure1": figure1,
    "figure2_left": figure2_left,
    "theorem1": theorem1,
    "theorem2": theorem2,
    "proposition1": proposition1,
    "identification": identification,
    "proposition4": proposition4,
}


def write(rows: Sequence[results.Row], source: pathlib.Path,
          folder: pathlib.Path) -> str:
  """Draws the figures of a run and writes its section of the report.

  Args:
    rows: of one theory run; statements without rows are left out.
    source: the folder of the run, for its tables.
    folder: where the figures and `section.md` go.

  Returns:
    The section, in Markdown.

  Raises:
    UserError: if a table is missing or damaged.
  """
  parts = [f"*Preset `{rows[0].preset}`.*\n"]
  for task, statement in STATEMENTS.items():
    own = [row for row in rows if row.task == task]
    if own:
      parts.append(statement.write(own, source / "tables", folder))
  text = "\n".join(parts)
  (folder / "section.md").write_text(text, encoding="utf-8")
  return text
