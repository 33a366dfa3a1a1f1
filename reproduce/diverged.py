"""Models that diverged: how rows mark them and how a section names them."""

import math
from typing import Dict, Mapping, Optional, Sequence

from reproduce import rows as rows_lib

METRIC = "diverged_at"  # ends the name of the metric that holds the step


def marked(measured: Mapping[str, float], step: Optional[int]
           ) -> Dict[str, float]:
  """What was measured, as rows report it.

  Args:
    measured: numbers by metric.
    step: by which the loss or a measurement was no longer finite, or None.

  Returns:
    The numbers; if the model diverged, NaN instead of each and the step as
    `METRIC`.
  """
  if step is None:
    return dict(measured)
  return {**dict.fromkeys(measured, math.nan), METRIC: float(step)}


def sentence(rows: Sequence[rows_lib.Row]) -> str:
  """A paragraph that names the models that diverged; "" if none did."""
  models = sorted({(row.method, row.task, row.n, row.seed) for row in rows
                   if row.metric.endswith(METRIC)})
  if not models:
    return ""
  return (f"\n{len(models)} runs diverged and are left out of the means: " +
          ", ".join(f"{method} {task} n={n} seed {seed}"
                    for method, task, n, seed in models) + ".\n")
