"""Better, or only faster? When a method reaches the other's final error."""

from typing import Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from reproduce import markdown


class Curves(NamedTuple):
  """A method's learning curves.

  Attributes:
    steps: `[T]`, ascending.
    values: errors `[S, T]`.
    seeds: the S seeds.
  """
  steps: np.ndarray
  values: np.ndarray
  seeds: Sequence[int]


class Reached(NamedTuple):
  """When seeds of a method come to another method's final error.

  Attributes:
    step: median over seeds; NaN if half of them or more never do.
    seeds: how many do.
    size: of how many.
    final: number of steps of the whole training.
  """
  step: float
  seeds: int
  size: int
  final: int


def first_step(steps: np.ndarray, values: np.ndarray, level: float) -> float:
  """The first step from which on a curve stays at or below a level.

  Args:
    steps: `[T]`, ascending.
    values: `[T]`.
    level: to be reached.

  Returns:
    The step; infinite if the last value is above, or NaN.
  """
  above = np.flatnonzero(~(values <= level))
  after = above[-1] + 1 if len(above) else 0
  return float(steps[after]) if after < len(steps) else np.inf


def reached(curves: Curves, other: Curves) -> Reached:
  """When each seed reaches the final error that the other method has with it.

  Args:
    curves: of the method.
    other: of the other method.

  Returns:
    The median over the seeds that both have.
  """
  found = [
      first_step(curves.steps, curves.values[i],
                 other.values[list(other.seeds).index(seed), -1])
      for i, seed in enumerate(curves.seeds) if seed in other.seeds]
  finite = int(np.isfinite(found).sum())
  middle = float(np.median(found)) if found else np.nan
  return Reached(middle if np.isfinite(middle) else np.nan, finite, len(found),
                 int(curves.steps[-1]) if len(curves.steps) else 0)


def table(cells: Mapping[Tuple[str, ...], Tuple[Reached, Reached]],
          names: Sequence[str], titles: Tuple[str, str],
          seconds: Mapping[Tuple[str, ...], Tuple[float, float]]) -> str:
  """When each of two methods reaches the other.

  Args:
    cells: by the texts that name a cell, the first method's `Reached` and the
      second's.
    names: the headings of these texts.
    titles: of the two methods.
    seconds: by the same texts, each method's duration of a step; a cell
      without is shown in steps alone.

  Returns:
    The table in Markdown.
  """
  lines = [
      [*cell, *(_cell(one, duration) for one, duration in zip(
          pair, seconds.get(cell, (np.nan, np.nan))))]
      for cell, pair in cells.items()]
  return markdown.table(
      [*names, *(f"{title} reaches {other}'s final error"
                 for title, other in (titles, titles[::-1]))], lines)


def _cell(one: Reached, duration: float) -> str:
  if np.isnan(one.step):
    return f"in {one.seeds} of {one.size} seeds"
  spent = "" if np.isnan(duration) else f", {one.step * duration:.1f} s"
  return (f"at step {one.step:,.0f} of {one.final:,}{spent} ({one.seeds} of "
          f"{one.size} seeds)")
