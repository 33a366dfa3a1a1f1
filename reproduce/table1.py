"""Table 1: classifiers trained with synthetic gradients.

Section 4.3 of https://arxiv.org/abs/1706.04859.

  python -m reproduce.table1 --dataset=shapes --preset=quick

A part of the run (one method with one seed) can be spread over the GPUs of a
host (`--devices`) or over hosts: set TF_CONFIG in the usual way and start the
same command on each.
"""

from reproduce import app
from reproduce.classification.table1 import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
