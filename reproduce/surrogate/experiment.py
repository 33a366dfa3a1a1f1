"""The surrogate of a reactor with its Jacobian."""

import dataclasses

from absl import flags

from configs import surrogate as config_lib
from reproduce import experiment, run, tuning
from reproduce.balancing import grid
from reproduce.surrogate import comparison, section


def plan(preset: str, config: config_lib.Config) -> run.Plan:
  """The parts of a run; rows carry the preset's name."""
  return run.Plan("surrogate", preset, dataclasses.asdict(config),
                  comparison.parts(config))


def write(results: experiment.Results) -> str:
  """Draws the figures and writes the section of the report."""
  if results.settings["stream"] == "validation":
    return "\n".join(
        tuning.write([row for row in results.rows if row.n == n], grid.SEARCH)
        for n in dict.fromkeys(row.n for row in results.rows))
  return experiment.by_task(results, {
      comparison.CURVES: section.curves, comparison.LONG: section.long,
      comparison.METHODS: section.methods})


EXPERIMENT = experiment.Experiment(
    "surrogate", config_lib.PRESETS,
    lambda: plan(flags.FLAGS.preset, config_lib.PRESETS[flags.FLAGS.preset]),
    experiment.Section(
        "A reactor's surrogate, trained on its Jacobian",
        "The paper has no such experiment; the numbers beside ours are those "
        "of jkitchin/pounce, notebook 43_sobolev_training.", write))
