"""Prices options from paths with derivatives.

  python -m reproduce.pricing --preset=quick --jobs=2
"""

from reproduce import app
from reproduce.pricing.experiment import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
