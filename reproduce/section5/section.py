"""Section 5's experiments from rows: one part of the section for each."""

import pathlib
from typing import Sequence

from reproduce import rows as results
from reproduce.section5 import section_curvature as curvature
from reproduce.section5 import section_finite_differences as finite_differences
from reproduce.section5 import section_internal as internal

EXPERIMENTS = {  # by the rows' task
    "finite_differences": finite_differences,
    "internal": internal,
    "curvature": curvature,
}


def write(rows: Sequence[results.Row], folder: pathlib.Path) -> str:
  """Draws the figures of a run and writes its section of the report.

  Args:
    rows: of one run; experiments without rows are left out.
    folder: where the figures and `section.md` go.

  Returns:
    The section, in Markdown.
  """
  parts = [f"*Preset `{rows[0].preset}`.*\n"]
  for task, experiment in EXPERIMENTS.items():
    own = [row for row in rows if row.task == task]
    if own:
      parts.append(experiment.write(own, folder))
  text = "\n".join(parts)
  (folder / "section.md").write_text(text, encoding="utf-8")
  return text
