"""Order 2 from rows: a figure and a table per order of the error."""

import pathlib
from typing import Dict, Sequence, Tuple

import numpy as np

from reproduce import markdown, stats, tuning
from reproduce import rows as results
from reproduce.regression import figure2
from reproduce.regression import panels as grid
from reproduce.regression import train as regression

METHODS = tuple(regression.ALL_METHODS)
ERRORS = {"value": "test_mse", "gradient": "test_gradient_mse",
          "Hessian": "test_hessian_mse"}
SEARCH = tuning.Search(
    "validation_mse", "log10 of the value's validation error",
    score=lambda error: -np.log10(error), shown=lambda score: 0. - score,
    form="{:.2f}", titles=grid.LABELS)
# What is compared: (first, second) and the words for either one being better.
PAIRS: Dict[Tuple[str, str], Tuple[str, str, str]] = {
    ("regular", "sobolev-2"): ("order 0 - order 2", "order 2", "order 0"),
    ("sobolev", "sobolev-2"): ("order 1 - order 2", "order 2", "order 1"),
    ("sobolev-2-stochastic", "sobolev-2"): (
        "projected - exact", "exact", "projected"),
}


def write(rows: Sequence[results.Row], folder: pathlib.Path) -> str:
  """Draws the figures of a run and writes its section of the report.

  Args:
    rows: of one run of order 2.
    folder: where the figures and `section.md` go.

  Returns:
    The section, in Markdown.
  """
  if tuning.is_search(rows, SEARCH):
    return tuning.write(rows, folder, SEARCH)
  parts = []
  for number, (setting, group) in enumerate(grid.by_setting(rows).items()):
    first = group[0]
    parts.append(f"### Preset `{first.preset}`: {setting}, {first.step} steps\n"
                 f"\n{summary(group)}{figure2.diverged(group)}")
    for error, metric in ERRORS.items():
      cells = grid.Grid(group, metric, METHODS)
      name = f"order2-{error.lower()}-{number}.png"
      figure2.draw(
          cells, f"Test error of the {error}: {first.preset} preset, {setting}",
          f"log10 error of the {error}").savefig(folder / name, dpi=110)
      parts.append(f"![Test error of the {error}]({name})\n\n{table(cells)}")
  text = "\n".join(parts)
  (folder / "section.md").write_text(text, encoding="utf-8")
  return text


def table(cells: grid.Grid) -> str:
  """log10 errors by method, and paired differences of the pairs."""
  rows = []
  for function in cells.functions:
    for n in cells.sizes:
      rows.append([
          function, f"{n:,}",
          *(f"{stats.bootstrap(cells.errors(function, n, method))[0]:.2f}"
            for method in cells.methods),
          *(markdown.interval(cells.difference(function, n, pair))
            for pair in PAIRS)])
  return markdown.table(
      ["function", "n", *(grid.LABELS[method] for method in cells.methods),
       *(f"{words[0]} (decades)" for words in PAIRS.values())], rows)


def summary(rows: Sequence[results.Row]) -> str:
  """Counts the verdicts per order of the error, size and pair."""
  lines = []
  for error, metric in ERRORS.items():
    cells = grid.Grid(rows, metric, METHODS)
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
      f"{len({row.seed for row in rows})} seeds); in parentheses the mean "
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
