"""Finite differences from rows: errors against calls, by noise."""

import pathlib
from typing import Sequence

import numpy as np

from reproduce import markdown, stats
from reproduce import rows as results
from reproduce.section5 import finite_differences as experiment
from reproduce.section5 import section_common as common
from reproduce.theory import section_common as drawing_lib

_LABELS = {"exact": "exact gradients, no extra calls",
           "differences": "gradients by differences",
           "stencil": "values that the differences are made of",
           "more points": "values at more random points"}
_STYLES = {"exact": ("*", "#222222"), "differences": ("o-", "#c8553d"),
           "stencil": ("s--", "#d8a23a"), "more points": ("^-", "#4878a8")}
_ERRORS = {"value": "test_mse_standardised",
           "gradient": "test_gradient_mse_standardised"}


def write(rows: Sequence[results.Row], folder: pathlib.Path) -> str:
  """Draws the experiment; arguments as `reproduce.sections.section5.write`."""
  tuning = common.tuning(
      rows, "error on validation points without noise, function by function")
  rows = common.chosen(rows, "validation_mse_standardised")
  noises = sorted({_noise(row) for row in rows})
  calls = {share: int(np.mean([
      row.value for row in rows
      if row.metric == "calls" and _share(row) == share]))
      for share in sorted({_share(row) for row in rows})}
  drawing, axes = drawing_lib.canvas(3.4 * len(noises), 5.2, (2, len(noises)))
  for line, (error, metric) in zip(axes, _ERRORS.items()):
    for axis, noise in zip(line, noises):
      _curves(axis, rows, metric, noise, calls)
      axis.set_title(f"noise: {noise:.0%} of the deviation", fontsize=9)
      axis.sharey(line[0])
    line[0].set_ylabel(f"log10 test error, {error}", fontsize=8)
  for axis in axes[-1]:
    axis.set_xlabel("calls of the black box", fontsize=8)
  drawing.legend(*axes[0, 0].get_legend_handles_labels(), ncols=2,
                 loc="outside lower center", frameon=False, fontsize=8)
  drawing.savefig(folder / "finite-differences.png", dpi=drawing_lib.DPI)
  first = rows[0]
  tasks = sorted({row.setting.split()[0] for row in rows})
  lines = []
  for noise in noises:
    for share in calls:
      if share:
        lines.append([f"{noise:.0%}", f"{calls[share]}",
                      _accuracy(rows, noise, share),
                      *_compare(rows, noise, share)])
  return (
      "### Finite differences of a black box\n\n"
      "![Finite differences](finite-differences.png)\n\n"
      f"The black boxes are {', '.join(tasks)}; every call has noise of its "
      f"own. {first.n} training points; central differences at some or all "
      "of them cost 4 calls each, with the step that balances noise and "
      "truncation. The same calls can buy values instead: at more random "
      "points, or where the differences are taken (all lines begin at the "
      "values of the training points alone). "
      f"{tuning} The weight of the gradients is 1, as Eq. 1 has it, and was "
      "not tuned. "
      "Errors in units of the target's variance. Positive: gradients by "
      "differences give the lower test error (log10, mean over functions, "
      "paired over "
      f"{len({row.seed for row in rows})} seeds; bold: the 95 % interval "
      "leaves 0 out).\n\n" + markdown.table(
          ["noise", "calls", "relative error of the differences", *(
              f"{error}: {against}" for error in _ERRORS
              for against in ("against more points", "against their values",
                              "against exact gradients"))], lines))


def _noise(row: results.Row) -> float:
  return float(row.setting.split()[1].partition("=")[2])


def _share(row: results.Row) -> float:
  return float(row.setting.split()[2].partition("=")[2])


def _errors(rows, metric: str, method: str, noise: float, share: float
            ) -> np.ndarray:
  return common.log_errors(rows, metric, lambda row: (
      row.method, _noise(row), _share(row)) == (method, noise, share))


def _curves(axis, rows, metric: str, noise: float, calls) -> None:
  for aside, (method, (style, colour)) in zip((-2, -1, 1, 2), _STYLES.items()):
    shares = list(calls) if experiment.METHODS[method][1] else [0.]
    means = [stats.bootstrap(_errors(
        rows, metric, method if share or method == "exact" else "values",
        noise, share)) for share in shares]
    x = [calls[share] + aside for share in shares]
    estimates = np.array([mean.estimate for mean in means])
    ends = np.abs(np.array([mean[1:3] for mean in means]).T - estimates)
    axis.errorbar(x, estimates, np.nan_to_num(ends), fmt=style, color=colour,
                  markersize=4 if style != "*" else 9, linewidth=1.2,
                  elinewidth=1, label=_LABELS[method])


def _accuracy(rows, noise: float, share: float) -> str:
  errors = _errors(rows, "gradient_error", "differences", noise, share)
  return f"{10**np.mean(errors):.2g}"


def _compare(rows, noise: float, share: float) -> list[str]:
  cells = []
  for metric in _ERRORS.values():
    ours = _errors(rows, metric, "differences", noise, share)
    for other, paid in (("more points", share), ("stencil", share),
                        ("exact", 0.)):
      cells.append(common.difference(
          _errors(rows, metric, other, noise, paid), ours))
  return cells
