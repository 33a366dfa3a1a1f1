"""How settings were chosen, from rows on validation data.

Every setting was tried for every method, on seeds that no reported run uses.
"""

import pathlib
from typing import Callable, Dict, Mapping, NamedTuple, Sequence

import numpy as np

from reproduce import markdown
from reproduce import rows as results
from reproduce.regression import panels as grid


class Search(NamedTuple):
  """What a search goes by.

  Attributes:
    metric: of the rows that count.
    name: of the score, for the table.
    score: of one value; higher is better.
    shown: from a mean score to the number that the table shows.
    form: of that number.
    titles: of the methods, by their names.
  """
  metric: str
  name: str
  score: Callable[[float], float]
  shown: Callable[[float], float]
  form: str
  titles: Mapping[str, str]


def is_search(rows: Sequence[results.Row], search: Search) -> bool:
  """Whether rows are of a search and not of a reported run."""
  return any(row.metric == search.metric for row in rows)


def means(rows: Sequence[results.Row], search: Search
          ) -> Dict[str, Dict[str, float]]:
  """Mean scores.

  Args:
    rows: of one run or several.
    search: what they are scored by.

  Returns:
    By method and setting; -infinity if a seed diverged.
  """
  scores: Dict[str, Dict[str, list]] = {
      method: {} for method in search.titles}
  for row in rows:
    if row.metric == search.metric:
      scores[row.method].setdefault(row.setting, []).append(
          search.score(row.value) if np.isfinite(row.value) else -np.inf)
  diverged = {(row.method, row.setting) for row in rows
              if row.metric.endswith("diverged_at")}
  return {
      method: {
          setting: -np.inf if (method, setting) in diverged
          else float(np.mean(values))
          for setting, values in by_setting.items()}
      for method, by_setting in scores.items() if by_setting}


def choose(rows: Sequence[results.Row], search: Search) -> Dict[str, str]:
  """The label of the setting with the highest mean score, per method."""
  return {method: max(found, key=found.__getitem__)
          for method, found in means(rows, search).items()}


def write(rows: Sequence[results.Row], folder: pathlib.Path, search: Search
          ) -> str:
  """Writes the section of the report.

  Args:
    rows: of one run on validation data.
    folder: where `section.md` goes.
    search: what they are scored by.

  Returns:
    The section, in Markdown.
  """
  found, chosen = means(rows, search), choose(rows, search)
  seeds = sorted({row.seed for row in rows})
  tasks = list(dict.fromkeys(row.task for row in rows))
  about = f"`{tasks[0]}`, preset" if len(tasks) == 1 else "Preset"

  def cell(method: str, setting: str) -> str:
    score = found[method].get(setting)
    if score is None:
      return "not run"
    text = (search.form.format(search.shown(score)) if np.isfinite(score)
            else "diverged")
    return f"**{text}**" if chosen[method] == setting else text

  text = (
      f"### {about} `{rows[0].preset}`: "
      f"{max(row.step for row in rows):,} steps\n\n"
      + markdown.table(
          [search.name, *(search.titles[method] for method in found)],
          [[setting, *(cell(method, setting) for method in found)]
           for setting in grid.by_setting(rows)]) +
      f"\nMeans over the seeds {', '.join(map(str, seeds))}"
      f"{', functions and sizes' if len(tasks) > 1 else ''}; no reported run "
      "uses these seeds. Bold: each method's best.\n")
  (folder / "section.md").write_text(text, encoding="utf-8")
  return text
