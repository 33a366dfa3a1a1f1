"""Shows where the students of Figure 4 look, beside their teachers.

  python -m reproduce.figure4_saliency --preset=cpu
"""

from reproduce import app
from reproduce.distillation.saliency import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
