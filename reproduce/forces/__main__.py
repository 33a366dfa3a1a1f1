"""Learns the energies and forces of a cluster.

  python -m reproduce.forces --preset=quick --jobs=2
"""

from reproduce import app
from reproduce.forces.experiment import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
