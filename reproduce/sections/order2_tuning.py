"""How order 2's learning rates were chosen, from rows on validation points."""

import pathlib
from typing import Dict, Sequence

import numpy as np

from reproduce.sections import grid, markdown
from sobolev_tf import results
from sobolev_tf.training import regression

METRIC = "validation_mse"


def choose(rows: Sequence[results.Row]) -> Dict[str, str]:
  """The setting with the lowest error of the value, per method.

  Args:
    rows: of one run on validation points.

  Returns:
    The label of the setting by method, for the mean over functions, sizes and
    seeds of log10 of the error; diverged runs count as infinite errors.
  """
  return {method: min(means, key=means.__getitem__)
          for method, means in _means(rows).items()}


def _means(rows: Sequence[results.Row]) -> Dict[str, Dict[str, float]]:
  """Mean log10 error by method and setting."""
  means: Dict[str, Dict[str, float]] = {}
  for setting, group in grid.by_setting(rows).items():
    for method in regression.ALL_METHODS:
      errors = [row.value for row in group
                if (row.metric, row.method) == (METRIC, method)]
      if errors:
        means.setdefault(method, {})[setting] = float(np.mean(np.log10(
            np.nan_to_num(errors, nan=np.inf))))
  return means


def write(rows: Sequence[results.Row], folder: pathlib.Path) -> str:
  """Writes the section of the report.

  Args:
    rows: of one run on validation points.
    folder: where `section.md` goes.

  Returns:
    The section, in Markdown.
  """
  means, chosen = _means(rows), choose(rows)
  seeds = sorted({row.seed for row in rows})
  lines = [[setting, *(_cell(means[method].get(setting, np.nan),
                             chosen[method] == setting) for method in means)]
           for setting in grid.by_setting(rows)]
  text = (
      f"### Preset `{rows[0].preset}`: {rows[0].step:,} steps\n\n"
      + markdown.table(
          ["log10 of the value's validation error",
           *(grid.LABELS[method] for method in means)], lines) +
      "\nMeans over functions, sizes and the seeds "
      f"{', '.join(map(str, seeds))}, which no reported run uses; bold: each "
      "method's best.\n")
  (folder / "section.md").write_text(text, encoding="utf-8")
  return text


def _cell(value: float, best: bool) -> str:
  text = f"{value:.2f}" if np.isfinite(value) else "diverged"
  return f"**{text}**" if best else text
