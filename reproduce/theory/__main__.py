"""Figures 1 and 2 (left) and every statement of Section 3, computed.

Also Proposition 4 of Section 4.3. https://arxiv.org/abs/1706.04859.

  python -m reproduce.theory --preset=quick
"""

from reproduce import app
from reproduce.theory.experiment import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
