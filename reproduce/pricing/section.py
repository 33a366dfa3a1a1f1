"""The section of the report on option pricing."""

from typing import List, Sequence

import numpy as np

from reproduce import (
  decades,
  experiment,
  look,
  markdown,
  published,
  stats,
  tuning,
)
from reproduce import rows as rows_lib
from reproduce.balancing import grid, tables
from reproduce.pricing import comparison, digital, labels, notebook

_TITLES = {"values": "values alone", "huge-savine": "and derivatives"}
_ERRORS = {notebook.VALUE: "price", notebook.DELTA: "delta"}
_PRINTED_SIZES = (4_096, 8_192, 16_384)
_PRINTED_FIELDS = {
    (notebook.VALUE, "values"): "values",
    (notebook.VALUE, "huge-savine"): "values_and_derivatives",
    (notebook.DELTA, "values"): "deltas",
    (notebook.DELTA, "huge-savine"): "deltas_and_derivatives"}
_COLOURS = {"values": look.BLUE, "pathwise": look.RED,
            "likelihood ratio": look.GREEN, digital.SPREAD: look.YELLOW}
_STYLES = ("-", "--", ":")


def write(results: experiment.Results) -> str:
  """Draws the figures and writes the section."""
  if tuning.is_search(results.rows, grid.SEARCH):
    # Most of the error of a payoff is its own noise.
    return tuning.write(
        results.rows, grid.SEARCH._replace(form="{:.4f}"))
  parts = [f"### Preset `{results.rows[0].preset}`\n"]
  for tasks, each in (
      ((notebook.PRINTED, notebook.MARKETS), _notebook),
      ((comparison.TASK,), _methods), ((labels.TASK,), _labels)):
    own = [row for row in results.rows if row.task in tasks]
    if own:
      parts.append(each(results._replace(rows=own)))
  return "\n".join(parts)


def _notebook(results: experiment.Results) -> str:
  """Huge and Savine's errors beside ours."""
  rows = results.rows
  lines = []
  for metric, error in _ERRORS.items():
    for count in rows_lib.distinct(rows, "n"):
      for method in notebook.METHODS:
        lines.append([
            error, f"{count:,}", _TITLES[method],
            *_printed(metric, method, count), *(_mean(rows_lib.values(
                rows, task=task, metric=metric, method=method, n=count))
                for task in (notebook.PRINTED, notebook.MARKETS))])
  return (
      "#### The basket of Huge and Savine\n\n"
      "Root mean square errors x 100 of prices and of the first asset's delta, "
      "trained through `SobolevModel`; means with 95 % intervals. Printed: "
      "their run, and the lowest and highest of all runs that the notebooks' "
      "history shows. Their paths: those of the seed that they print, with "
      "other initial weights. Other markets: also other weights, volatilities "
      f"and correlations of the assets. Ours after {rows[0].step:,} steps, "
      f"theirs after {published.PRICING_STEPS:,}.\n\n" +
      markdown.table(["error of the", "paths", "trained on", "printed",
                      "all their runs", "their paths", "other markets"],
                     lines))


def _printed(metric: str, method: str, count: int) -> List[str]:
  """Their run, and the range of all their runs; empty for other sizes."""
  if count not in _PRINTED_SIZES:
    return ["", ""]
  field, place = _PRINTED_FIELDS[metric, method], _PRINTED_SIZES.index(count)
  own, *others = (getattr(run, field)[place] for run in (
      published.PRICING, *published.PRICING_HISTORY.values()))
  return [f"{own:.2f}", f"{min(own, *others):.2f}-{max(own, *others):.2f}"]


def _mean(values: Sequence[float]) -> str:
  """The mean with its interval; empty without values."""
  return markdown.interval(stats.bootstrap(values), 3) if values else ""


