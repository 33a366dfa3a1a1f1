"""Figure 3: Styblinski-Tang and its models, with their gradient fields.

Section 4.1 of https://arxiv.org/abs/1706.04859.

  python -m reproduce.figure3 --preset=quick
"""

from reproduce import app
from reproduce.regression.figure3 import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
