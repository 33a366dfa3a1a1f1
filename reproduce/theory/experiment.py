"""The theory run: every statement of Sections 2 and 3, and Proposition 4.

Each statement has a module of its own, which holds its parts and, below them,
what draws and explains them.
"""

import dataclasses

from absl import flags

from configs import theory as config_lib
from reproduce import experiment, run
from reproduce.theory import (
  figure1,
  figure2_left,
  identification,
  proposition1,
  proposition4,
  theorem1,
  theorem2,
)

STATEMENTS = {  # in the paper's order, by the rows' task
    "figure1": figure1,
    "figure2_left": figure2_left,
    "theorem1": theorem1,
    "theorem2": theorem2,
    "proposition1": proposition1,
    "identification": identification,
    "proposition4": proposition4,
}


def plan(preset: str, config: config_lib.Config) -> run.Plan:
  """All statements as the parts of a run.

  Args:
    preset: the preset's name, for the rows.
    config: the settings of every statement.

  Returns:
    The plan.
  """
  return run.Plan("theory", preset, dataclasses.asdict(config), [
      part for name, statement in STATEMENTS.items()
      for part in statement.parts(getattr(config, name))])


def write(results: experiment.Results) -> str:
  """Draws the figures and writes the section of the report.

  Args:
    results: of one run; statements without rows are left out.

  Returns:
    The section, in Markdown.

  Raises:
    UserError: if a table is missing or damaged.
  """
  return experiment.by_task(results, {
      task: statement.write for task, statement in STATEMENTS.items()})


EXPERIMENT = experiment.Experiment(
    "theory", config_lib.PRESETS,
    lambda: plan(flags.FLAGS.preset, config_lib.PRESETS[flags.FLAGS.preset]),
    experiment.Section(
        "Sections 2 and 3: the method and its theory, computed",
        "Paper: Figures 1 and 2 (left), Theorems 1 and 2, Propositions 1 to 3 "
        "and, from Section 4.3, Proposition 4; proofs are in its supplement. "
        "Each statement is made to run here.",
        write))
