"""How Section 4.1's results depend on scaling and learning rate.

Chooses the settings of Figure 2's presets, on validation points, the same way
for both methods.

  python -m reproduce.sensitivity --preset=quick
"""

from reproduce import app
from reproduce.regression.sensitivity import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
