"""How Section 4.1's results depend on scaling and learning rate.

Chooses the settings of Figure 2's presets, on validation points, the same way
for both methods. The rows come from a grid of regressions; below are the
choices, and what the verdicts depend on.
"""

from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from absl import flags
import numpy as np
from scipy import stats as scipy_stats

from configs import sensitivity as config_lib
from reproduce import experiment, markdown, rows
from reproduce.regression import grid, panels

CUSTOMARY_RATE = 1e-3  # Adam's default in its paper, arXiv 1412.6980
METRIC = "validation_mse"


class Scaling(NamedTuple):
  """How inputs and targets are scaled."""
  inputs: rows.Setting
  targets: rows.Setting

  def __str__(self) -> str:
    return rows.label(self._asdict())


Tried = Dict[Tuple[Scaling, rows.Setting], panels.Grid]  # by learning rate, too


class Choice(NamedTuple):
  """One scaling, and for each method its best learning rate with it.

  Attributes:
    scaling: of inputs and targets.
    rates: learning rate by method.
    rank: the scaling's mean rank, 1 is best.
  """
  scaling: Scaling
  rates: Mapping[str, rows.Setting]
  rank: float


def rank(measured: Sequence[rows.Row], rate: Optional[float] = None
         ) -> List[Choice]:
  """Ranks the scalings, each method at its own best learning rate.

  Args:
    measured: rows of one sensitivity run. A run that diverged ranks last.
    rate: the only learning rate to look at; None for all.

  Returns:
    One choice per scaling, the best first.
  """
  tried = _tried(measured)
  if rate is not None:
    tried = {key: cells for key, cells in tried.items() if key[1] == rate}
  rates = {
      scaling: {method: _best_rate(tried, scaling, method)
                for method in panels.METHODS}
      for scaling, _ in tried}
  ranks = np.concatenate([
      _ranks([tried[scaling, rates[scaling][method]] for scaling in rates],
             method) for method in panels.METHODS])  # [2 * cells, scalings]
  choices = [Choice(scaling, rates[scaling], float(mean))
             for scaling, mean in zip(rates, ranks.mean(axis=0))]
  return sorted(choices, key=lambda choice: choice.rank)


def _tried(measured: Sequence[rows.Row]) -> Tried:
  groups = rows.grouped(measured, ("inputs", "targets", "learning_rate"))
  return {(Scaling(inputs, targets), rate): panels.Grid(group, METRIC)
          for (inputs, targets, rate), group in groups.items()}


def _best_rate(tried: Tried, scaling: Scaling, method: str
               ) -> rows.Setting:
  rates = [rate for other, rate in tried if other == scaling]
  ranks = _ranks([tried[scaling, rate] for rate in rates], method)
  return rates[int(ranks.mean(axis=0).argmin())]


def _ranks(grids: Sequence[panels.Grid], method: str) -> np.ndarray:
  """Ranks grids by a method's mean log10 error, `[cells, grids]`."""
  return np.array([
      scipy_stats.rankdata(np.nan_to_num(
          [g.errors(function, n, method).mean() for g in grids], nan=np.inf))
      for function in grids[0].functions for n in grids[0].sizes])


def write(results: experiment.Results) -> str:
  """Writes the section of the report."""
  tried = _tried(results.rows)
  cells = next(iter(tried.values()))
  ranked = rank(results.rows)
  return "\n".join([
      f"Each of {len(tried)} settings was trained with both methods on "
      f"{len({row.seed for row in results.rows})} seeds and measured on "
      "validation points; no reported run uses these seeds or points. With "
      "each scaling, each method gets the learning rate with its lowest mean "
      "rank over functions and sizes, out of the same number of trials; then "
      "the scalings are ranked over functions, sizes and both methods together "
      "(1 is best; errors in original units).\n",
      markdown.table(
          ["scaling", "learning rate: regular", "learning rate: Sobolev",
           "mean rank", "mean gain > 0 (of "
           f"{len(cells.functions) * len(cells.sizes)} cells)",
           "mean gain (decades)"],
          [[f"**{choice.scaling}**" if choice == ranked[0]
            else str(choice.scaling),
            *(f"{choice.rates[method]:g}" for method in panels.METHODS),
            f"{choice.rank:.2f}", *_gain(tried, choice)]
           for choice in ranked]),
      f"\nFigure 2's `tuned` preset: {_describe(ranked[0])}.\n",
      *_customary(results.rows),
      "\nlog10 of regular / Sobolev validation MSE by scaling, each method "
      "at its best learning rate (positive: Sobolev is lower; mean over seeds, "
      "n = " + ", ".join(f"{n:,}" for n in cells.sizes) + ").\n",
      markdown.table(
          ["function", *(str(choice.scaling) for choice in ranked)],
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
  ])


def _describe(choice: Choice) -> str:
  return (f"{choice.scaling}, learning rate {choice.rates['regular']:g} "
          f"(regular) and {choice.rates['sobolev']:g} (Sobolev)")


def _customary(measured: Sequence[rows.Row]) -> List[str]:
  """What is chosen when only Adam's customary rate is looked at."""
  if not rows.matching(measured, learning_rate=CUSTOMARY_RATE):
    return []
  best = rank(measured, CUSTOMARY_RATE)[0]
  return [f"Figure 2's `quick` preset: the same choice among the settings with "
          f"a learning rate of {CUSTOMARY_RATE:g}: {best.scaling}.\n"]


def _gains(tried: Tried, choice: Choice, function: str) -> List[float]:
  """Mean log10 of regular / Sobolev error at the chosen rates, by size."""
  regular, sobolev = (
      tried[choice.scaling, choice.rates[m]] for m in panels.METHODS)
  return [(regular.errors(function, n, "regular") -
           sobolev.errors(function, n, "sobolev")).mean()
          for n in regular.sizes]


def _gain(tried: Tried, choice: Choice) -> List[str]:
  functions = next(iter(tried.values())).functions
  gains = np.concatenate([_gains(tried, choice, f) for f in functions])
  return [str((gains > 0).sum()), f"{np.nanmean(gains):.2f}"]


def _gains_at(tried: Tried, choice: Choice, function: str) -> str:
  return ", ".join(f"{gain:+.2f}" for gain in _gains(tried, choice, function))


def _range(tried: Tried, function: str, n: int) -> str:
  gains = [g.difference(function, n).estimate for g in tried.values()]
  text = f"{np.nanmin(gains):+.2f} ... {np.nanmax(gains):+.2f}"
  if np.nanmin(gains) > 0:
    return f"{text} (Sobolev lower in all)"
  if np.nanmax(gains) < 0:
    return f"{text} (regular lower in all)"
  return text


EXPERIMENT = experiment.Experiment(
    "sensitivity", config_lib.PRESETS,
    lambda: grid.plan("sensitivity", flags.FLAGS.preset,
                      config_lib.PRESETS[flags.FLAGS.preset]),
    experiment.Section(
        "How Section 4.1's results depend on scaling and learning rate",
        "The paper states neither how inputs and targets were scaled nor how "
        "the learning rate was chosen.",
        write))
