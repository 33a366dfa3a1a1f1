"""The sensitivity run from rows: choices made, and what verdicts depend on."""

import pathlib
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
from scipy import stats as scipy_stats

from reproduce import markdown
from reproduce import rows as results
from reproduce.regression import panels as grid

CUSTOMARY_RATE = "0.001"  # Adam's default in its paper, arXiv 1412.6980
Errors = Dict[Tuple[str, str], grid.Grid]  # by (scaling, learning rate)


class Choice(NamedTuple):
  """One scaling, and for each method its best learning rate with it.

  Attributes:
    scaling: as rows name it.
    rates: learning rate by method, as rows name it.
    rank: the scaling's mean rank, 1 is best.
  """
  scaling: str
  rates: Dict[str, str]
  rank: float


def write(rows: Sequence[results.Row], folder: pathlib.Path) -> str:
  """Writes the section of the report.

  Args:
    rows: of one sensitivity run.
    folder: where `section.md` goes.

  Returns:
    The section, in Markdown.
  """
  tried = _errors(rows)
  cells = next(iter(tried.values()))
  ranked = rank(rows)
  parts = [
      f"Each of {len(tried)} settings was trained with both methods on "
      f"{len({row.seed for row in rows})} seeds and measured on validation "
      "points; no reported run uses these seeds or points. With each scaling, "
      "each method gets the learning rate with its lowest mean rank over "
      "functions and sizes, out of the same number of trials; then the "
      "scalings are ranked over functions, sizes and both methods together "
      "(1 is best; errors in original units).\n",
      markdown.table(
          ["scaling", "learning rate: regular", "learning rate: Sobolev",
           "mean rank", "mean gain > 0 (of "
           f"{len(cells.functions) * len(cells.sizes)} cells)",
           "mean gain (decades)"],
          [[f"**{choice.scaling}**" if choice == ranked[0] else choice.scaling,
            *(choice.rates[method] for method in grid.METHODS),
            f"{choice.rank:.2f}", *_gain(tried, choice)]
           for choice in ranked]),
      f"\nFigure 2's `tuned` preset: {_describe(ranked[0])}.\n",
      *_customary(rows),
      "\nlog10 of regular / Sobolev validation MSE by scaling, each method "
      "at its best learning rate (positive: Sobolev is lower; mean over seeds, "
      "n = " + ", ".join(f"{n:,}" for n in cells.sizes) + ").\n",
      markdown.table(
          ["function", *(choice.scaling for choice in ranked)],
          [[function, *(_gains_at(tried, choice, function)
                        for choice in ranked)]
           for function in cells.functions]),
      "\nlog10 of regular / Sobolev validation MSE (positive: Sobolev is "
      f"lower), mean over seeds, at equal learning rates: lowest ... highest "
      f"over the {len(tried)} settings.\n",
      markdown.table(
          ["function", *(f"n = {n:,}" for n in cells.sizes)],
          [[function, *(_range(tried, function, n) for n in cells.sizes)]
           for function in cells.functions]),
  ]
  text = "\n".join(parts)
  (folder / "section.md").write_text(text, encoding="utf-8")
  return text


def choose(rows: Sequence[results.Row]) -> Choice:
  """The scaling with the lowest mean rank, and its learning rates."""
  return rank(rows)[0]


def rank(rows: Sequence[results.Row]) -> List[Choice]:
  """Ranks the scalings, each method at its own best learning rate.

  Args:
    rows: of one sensitivity run. A run that diverged ranks last.

  Returns:
    One choice per scaling, the best first.
  """
  tried = _errors(rows)
  rates = {
      scaling: {method: _best_rate(tried, scaling, method)
                for method in grid.METHODS}
      for scaling, _ in tried}
  ranks = np.concatenate([
      _ranks([tried[scaling, rates[scaling][method]] for scaling in rates],
             method) for method in grid.METHODS])  # [methods * cells, scalings]
  choices = [Choice(scaling, rates[scaling], float(mean))
             for scaling, mean in zip(rates, ranks.mean(axis=0))]
  return sorted(choices, key=lambda choice: choice.rank)


def _errors(rows: Sequence[results.Row]) -> Errors:
  tried = {}
  for setting, group in grid.by_setting(rows).items():
    scaling, _, rate = setting.partition(" learning_rate=")
    tried[scaling, rate] = grid.Grid(group, "validation_mse")
  return tried


def _best_rate(tried: Errors, scaling: str, method: str) -> str:
  rates = [rate for name, rate in tried if name == scaling]
  ranks = _ranks([tried[scaling, rate] for rate in rates], method)
  return rates[int(ranks.mean(axis=0).argmin())]


def _ranks(grids: Sequence[grid.Grid], method: str) -> np.ndarray:
  """Ranks grids by a method's mean log10 error, `[cells, grids]`."""
  return np.array([
      scipy_stats.rankdata(np.nan_to_num(
          [g.errors(function, n, method).mean() for g in grids], nan=np.inf))
      for function in grids[0].functions for n in grids[0].sizes])


def _describe(choice: Choice) -> str:
  return (f"{choice.scaling}, learning rate {choice.rates['regular']} "
          f"(regular) and {choice.rates['sobolev']} (Sobolev)")


def _customary(rows: Sequence[results.Row]) -> List[str]:
  """What is chosen when only Adam's customary rate is looked at."""
  rows = [row for row in rows
          if row.setting.endswith(f"learning_rate={CUSTOMARY_RATE}")]
  if not rows:
    return []
  return [f"Figure 2's `quick` preset: the same choice among the settings with "
          f"a learning rate of {CUSTOMARY_RATE}: {rank(rows)[0].scaling}.\n"]


def _gain(tried: Errors, choice: Choice) -> list[str]:
  regular, sobolev = (
      tried[choice.scaling, choice.rates[m]] for m in grid.METHODS)
  gains = [
      (regular.errors(f, n, "regular") - sobolev.errors(f, n, "sobolev")).mean()
      for f in regular.functions for n in regular.sizes]
  return [str(sum(gain > 0 for gain in gains)), f"{np.nanmean(gains):.2f}"]


def _gains_at(tried: Errors, choice: Choice, function: str) -> str:
  regular, sobolev = (
      tried[choice.scaling, choice.rates[m]] for m in grid.METHODS)
  return ", ".join(
      f"{np.mean(regular.errors(function, n, 'regular') - right):+.2f}"
      for n in regular.sizes
      for right in [sobolev.errors(function, n, "sobolev")])


def _range(tried: Errors, function: str, n: int) -> str:
  gains = [g.difference(function, n).estimate for g in tried.values()]
  text = f"{np.nanmin(gains):+.2f} ... {np.nanmax(gains):+.2f}"
  if np.nanmin(gains) > 0:
    return f"{text} (Sobolev lower in all)"
  if np.nanmax(gains) < 0:
    return f"{text} (regular lower in all)"
  return text
