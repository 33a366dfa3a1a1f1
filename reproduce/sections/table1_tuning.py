"""How Table 1's settings were chosen, from rows on validation images."""

import pathlib
from typing import Dict, Sequence

import numpy as np

from reproduce.sections import grid, markdown
from sobolev_tf import results
from sobolev_tf import synthetic_gradients as sg

METRIC = "validation_top1"


def choose(rows: Sequence[results.Row]) -> Dict[str, str]:
  """The setting with the highest validation accuracy, per method.

  Args:
    rows: of one run or several.

  Returns:
    The label of the setting by method; averaged over seeds.
  """
  return {method: max(found, key=found.__getitem__)
          for method, found in means(rows).items()}


def means(rows: Sequence[results.Row]) -> Dict[str, Dict[str, float]]:
  """Mean validation accuracies.

  Args:
    rows: of one run or several.

  Returns:
    By method and setting, in percent; -infinity if a seed diverged.
  """
  values: Dict[str, Dict[str, list]] = {}
  for row in rows:
    if row.metric == METRIC:
      values.setdefault(row.method, {}).setdefault(
          row.setting, []).append(row.value)
  diverged = {(row.method, row.setting) for row in rows
              if row.metric.endswith("diverged_at")}
  return {
      method: {
          setting: -np.inf if (method, setting) in diverged
          or not np.all(np.isfinite(seeds)) else float(np.mean(seeds))
          for setting, seeds in by_setting.items()}
      for method, by_setting in values.items()}


def write(rows: Sequence[results.Row], folder: pathlib.Path) -> str:
  """Writes the section of the report.

  Args:
    rows: of one run on validation images.
    folder: where `section.md` goes.

  Returns:
    The section, in Markdown.
  """
  found, chosen = means(rows), choose(rows)
  methods = [method for method in sg.METHODS if method in found]
  seeds = sorted({row.seed for row in rows})
  lines = [[setting, *(_cell(found[method].get(setting),
                             chosen[method] == setting)
                       for method in methods)]
           for setting in grid.by_setting(rows)]
  text = (
      f"### `{rows[0].task}`, preset `{rows[0].preset}`: "
      f"{max(row.step for row in rows):,} steps\n\n"
      + markdown.table(["top-1 on validation images, %", *methods], lines) +
      f"\nMeans over the seeds {', '.join(map(str, seeds))}, which no reported "
      "run uses; bold: each method's best.\n")
  (folder / "section.md").write_text(text, encoding="utf-8")
  return text


def _cell(value, best: bool) -> str:
  if value is None:
    return "not run"
  text = f"{value:.1f}" if np.isfinite(value) else "diverged"
  return f"**{text}**" if best else text
