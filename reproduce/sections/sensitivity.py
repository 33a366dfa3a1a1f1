"""The sensitivity run from rows: what the verdicts depend on."""

import pathlib
from typing import Dict, Sequence

import numpy as np
from scipy import stats as scipy_stats

from reproduce import published
from reproduce.sections import grid, markdown
from sobolev_tf import results


def write(rows: Sequence[results.Row], folder: pathlib.Path) -> str:
  """Writes the section of the report.

  Args:
    rows: of one sensitivity run.
    folder: where `section.md` goes.

  Returns:
    The section, in Markdown.
  """
  ranks = mean_ranks(rows)
  best = choose(rows)
  grids = {setting: grid.Grid(group, "validation_mse")
           for setting, group in grid.by_setting(rows).items()}
  cells = next(iter(grids.values()))
  size = len({row.seed for row in rows})
  parts = [
      f"Each setting trained with both methods on {size} seeds and measured "
      "on validation points, which no other run uses. Rank 1 is the lowest "
      "validation error among the settings, in original units, averaged over "
      "functions, sizes and both methods.\n",
      markdown.table(
          ["setting", "mean rank", "Sobolev better (of "
           f"{len(cells.functions) * len(cells.sizes)} cells)",
           "mean gain (decades)"],
          [[f"**{setting}**" if setting == best else setting,
            f"{ranks[setting]:.2f}", *_gain(grids[setting])]
           for setting in sorted(ranks, key=lambda name: ranks[name])]),
      f"\nChosen for the `quick` preset: {best}.\n",
      "\nlog10 of regular / Sobolev validation MSE (positive: Sobolev is "
      "lower), mean over seeds, over the settings: lowest ... highest.\n",
      markdown.table(
          ["function", *(f"n = {n:,}" for n in cells.sizes)],
          [[function, *(_range(grids, function, n) for n in cells.sizes)]
           for function in cells.functions]),
  ]
  text = "\n".join(parts)
  (folder / "section.md").write_text(text, encoding="utf-8")
  return text


def mean_ranks(rows: Sequence[results.Row]) -> Dict[str, float]:
  """Ranks the settings, both methods together.

  For each function, size and method the settings are ranked by the mean over
  seeds of their log10 validation error in original units (1 is best; a
  diverged run ranks last), and the ranks are averaged.

  Args:
    rows: of one sensitivity run.

  Returns:
    The mean rank of each setting.
  """
  grids = {setting: grid.Grid(group, "validation_mse")
           for setting, group in grid.by_setting(rows).items()}
  cells = next(iter(grids.values()))
  ranks = []
  for function in cells.functions:
    for n in cells.sizes:
      for method in grid.METHODS:
        means = [g.errors(function, n, method).mean() for g in grids.values()]
        ranks.append(scipy_stats.rankdata(
            np.nan_to_num(means, nan=np.inf), method="average"))
  return dict(zip(grids, np.mean(ranks, axis=0).tolist()))


def choose(rows: Sequence[results.Row]) -> str:
  """The setting with the lowest mean rank."""
  ranks = mean_ranks(rows)
  return min(ranks, key=lambda setting: ranks[setting])


def _gain(cells: grid.Grid) -> list[str]:
  gains = [cells.difference(f, n).estimate
           for f in cells.functions for n in cells.sizes]
  return [str(sum(gain > 0 for gain in gains)), f"{np.nanmean(gains):.2f}"]


def _range(grids: Dict[str, grid.Grid], function: str, n: int) -> str:
  gains = [cells.difference(function, n).estimate for cells in grids.values()]
  text = f"{np.nanmin(gains):+.2f} ... {np.nanmax(gains):+.2f}"
  if np.nanmin(gains) > 0:
    return f"{text} ({published.SOBOLEV} always)"
  if np.nanmax(gains) < 0:
    return f"{text} ({published.REGULAR} always)"
  return text