def _methods(results: experiment.Results) -> str:
  """All ways to balance values and derivatives."""
  rows = results.rows
  return (
      f"#### All methods on the basket, {rows[0].step:,} steps\n\n"
      "Errors of the price:\n\n"
      f"{tables.errors(rows, grid.VALUE, 'n')}\nOf all deltas:\n\n"
      f"{tables.errors(rows, grid.DERIVATIVE, 'n')}\n" + tables.LEGEND.format(
          seeds=len(rows_lib.distinct(rows, "seed"))))


def _labels(results: experiment.Results) -> str:
  """Labels of a digital option's delta."""
  rows = results.rows
  drawing, axes = look.canvas(8., 3.4, 2)
  alone = rows_lib.matching(rows, method=labels.NONE)
  cells = [(method, width) for method in (labels.NONE, *digital.LABELS)
           for width in rows_lib.distinct(
               rows_lib.matching(rows, method=method), "width")]
  lines = []
  for (method, width), style in zip(cells, _line_styles(cells)):
    own = rows_lib.matching(rows, method=method, width=width)
    for weight in rows_lib.distinct(own, "weight"):
      some = rows_lib.matching(own, weight=weight)
      lines.append([
          _label(method, width), f"{weight:g}" if weight else "",
          *(cell for metric in (grid.VALUE, grid.DERIVATIVE) for cell in (
              _mean(rows_lib.values(some, metric=metric)),
              decades.difference(decades.log_errors(some, metric),
                                 decades.log_errors(alone, metric))
              if weight else ""))])
    for axis, metric in zip(axes, (grid.VALUE, grid.DERIVATIVE)):
      _curve(axis, own, metric, _COLOURS[method], style,
             _label(method, width), rows)
  for axis, error in zip(axes, ("price", "delta")):
    axis.set(xscale="log", yscale="log")
    axis.set_xlabel("weight of the derivatives", fontsize=8)
    axis.set_title(f"relative error of the {error}", fontsize=9)
  drawing.legend(*axes[0].get_legend_handles_labels(), ncols=3,
                 loc="outside lower center", frameon=False, fontsize=8)
  look.save(drawing, results.folder / "digital.png")
  return (
      "#### A digital option\n\n![Digital option](digital.png)\n\n"
      "The payoff jumps, so that pathwise derivatives are 0: they are biased, "
      "and training on them flattens the price. Likelihood ratios are unbiased "
      "for every payoff; a call spread in the option's place has pathwise "
      f"derivatives of its own. {rows[0].n:,} paths, {rows[0].step:,} steps; "
      "errors over the standard deviation of what is predicted, means over "
      f"{len(rows_lib.distinct(rows, 'seed'))} seeds with 95 % intervals. "
      "Against values alone: log10 of the error minus that of values alone, "
      "paired by seed; bold where the interval leaves 0 out.\n\n" +
      markdown.table(["derivatives", "weight", "error of the price",
                      "against values alone", "of the delta",
                      "against values alone"], lines))


def _label(method: str, width: float) -> str:
  if method == digital.SPREAD:
    return f"{method} of width {width:g}"
  return "values alone" if method == labels.NONE else method


def _line_styles(cells) -> List[str]:
  """A style of its own for every width of a method."""
  seen: List[str] = []
  styles = []
  for method, _ in cells:
    styles.append(_STYLES[seen.count(method) % len(_STYLES)])
    seen.append(method)
  return styles


def _curve(axis, own: Sequence[rows_lib.Row], metric: str, colour: str,
           style: str, label: str, rows: Sequence[rows_lib.Row]) -> None:
  """Means over the weights; a line across for values alone."""
  weights = sorted({row.settings["weight"] for row in own})
  means = [np.mean(rows_lib.values(own, metric=metric, weight=weight))
           for weight in weights]
  if weights == [0.]:
    others = {row.settings["weight"] for row in rows} - {0.}
    weights, means = [min(others), max(others)], means * 2
  axis.plot(weights, means, style, marker="o", markersize=4, color=colour,
            label=label)
