"""How settings were chosen, from rows on validation data.

Every setting was tried for every method, on seeds that no reported run uses.
"""

from typing import Callable, Dict, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from reproduce import diverged, markdown, rows

Values = Tuple[rows.Setting, ...]


class Search(NamedTuple):
  """What was searched and what decides.

  Attributes:
    settings: names of the settings that were varied.
    metric: of the rows that count.
    name: of the score, for the table.
    score: of one value; higher is better.
    shown: from a mean score to the number that the table shows.
    form: of that number.
    titles: of the methods, by their names.
  """
  settings: Sequence[str]
  metric: str
  name: str
  score: Callable[[float], float]
  shown: Callable[[float], float]
  form: str
  titles: Mapping[str, str]


def is_search(measured: Sequence[rows.Row], search: Search) -> bool:
  """Whether rows are of a search and not of a reported run."""
  return any(row.metric == search.metric for row in measured)


def means(measured: Sequence[rows.Row], search: Search
          ) -> Dict[str, Dict[Values, float]]:
  """Mean scores.

  Args:
    measured: rows of one run or several.
    search: what was searched.

  Returns:
    By method and by the values of `search.settings`, in the rows' order;
    -infinity if a seed diverged.
  """
  found: Dict[str, Dict[Values, float]] = {}
  for method in search.titles:
    groups = rows.grouped(
        rows.matching(measured, method=method), search.settings)
    scored = {values: _mean(group, search) for values, group in groups.items()
              if is_search(group, search)}
    if scored:
      found[method] = scored
  return found


def _mean(group: Sequence[rows.Row], search: Search) -> float:
  values = [row.value for row in group if row.metric == search.metric]
  lost = (not np.isfinite(values).all() or
          any(row.metric.endswith(diverged.METRIC) for row in group))
  return -np.inf if lost else float(np.mean(list(map(search.score, values))))


def choose(measured: Sequence[rows.Row], search: Search) -> Dict[str, Values]:
  """The values of `search.settings` with the best mean score, per method."""
  return {method: max(found, key=found.__getitem__)
          for method, found in means(measured, search).items()}


def write(measured: Sequence[rows.Row], search: Search) -> str:
  """Writes the section of the report.

  Args:
    measured: rows of one run on validation data.
    search: what was searched.

  Returns:
    The section, in Markdown.
  """
  found, chosen = means(measured, search), choose(measured, search)
  seeds = sorted({row.seed for row in measured})
  tasks = list(dict.fromkeys(row.task for row in measured))
  about = f"`{tasks[0]}`, preset" if len(tasks) == 1 else "Preset"

  def cell(method: str, values: Values) -> str:
    score = found[method].get(values)
    if score is None:
      return "not run"
    text = (search.form.format(search.shown(score)) if np.isfinite(score)
            else "diverged")
    return f"**{text}**" if chosen[method] == values else text

  return (
      f"### {about} `{measured[0].preset}`: "
      f"{max(row.step for row in measured):,} steps\n\n"
      + markdown.table(
          [search.name, *(search.titles[method] for method in found)],
          [[rows.label(dict(zip(search.settings, values))),
            *(cell(method, values) for method in found)]
           for values in rows.grouped(measured, search.settings)]) +
      f"\nMeans over the seeds {', '.join(map(str, seeds))}"
      f"{', functions and sizes' if len(tasks) > 1 else ''}; no reported run "
      "uses these seeds. Bold: each method's best.\n")
