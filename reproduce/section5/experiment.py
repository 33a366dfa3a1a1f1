"""The experiments on Section 5's open paths.

Each path has a module of its own, which holds its parts and, below them, what
draws and explains them.
"""

import dataclasses

from absl import flags

from configs import section5 as config_lib
from reproduce import experiment, run
from reproduce.section5 import curvature, finite_differences, internal

PATHS = {  # in the paper's order, by the rows' task
    "finite_differences": finite_differences,
    "internal": internal,
    "curvature": curvature,
}


def define_flags() -> None:
  """Defines the flag that chooses an experiment."""
  flags.DEFINE_enum(
      "experiment", "all", ["all", *PATHS],
      "Which experiment to run; the results of the others stay as they are.")


def plan(preset: str, config: config_lib.Config, path: str = "all"
         ) -> run.Plan:
  """The experiments as the parts of a run.

  Args:
    preset: the preset's name, for the rows.
    config: the settings of every experiment.
    path: one of `PATHS`, or "all". The plan's settings are those of all, so
      that they can share a folder.

  Returns:
    The plan.
  """
  return run.Plan("section5", preset, dataclasses.asdict(config), [
      part for name, module in PATHS.items() if path in ("all", name)
      for part in module.parts(getattr(config, name))])


def write(results: experiment.Results) -> str:
  """Draws the figures and writes the section of the report.

  Args:
    results: of one run; experiments without rows are left out.

  Returns:
    The section, in Markdown.
  """
  return experiment.by_task(results, {
      task: path.write for task, path in PATHS.items()})


EXPERIMENT = experiment.Experiment(
    "section5", config_lib.PRESETS,
    lambda: plan(flags.FLAGS.preset, config_lib.PRESETS[flags.FLAGS.preset],
                 flags.FLAGS.experiment),
    experiment.Section(
        "Section 5: the open paths, tried",
        "Paper, Section 5, names them without experiments: finite differences "
        "for black boxes, internal derivatives, and second-order signals from "
        "known uncertainty.",
        write),
    define_flags)
