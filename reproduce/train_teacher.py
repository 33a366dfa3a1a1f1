"""Trains a teacher for Section 4.2 (Figure 4).

  python -m reproduce.train_teacher --game=pong

The same command resumes an interrupted run. A finished teacher is trained on
by a second run that starts from it: `--initial=FOLDER`, with a new optimizer
and a learning rate that falls again.
"""

from reproduce import app
from reproduce.distillation.teacher import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
