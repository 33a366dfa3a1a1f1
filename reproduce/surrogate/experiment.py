"""The surrogate of a reactor with its Jacobian."""

import dataclasses

from absl import flags

from configs import surrogate as config_lib
from reproduce import experiment, run
from reproduce.surrogate import comparison


def plan(preset: str, config: config_lib.Config) -> run.Plan:
  """The parts of a run; rows carry the preset's name."""
  return run.Plan("surrogate", preset, dataclasses.asdict(config),
                  comparison.parts(config))


def write(results: experiment.Results) -> str:
  """Writes the section of the report."""
  return ""


EXPERIMENT = experiment.Experiment(
    "surrogate", config_lib.PRESETS,
    lambda: plan(flags.FLAGS.preset, config_lib.PRESETS[flags.FLAGS.preset]),
    experiment.Section(
        "A reactor's surrogate, trained on its Jacobian",
        "The paper has no such experiment.", write))
