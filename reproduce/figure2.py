"""Figure 2 (right): test error of regular and Sobolev regression.

Section 4.1 of https://arxiv.org/abs/1706.04859.

  python -m reproduce.figure2 --preset=quick
"""

from reproduce import app
from reproduce.regression.figure2 import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
