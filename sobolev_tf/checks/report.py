"""What a check of a model's derivatives found."""

import dataclasses
from typing import List, NamedTuple, Tuple

from sobolev_tf.checks import differences


class Entry(NamedTuple):
  """One comparison with central differences.

  Attributes:
    order: the order of the derivative, or of the one in the loss.
    what: "derivative", or the variable that the loss is differentiated by.
    verdict: right, wrong, missing or undecided.
    error: the relative error; NaN unless right or wrong.
    note: what is at fault, or nothing.
  """
  order: int
  what: str
  verdict: str
  error: float
  note: str = ""


@dataclasses.dataclass(frozen=True)
class Report:
  """A model's derivatives and weight gradients, compared.

  Attributes:
    model: its name.
    entries: the comparisons.
    responsible: layers that are wrong by themselves, and how; empty if all is
      right or no single layer is at fault.
    dtype: the type computed in.
    tolerance: the largest relative error that counts as right.
    points: how many points were compared.
    near_kinks: how many of them are within a step of a kink for some
      comparison, and were left out of it.
  """
  model: str
  entries: Tuple[Entry, ...]
  responsible: Tuple[Tuple[str, str], ...]
  dtype: str
  tolerance: float
  points: int
  near_kinks: int

  @property
  def ok(self) -> bool:
    """Whether something was compared and nothing is wrong or missing."""
    verdicts = {entry.verdict for entry in self.entries}
    return differences.RIGHT in verdicts and not verdicts & {
        differences.WRONG, differences.MISSING}

  def __str__(self) -> str:
    points = f"{self.points} point" + "s" * (self.points != 1)
    lines = [f"Derivatives of '{self.model}' against central differences: "
             f"{points}, {self.dtype}, tolerance {self.tolerance:g}"]
    width = max([len(entry.what) for entry in self.entries] + [0])
    for entry in self.entries:
      error = f"{entry.error:.1e}" if entry.error == entry.error else ""
      lines.append((f"  order {entry.order}  {entry.what:{width}}  "
                    f"{error:>7}  {entry.verdict}  {entry.note}").rstrip())
    lines += self._remarks()
    return "\n".join(lines)

  def _remarks(self) -> List[str]:
    lines = [f"Responsible: {name}, {how}." for name, how in self.responsible]
    if not self.ok and not self.responsible:
      lines.append("No layer is wrong by itself." if any(
          entry.verdict != differences.UNDECIDED for entry in self.entries)
          else "Nothing could be decided.")
    if self.near_kinks:
      lines.append(f"Left out near a kink: {self.near_kinks} of "
                   f"{self.points} points.")
    if self.dtype == "float32":
      lines.append("The model could not be cast to float64, so small errors "
                   "would not show.")
    return lines
