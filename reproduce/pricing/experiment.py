"""Option pricing with pathwise derivatives (differential machine learning)."""

import dataclasses

from absl import flags

from configs import pricing as config_lib
from reproduce import experiment, run
from reproduce.pricing import comparison, labels, notebook, section


def plan(preset: str, config: config_lib.Config) -> run.Plan:
  """The parts of a run; rows carry the preset's name."""
  found = []
  for module, settings in (
      (notebook, config.notebook), (comparison, config.basket),
      (labels, config.digital)):
    if settings is not None:
      found += module.parts(settings)
  return run.Plan("pricing", preset, dataclasses.asdict(config), found)


EXPERIMENT = experiment.Experiment(
    "pricing", config_lib.PRESETS,
    lambda: plan(flags.FLAGS.preset, config_lib.PRESETS[flags.FLAGS.preset]),
    experiment.Section(
        "Differential machine learning: option prices",
        "The paper has no such experiment. Huge and Savine (2020): with "
        "pathwise derivatives networks learn prices from far fewer paths.",
        section.write))
