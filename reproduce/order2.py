"""Figure 2's experiment with second derivatives, exact and projected.

Order 2 of Eq. 1, Section 2 of https://arxiv.org/abs/1706.04859, for which the
network must be smooth: against order 1 and order 0 on the same functions.

  python -m reproduce.order2 --preset=quick
"""

from reproduce import app
from reproduce.regression.order2 import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
