"""What an experiment is: what it computes, and how its results are shown."""

import pathlib
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence

import numpy as np

from reproduce import folder as folder_lib
from reproduce import rows as rows_lib
from reproduce import run as run_lib
from reproduce import tables
from sobolev_tf import files


class Results(NamedTuple):
  """What a section of the report is written from.

  Attributes:
    rows: all rows of the run, at least one.
    source: the run's folder, for its tables.
    folder: where figures go.
  """
  rows: Sequence[rows_lib.Row]
  source: pathlib.Path
  folder: pathlib.Path

  @classmethod
  def read(cls, source: files.Path, folder: files.Path) -> "Results":
    """Reads the rows of a run; `UserError` if a file is damaged."""
    return cls(rows_lib.read(source), pathlib.Path(source),
               pathlib.Path(folder))

  @property
  def settings(self) -> Dict[str, Any]:
    """What `run.json` holds."""
    return folder_lib.read_settings(self.source)

  def table(self, name: str) -> List[Dict[str, str]]:
    """A table of the run by its name, such as "tables/figure1"."""
    return tables.read(self.source / f"{name}.csv")

  def columns(self, name: str) -> Dict[str, np.ndarray]:
    """A table of numbers as one array `[N]` per column."""
    records = self.table(name)
    return {column: np.array([float(record[column]) for record in records])
            for column in records[0]}


class Section(NamedTuple):
  """How the results of an artefact are shown in the report.

  Attributes:
    title: the heading.
    claim: what the paper says.
    write: draws the figures into `Results.folder` and returns Markdown that
      links them by their names. The report puts several runs below one title,
      so the text begins with what tells a run from the others: its preset.
  """
  title: str
  claim: str
  write: Callable[[Results], str]


def by_task(results: Results,
            writers: Mapping[str, Callable[[Results], str]]) -> str:
  """The section of a run that consists of several computations.

  Args:
    results: of one run.
    writers: by the rows' task, what writes about it from its rows alone; a
      task without rows is left out.

  Returns:
    The section, in Markdown.
  """
  parts = [f"*Preset `{results.rows[0].preset}`.*\n"]
  for task, write in writers.items():
    own = rows_lib.matching(results.rows, task=task)
    if own:
      parts.append(write(results._replace(rows=own)))
  return "\n".join(parts)


class Experiment(NamedTuple):
  """A command that computes rows and shows them.

  Attributes:
    name: of the artefact: of its rows, of its line in `reproduce/registry.py`
      and of its file in `configs/`.
    presets: its presets, or their names.
    plan: reads the flags and returns what to compute; raises `UserError` for
      a setting that is wrong.
    section: shows the rows.
    define_flags: defines the flags beside those that all experiments have.
    default: the preset used if none is named.
    module: of the command; `reproduce.NAME` if empty.
    finish: what the command does with its results beside showing them; it
      reads the flags.
    place: where in `runs/` its results are by default, as --help has it.
    config: of the file in `configs/` that holds its presets; its name if empty.
    timed: whether it measures time, so that its parts are not shared out.
  """
  name: str
  presets: Sequence[str] | Mapping[str, Any]
  plan: Callable[[], run_lib.Plan]
  section: Section
  define_flags: Callable[[], None] = lambda: None
  default: str = "quick"
  module: str = ""
  finish: Callable[[Results], None] = lambda results: None
  place: str = ""
  config: str = ""
  timed: bool = False
