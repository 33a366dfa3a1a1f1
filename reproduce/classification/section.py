"""Table 1 from rows: the tables, the drawing and the diagnoses."""

from typing import Dict, Optional

from matplotlib import figure
import numpy as np

from reproduce import (
    aggregates,
    diverged,
    experiment,
    look,
    markdown,
    published,
    stats,
    tuning,
)
from reproduce.classification.cells import TITLES, Cells, by_setting
from sobolev_tf import synthetic_gradients as sg

COLOURS = {
    "noprop": look.GREY, "direct": look.PURPLE, "vfbn": look.YELLOW,
    "critic": look.GREEN, "sobolev": look.RED, "local": look.BROWN,
    "backpropagation": look.BLUE}
SEARCH = tuning.Search(
    ("splits", "targets", "learning_rate", "gradient_weight"),
    "validation_top1", "top-1 on validation images, %", score=float,
    shown=float, form="{:.1f}", titles=TITLES)


def write(results: experiment.Results) -> str:
  """Draws the figures and writes the section of the report."""
  if tuning.is_search(results.rows, SEARCH):
    return tuning.write(results.rows, SEARCH)
  parts = []
  for number, (setting, group) in enumerate(by_setting(results.rows).items()):
    cells = Cells(group)
    head = f"{cells.task}, preset {group[0].preset}: {setting}"
    name = f"table1-{number}.png"
    look.save(draw(cells, head), results.folder / name)
    steps = max(row.step for row in group)
    parts.append(
        f"### `{cells.task}`, preset `{group[0].preset}`: {setting}, "
        f"{steps:,} steps\n\n{table(cells)}\n{verdicts(cells)}\n"
        f"![Table 1, {head}]({name})\n\n{diagnosis(cells)}\n"
        + aggregates.write(
            {method: [{seed: 100. - value for seed, value in cells.accuracy(
                method, 1).items()}] for method in cells.methods},
            "sobolev", TITLES, COLOURS, f"{cells.stream} top-1 error",
            results.folder / f"table1-{number}-profiles.png"))
  return "\n".join(parts)


def table(cells: Cells) -> str:
  """Table 1's layout: ours above the paper's, accuracies in percent."""
  columns = [m for m in sg.METHODS if m != "backpropagation" and
             (m in sg.TABLE1 or m in cells.methods)]
  paper = cells.paper()
  lines = []
  for row in paper:
    ours = _accuracies(cells, "backpropagation", row.top)
    lines.append([
        f"ours: {cells.task}, {cells.splits} SG "
        f"module{'s'[:cells.splits != 1]}, {cells.stream} top-{row.top}, "
        f"{_seeds(cells)} ({ours})",
        *(_accuracies(cells, method, row.top) for method in columns)])
    lines.append([
        f"paper: {row.data}, {row.modules} SG "
        f"module{'s'[:row.modules != 1]}, test top-{row.top} "
        f"({row.backpropagation:.1f})",
        *(_printed(row.methods.get(m)) for m in columns)])
  note = "" if paper[0].data == cells.task else (
      "The paper has no such data set; its CIFAR-10 row is set beside for the "
      "order of the methods, not for the numbers. ")
  return markdown.table(
      ["accuracy in % (backpropagation)",
       *(TITLES[m] if m in sg.TABLE1 else f"{TITLES[m]} (not in the paper)"
         for m in columns)], lines) + (
          f"\n{note}Ours: mean over seeds with its 95 % bootstrap interval; "
          "the paper's: mean ± standard deviation.\n")


def _printed(accuracy: Optional[published.Accuracy]) -> str:
  return f"{accuracy.mean} ± {accuracy.deviation}" if accuracy else "none"


def _accuracies(cells: Cells, method: str, top: int) -> str:
  values = cells.accuracy(method, top)
  if values and not np.isfinite(list(values.values())).any():
    return "diverged"
  return markdown.interval(
      stats.bootstrap(list(values.values())), 1) if values else "not run"


def _seeds(cells: Cells) -> str:
  counts = {len(cells.accuracy(m, 1)) for m in cells.methods}
  low, high = min(counts), max(counts)
  return (f"{low} seed{'s'[:low != 1]}" if low == high
          else f"{low} to {high} seeds")


