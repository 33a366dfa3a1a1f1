"""Trains surrogates of a reactor: `python -m reproduce.surrogate --help`."""

from reproduce import app
from reproduce.surrogate.experiment import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
