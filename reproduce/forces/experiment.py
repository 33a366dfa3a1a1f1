"""Neural potentials trained on energies and forces."""

import dataclasses

from absl import flags

from configs import forces as config_lib
from reproduce import experiment, run
from reproduce.forces import comparison, section


def plan(preset: str, config: config_lib.Config) -> run.Plan:
  """The parts of a run; rows carry the preset's name."""
  return run.Plan("forces", preset, dataclasses.asdict(config),
                  comparison.parts(config))


EXPERIMENT = experiment.Experiment(
    "forces", config_lib.PRESETS,
    lambda: plan(flags.FLAGS.preset, config_lib.PRESETS[flags.FLAGS.preset]),
    experiment.Section(
        "Energies and forces of a cluster",
        "The paper has no such experiment. Whoever trains potentials matches "
        "forces, too; forces on 10-20 % of the data are said to suffice.",
        section.write))
