"""Every way to balance values and derivatives, on Figure 2's functions."""

import dataclasses
from typing import List, Mapping, Sequence

from absl import flags

from configs import balancing as config_lib
from reproduce import experiment, run, tuning
from reproduce import rows as rows_lib
from reproduce.balancing import benchmark_functions, grid, repair, tables, which


def plan(preset: str,
         config: config_lib.Config | Mapping[str, config_lib.Config]
         ) -> run.Plan:
  """The parts of a run; rows carry the preset's name.

  Args:
    preset: its name.
    config: of all functions, or one for each.

  Returns:
    The plan.
  """
  if isinstance(config, config_lib.Config):
    return run.Plan("balancing", preset, dataclasses.asdict(config),
                    benchmark_functions.parts("functions", config))
  return run.Plan(
      "balancing", preset,
      {name: dataclasses.asdict(each) for name, each in config.items()},
      [part for name, each in config.items()
       for part in benchmark_functions.parts(name, each)])


def chosen_together(rows: Sequence[rows_lib.Row]
                    ) -> List[List[rows_lib.Row]]:
  """The rows of a search, apart for functions with a choice of their own."""
  if isinstance(config_lib.PRESETS[rows[0].preset], config_lib.Config):
    return [list(rows)]
  return [rows_lib.matching(rows, task=task)
          for task in rows_lib.distinct(rows, "task")]


def write(results: experiment.Results) -> str:
  """Writes the section of the report."""
  rows = results.rows
  if tuning.is_search(rows, grid.SEARCH):
    return "\n".join(tuning.write(own, grid.SEARCH)
                     for own in chosen_together(rows))
  text = f"### Preset `{rows[0].preset}`\n\n"
  if tables.is_untuned(rows):
    text += ("Untuned: one learning rate and weight decay for all methods, and "
             "the middle one of each method's strengths.\n\n")
  for n in rows_lib.distinct(rows, "n"):
    own = rows_lib.matching(rows, n=n)
    text += (f"Errors of the value, {n} points:\n\n"
             f"{tables.errors(own, grid.VALUE, 'task')}\n"
             "Of the gradient:\n\n"
             f"{tables.errors(own, grid.DERIVATIVE, 'task')}\n")
  seeds = len(rows_lib.distinct(rows, "seed"))
  return (text + tables.LEGEND.format(seeds=seeds) + "\n" +
          (repair.write(rows) if config_lib.ROBUST.keys() & {
              row.method for row in rows} else
           which.write(which.problems(rows, results.source))))


EXPERIMENT = experiment.Experiment(
    "balancing", config_lib.PRESETS,
    lambda: plan(flags.FLAGS.preset, config_lib.PRESETS[flags.FLAGS.preset]),
    experiment.Section(
        "Balancing values and derivatives",
        "Paper: Eq. 1 sums its terms, and every experiment but Figure 4's "
        "weighs them by 1.", write))
