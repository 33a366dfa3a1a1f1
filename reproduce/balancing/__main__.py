"""Compares balancings: `python -m reproduce.balancing --help`."""

from reproduce import app
from reproduce.balancing.experiment import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
