"""Section 5's open paths, one small experiment each.

Finite differences of a black box, internal derivatives, and second-order
signals from known uncertainty: what Section 5 of
https://arxiv.org/abs/1706.04859 names and leaves open.

  python -m reproduce.section5 --preset=quick --experiment=internal
"""

from reproduce import app
from reproduce.section5.experiment import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
