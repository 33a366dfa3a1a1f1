"""Rows of Table 1, arranged for its tables and figures."""

from typing import Dict, List, Sequence, Tuple, cast

from reproduce import published, rows
from sobolev_tf import synthetic_gradients as sg

TITLES = {
    "noprop": "Noprop", "direct": "Direct SG", "vfbn": "VFBN",
    "critic": "Critic", "sobolev": "Sobolev", "local": "local losses",
    "backpropagation": "backpropagation"}
_NEAREST = "cifar10"  # of the paper's sets to the ones drawn or embedded here


class Cells:
  """The rows of one setting: a metric by method, cut and step.

  Attributes:
    task: the data set.
    splits: number of cuts.
    stream: the held-out images measured, "test" or "validation".
    methods: those run, in Table 1's order.
  """

  def __init__(self, measured: Sequence[rows.Row]):
    """Arranges the rows of one setting."""
    self._values: Dict[Tuple[str, str, int], Dict[int, float]] = {}
    for row in measured:
      self._values.setdefault(
          (row.metric, row.method, row.step), {})[row.seed] = row.value
    self.task = measured[0].task
    self.splits = cast(int, measured[0].settings["splits"])
    self.stream = next(row.metric.removesuffix("_top1") for row in measured
                       if row.metric.endswith("_top1"))
    run = {row.method for row in measured}
    self.methods = [m for m in sg.METHODS if m in run]

  def last(self, metric: str, method: str) -> Dict[int, float]:
    """By seed, the value at the end; empty if there is none."""
    steps = [s for name, m, s in self._values if (name, m) == (metric, method)]
    return self._values[metric, method, max(steps)] if steps else {}

  def curve(self, metric: str, method: str
            ) -> List[Tuple[int, List[float]]]:
    """(step, values over seeds), by step."""
    return [(step, list(by_seed.values()))
            for (name, m, step), by_seed in sorted(self._values.items())
            if (name, m) == (metric, method)]

  def accuracy(self, method: str, top: int) -> Dict[int, float]:
    """By seed, the held-out accuracy in percent."""
    return self.last(f"{self.stream}_top{top}", method)

  def paper(self) -> List[published.Table1Row]:
    """The paper's rows to set beside these: of the same data, or CIFAR-10's.
    """
    def of(data: str, modules: int) -> List[published.Table1Row]:
      return [row for row in published.TABLE1
              if (row.data, row.modules) == (data, modules)]
    return of(self.task, self.splits) or of(_NEAREST, 3)


def by_setting(measured: Sequence[rows.Row]) -> Dict[str, List[rows.Row]]:
  """Groups rows by what a table shows apart.

  Args:
    measured: rows of a run.

  Returns:
    Rows by what their table's heading says: their settings, of which the
    learning rate may depend on the method.
  """
  names = [name for name in measured[0].settings if name != "learning_rate"]
  return {_heading(group): group
          for group in rows.grouped(measured, names).values()}


def _heading(group: Sequence[rows.Row]) -> str:
  settings = dict(group[0].settings)
  if len({row.settings["learning_rate"] for row in group}) == 1:
    return rows.label(settings)
  del settings["learning_rate"]
  return f"{rows.label(settings)}, learning rates by method"
