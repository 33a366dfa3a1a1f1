"""How the cost of a step grows, from the rows of `benchmarks.scaling`."""

import json
import pathlib
from typing import Dict, Sequence, Tuple

from matplotlib import figure

from reproduce import markdown
from reproduce import rows as results
from sobolev_tf import files

# Axis, as rows name it -> the setting that holds its values.
AXES = {"points": "points", "width": "widths", "order": "orders",
        "outputs": "outputs"}

_Seconds = Dict[str, Dict[Tuple[int, str], float]]


def write(rows: Sequence[results.Row], source: pathlib.Path,
          folder: pathlib.Path) -> str:
  """Draws the figure and writes the section of the report.

  Args:
    rows: of one run.
    source: the run's folder, whose `run.json` names the machine.
    folder: where the figure and `section.md` go.

  Returns:
    The section, in Markdown.
  """
  settings = json.loads(files.read_text(source / "run.json"))
  seconds: _Seconds = {}
  for row in rows:
    axis, value = row.setting.split("=")
    seconds.setdefault(axis, {})[int(value), row.method] = row.value
  draw(seconds, settings["machine"]).savefig(folder / "scaling.png", dpi=110)
  parts = [
      f"### Cost of a step; {settings['machine']}\n\n"
      f"Milliseconds per model-step; ensembles of {settings['members']} "
      "(single networks where outputs vary), batches of "
      f"{settings['batch_size']} unless points vary. XLA compiles the steps "
      "where points or width vary.\n\n"
      "![scaling](scaling.png)\n"]
  parts += [table(axis, seconds[axis]) for axis in AXES if axis in seconds]
  text = "\n".join(parts)
  (folder / "section.md").write_text(text, encoding="utf-8")
  return text


def table(axis: str, seconds: Dict[Tuple[int, str], float]) -> str:
  """One axis: milliseconds, and their ratio to a regular step's."""
  methods = list(dict.fromkeys(method for _, method in seconds))
  first = min(value for value, _ in seconds)
  body = []
  for value in sorted({value for value, _ in seconds}):
    # Order 0 is the regular step of all orders.
    regular = seconds.get((value, "regular"), seconds.get((first, "regular")))
    cells = [seconds.get((value, method)) for method in methods]
    body.append([f"{value:,}", *(
        "" if cell is None or regular is None else
        f"{1e3 * cell:.3f} ({cell / regular:.2f})" for cell in cells)])
  return markdown.table(
      [axis, *(f"{method} (/ regular)" for method in methods)], body)


def draw(seconds: _Seconds, title: str) -> figure.Figure:
  """A panel per axis, a line per method."""
  drawing = figure.Figure(figsize=(3.2 * len(seconds), 3.4),
                          layout="constrained")
  axes = drawing.subplots(1, len(seconds), squeeze=False)[0]
  for axis, (name, found) in zip(axes, seconds.items()):
    for method in dict.fromkeys(method for _, method in found):
      values = sorted(value for value, m in found if m == method)
      axis.plot(values, [1e3 * found[value, method] for value in values],
                marker="o", markersize=4, label=method)
    axis.set(xlabel=name, yscale="log",
             xscale="linear" if name == "order" else "log")
    axis.legend(frameon=False, fontsize=8)
    axis.grid(alpha=.3)
  axes[0].set_ylabel("ms per model-step")
  drawing.suptitle(title, fontsize=10)
  return drawing