def verdicts(cells: Cells) -> str:
  """Each method against Sobolev Training, paired by seed."""
  lines = []
  sobolev = cells.accuracy("sobolev", 1)
  for method in cells.methods:
    other = cells.accuracy(method, 1)
    seeds = sorted(set(other) & set(sobolev))
    if method == "sobolev" or not seeds:
      continue
    difference = stats.paired_difference(
        [sobolev[s] for s in seeds], [other[s] for s in seeds])
    lines.append(
        f"{TITLES[method]} {markdown.interval(difference, 1)} "
        f"({stats.verdict(difference, 'Sobolev better', 'Sobolev worse')})")
  lost = [f"{TITLES[m]} with seed {seed}" for m in cells.methods
          for seed in cells.last(f"{cells.stream}_{diverged.METRIC}", m)]
  left_out = ("" if not lost else
              f"Diverged and left out of the means: {', '.join(lost)}.\n")
  if not lines:
    return left_out
  return (left_out + "Top-1 accuracy of Sobolev minus that of each other "
          "method, in percentage points, with the 95 % paired-t interval over "
          "seeds: "
          f"{'; '.join(lines)}. The paper: Sobolev > critic > VFBN > Direct "
          "SG > Noprop, backpropagation above all.\n")


def diagnosis(cells: Cells) -> str:
  """Cosine to the true gradient and asymmetry at the end, by cut."""
  lines = []
  for method in cells.methods:
    values = [[cells.last(f"{metric}_{cut}", method)
               for cut in range(1, cells.splits + 1)]
              for metric in ("cosine", f"{cells.stream}_asymmetry")]
    if not values[0][0]:
      continue
    lines.append([TITLES[method], *(
        " / ".join(_mean(v, form) for v in of_metric)
        for form, of_metric in zip(("{:.2f}", "{:.1e}"), values))])
  if not lines:
    return ""
  return markdown.table(
      ["method", "cosine of synthetic and true gradient, by cut",
       "asymmetry of the SG's Jacobian, by cut (Proposition 4)"], lines) + (
           "\nMeans over seeds. Asymmetry: ||J - J^T|| / ||J||; 0 for a "
           "gradient field (the rest is rounding), 1.41 for independent "
           "random entries.\n")


def _mean(by_seed: Dict[int, float], form: str) -> str:
  values = [value for value in by_seed.values() if np.isfinite(value)]
  return form.format(np.mean(values)) if values else "diverged"


def draw(cells: Cells, title: str) -> figure.Figure:
  """Accuracies beside the paper's, and the cosines during training.

  Args:
    cells: the rows of one setting.
    title: the figure's title.

  Returns:
    The figure: a bar per method with its interval and every seed as a dot, the
    paper's mean as a diamond; and per cut a panel of cosines.
  """
  drawing, axes = look.canvas(4.4 + 2.7 * cells.splits, 3.4, 1 + cells.splits)
  axes[0].get_gridspec().set_width_ratios([1.6] + [1] * cells.splits)
  paper = cells.paper()[0]
  for x, method in enumerate(cells.methods):
    seeds = list(cells.accuracy(method, 1).values())
    mean = stats.bootstrap(seeds)
    axes[0].bar(x, mean.estimate, .7, color=COLOURS[method], alpha=.85)
    axes[0].plot(np.full(len(seeds), x), seeds, ".", color="black", alpha=.45,
                 markersize=4)
    axes[0].vlines(x, mean.low, mean.high, color="black", linewidth=1.6)
    in_column = paper.methods.get(method)
    printed = in_column.mean if in_column else None
    if method == "backpropagation":
      printed = paper.backpropagation
    if printed:
      axes[0].plot(x, printed, "D", color="white", markeredgecolor="black",
                   markersize=5)
  axes[0].set_xticks(range(len(cells.methods)),
                     [TITLES[m] for m in cells.methods], rotation=25,
                     fontsize=8, ha="right")
  axes[0].set_ylim(0, 100)
  axes[0].set_ylabel(f"{cells.stream} top-1, % (diamond: paper, "
                     f"{paper.data})", fontsize=8)
  for cut, axis in enumerate(axes[1:], start=1):
    for method in cells.methods:
      curve = cells.curve(f"cosine_{cut}", method)
      if not curve:
        continue
      steps = [step for step, _ in curve]
      values = np.array([np.mean(v) for _, v in curve])
      axis.plot(steps, values, color=COLOURS[method], label=TITLES[method])
      axis.fill_between(
          steps, [min(v) for _, v in curve], [max(v) for _, v in curve],
          color=COLOURS[method], alpha=.2, linewidth=0)
    axis.set_ylim(-.1, 1)
    axis.set_title(f"cut {cut}", fontsize=9)
    axis.set_xlabel("steps", fontsize=8)
  axes[1].set_ylabel("cosine to the true gradient", fontsize=8)
  if axes[1].get_legend_handles_labels()[0]:
    axes[1].legend(fontsize=7, frameon=False)
  drawing.suptitle(title, fontsize=10)
  return drawing
