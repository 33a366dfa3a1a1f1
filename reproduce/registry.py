"""Where each artefact is defined, in the report's order.

A new experiment is one line here (docs/adding.md); its key is the artefact's
name in `run.json`. Modules are named and not
imported, so that the report loads those that it shows, and benchmarks, which
build on this package, can be among them.
"""

import importlib
from typing import Dict

from reproduce import experiment

MODULES: Dict[str, str] = {
    "theory": "reproduce.theory.experiment",
    "figure2": "reproduce.regression.figure2",
    "order2": "reproduce.regression.order2",
    "figure3": "reproduce.regression.figure3",
    "sensitivity": "reproduce.regression.sensitivity",
    "figure4": "reproduce.distillation.figure4",
    "figure4_saliency": "reproduce.distillation.saliency",
    "figure4_search": "reproduce.distillation.search",
    "table1": "reproduce.classification.table1",
    "section5": "reproduce.section5.experiment",
    "surrogate": "reproduce.surrogate.experiment",
    "pricing": "reproduce.pricing.experiment",
    "forces": "reproduce.forces.experiment",
    "balancing": "reproduce.balancing.experiment",
    "speed": "benchmarks.compare",
    "synthetic_gradients": "benchmarks.synthetic_gradients",
    "scaling": "benchmarks.scaling",
}


def load(name: str) -> experiment.Experiment:
  """The experiment of an artefact."""
  return importlib.import_module(MODULES[name]).EXPERIMENT
