"""JENN, the domain's own package: NumPy in float64, one network at a time."""

from typing import Optional

import jenn
import numpy as np

from benchmarks import work as work_lib

NAME = "JENN"
OWN = work_lib.Algorithm("own")
ALGORITHMS = {"regular": (OWN,), "sobolev": (OWN,)}


def version() -> str:
  """JENN's version."""
  return f"jenn {jenn.__version__}"


def make(work: work_lib.Work, algorithm: work_lib.Algorithm
         ) -> Optional[work_lib.Run]:
  """Builds the network; arguments as `ours.make`.

  Args:
    work: what to train on.
    algorithm: `OWN`.

  Returns:
    A function that takes steps, without losses: Adam begins anew with every
    call of JENN's `fit`. None for more than one member, which JENN would train
    one after another.
  """
  if work.members > 1:
    return None
  network = jenn.NeuralNet(
      [len(work.x[0, 0]), *(w.shape[-1] for w in work.weights)], "relu")
  network.parameters.initialize(0)

  def run(steps: int) -> Optional[np.ndarray]:
    rows = np.resize(work.order[0], steps * work.batch_size)
    if work.batches == 1:
      rows = work.order[0]
    arrays = [np.asarray(a[0, rows].T, np.float64)
              for a in (work.x, work.y, work.dy_dx)]  # [*, N]
    network.fit(
        arrays[0], arrays[1], arrays[2][None] if work.sobolev else None,
        gamma=float(work.sobolev), alpha=work_lib.LEARNING_RATE, beta2=.999,
        batch_size=work.batch_size, shuffle=False, is_warmstart=True,
        max_iter=steps if work.batches == 1 else 1,
        epsilon_absolute=0., epsilon_relative=0.)
    return None

  return run
