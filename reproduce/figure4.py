"""Figure 4: distilling Atari policies with and without derivatives.

Section 4.2 of https://arxiv.org/abs/1706.04859. Teachers and recordings come
with the package; states are replayed from their logs of actions.

  python -m reproduce.figure4 --preset=quick
"""

from reproduce import app
from reproduce.distillation.figure4 import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
