"""What a part of the theory run hands back: rows and tables."""

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

import numpy as np

Table = Sequence[Mapping[str, Any]]


class Outcome(NamedTuple):
  """What a part measured.

  Attributes:
    rows: the fields of `results.Row` that differ within a run.
    tables: curves, points and graphs, by name.
  """
  rows: List[Dict[str, Any]]
  tables: Mapping[str, Table] = {}


def row(task: str, method: str, metric: str, value: float, *, n: int = 0,
        seed: int = 0, step: int = 0, setting: str = "") -> Dict[str, Any]:
  """The fields of a `results.Row` that differ within a run."""
  return dict(task=task, method=method, metric=metric, value=float(value),
              n=n, seed=seed, step=step, setting=setting)


def table(**columns: np.ndarray) -> Table:
  """Turns columns `[N]` into records."""
  arrays = {name: np.asarray(column).tolist()
            for name, column in columns.items()}
  return [dict(zip(arrays, record)) for record in zip(*arrays.values())]
