"""Figure 2's experiment with second derivatives, exact and projected.

Order 2 of Eq. 1, Section 2 of https://arxiv.org/abs/1706.04859, for which the
network must be smooth: against order 1 and order 0 on the same functions. The
rows come from a grid of regressions; below are a figure and a table per order
of the error.
"""

from typing import Dict, Sequence, Tuple

from absl import flags
import numpy as np

from configs import order2 as config_lib
from reproduce import (
  diverged,
  experiment,
  look,
  markdown,
  rows,
  stats,
  tuning,
)
from reproduce.regression import figure2, grid, panels

ERRORS = {"value": "test_mse", "gradient": "test_gradient_mse",
          "Hessian": "test_hessian_mse"}
SEARCH = tuning.Search(
    ("learning_rate",), "validation_mse",
    "log10 of the value's validation error",
    score=lambda error: -np.log10(error), shown=lambda score: 0. - score,
    form="{:.2f}", titles=panels.LABELS)
# What is compared: (first, second) and the words for either one being better.
PAIRS: Dict[Tuple[str, str], Tuple[str, str, str]] = {
    ("regular", "sobolev-2"): ("order 0 - order 2", "order 2", "order 0"),
    ("sobolev", "sobolev-2"): ("order 1 - order 2", "order 2", "order 1"),
    ("sobolev-2-stochastic", "sobolev-2"): (
        "projected - exact", "exact", "projected"),
}


def write(results: experiment.Results) -> str:
  """Draws the figures and writes the section of the report."""
  if tuning.is_search(results.rows, SEARCH):
    return tuning.write(results.rows, SEARCH)
  parts = []
  for number, (title, group) in enumerate(
      panels.by_scaling(results.rows).items()):
    preset = group[0].preset
    parts.append(f"### Preset `{preset}`: {title}, "
                 f"{max(row.step for row in group):,} steps\n"
                 f"\n{summary(group)}{diverged.sentence(group)}")
    for error, metric in ERRORS.items():
      cells = panels.Grid(group, metric, config_lib.METHODS)
      name = f"order2-{error.lower()}-{number}.png"
      look.save(figure2.draw(
          cells, f"Test error of the {error}: {preset} preset, {title}",
          f"log10 error of the {error}"), results.folder / name)
      parts.append(f"![Test error of the {error}]({name})\n\n{table(cells)}")
  return "\n".join(parts)


def table(cells: panels.Grid) -> str:
  """log10 errors by method, and paired differences of the pairs."""
  lines = []
  for function in cells.functions:
    for n in cells.sizes:
      lines.append([
          function, f"{n:,}",
          *(f"{stats.bootstrap(cells.errors(function, n, method))[0]:.2f}"
            for method in cells.methods),
          *(markdown.interval(cells.difference(function, n, pair))
            for pair in PAIRS)])
  return markdown.table(
      ["function", "n", *(panels.LABELS[method] for method in cells.methods),
       *(f"{words[0]} (decades)" for words in PAIRS.values())], lines)


def summary(measured: Sequence[rows.Row]) -> str:
  """Counts the verdicts per order of the error, size and pair."""
  lines = []
  for error, metric in ERRORS.items():
    cells = panels.Grid(measured, metric, config_lib.METHODS)
    for n in cells.sizes:
      lines.append([f"{error}, n = {n:,}", *(
          _count([cells.difference(f, n, pair) for f in cells.functions], pair)
          for pair in PAIRS)])
  return (
      "Order 0 is regular training, order 1 Sobolev Training as in Figure 2, "
      "order 2 also matches the Hessian: exactly, or one projection of it per "
      "point and step on random unit vectors. Counted are the functions on "
      "which one method has the lower test error (95 % paired-t interval of "
      "log10 errors over "
      f"{len({row.seed for row in measured})} seeds); in parentheses the mean "
      "difference over all functions in decades, positive if the second is "
      "better.\n\n" + markdown.table(
          ["error", *(words[0] for words in PAIRS.values())], lines))


def _count(differences: Sequence[stats.Interval], pair: Tuple[str, str]
           ) -> str:
  _, second, first = PAIRS[pair]
  verdicts = [stats.verdict(d, second, first) for d in differences]
  known = [d.estimate for d in differences if d.size]
  mean = sum(known) / len(known) if known else float("nan")
  counts = ", ".join(f"{name} {verdicts.count(name)}"
                     for name in dict.fromkeys((second, first, *verdicts)))
  return f"{counts} ({mean:+.2f})"


EXPERIMENT = experiment.Experiment(
    "order2", config_lib.PRESETS,
    lambda: grid.plan("order2", flags.FLAGS.preset,
                      grid.configure(config_lib.PRESETS), config_lib.METHODS),
    experiment.Section(
        "Second derivatives: Figure 2's experiment at order 2",
        "Paper, Section 2, defines Sobolev Training for any order; Section "
        "4.1 stops at the first, because the second derivatives of its ReLU "
        "networks are zero. Here the network is smooth, and Hessians are "
        "matched, exactly or projected on one random direction per example "
        "and step (Figure 1b). The paper makes no claim about it.",
        write),
    grid.define_flags)
