"""Makes the tables of operations and of Keras layers, and their page.

  python -m benchmarks.operations --preset=operations
  python -m benchmarks.operations --preset=layers

The first writes the library's operations.csv, the second
results/operations/keras_layers.csv, and both write docs/operations.md.
"""

from benchmarks.operations.sweep import EXPERIMENT
from reproduce import app

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
