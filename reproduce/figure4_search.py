"""Chooses Figure 4's learning rates and alphas, on validation states.

  python -m reproduce.figure4_search --preset=cpu
"""

from reproduce import app
from reproduce.distillation.search import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
