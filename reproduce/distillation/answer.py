"""Figure 4's answer: are students better, and is it the derivatives?

The rule stands in configs/figure4.py (preset `power`): a cell goes to the
method that the 95 % paired-t interval of the test KL favours; if the interval
holds 0, equivalence within `EQUIVALENCE` is tested; else it is undecided.
"""

from typing import List, NamedTuple

from matplotlib import figure
import numpy as np

from configs import figure4 as config_lib
from reproduce import look, markdown, published, stats
from reproduce.distillation import cells as cells_lib
from reproduce.distillation import methods

METRIC = "test_kl"
EQUAL = f"equal within {config_lib.EQUIVALENCE:.0%}".replace("%", " %")
UNDECIDED = "undecided"


class Comparison(NamedTuple):
  """Two methods in a cell.

  Attributes:
    gain: by how much the second one's test KL is lower, as a share of the
      first one's mean.
    verdict: `published.SOBOLEV` if the second is better, `published.REGULAR`
      if the first is, or `EQUAL`, `UNDECIDED`, `stats.TOO_FEW`.
  """
  gain: stats.Interval
  verdict: str


def compare(cells: cells_lib.Cells, game: str, percentage: float,
            first: str = "regular", second: str = "sobolev") -> Comparison:
  """Judges a cell by the rule.

  Args:
    cells: the measurements.
    game: the game.
    percentage: the training share.
    first: a method.
    second: another method.

  Returns:
    The gain of the second one, and the verdict.
  """
  values = cells.shared(game, percentage, METRIC, first, second)
  difference = stats.paired_difference(*values)
  verdict = stats.verdict(difference, published.SOBOLEV, published.REGULAR)
  if verdict == published.NONE:
    one, other, reference = cells.shared(
        game, percentage, METRIC, first, second, "regular")
    verdict = EQUAL if stats.equivalent(
        one, other, reference, config_lib.EQUIVALENCE) else UNDECIDED
  finite = np.isfinite(values).all(axis=0)
  mean = np.mean(np.asarray(values[0])[finite]) if finite.any() else np.nan
  return Comparison(
      difference.mapped(lambda value: float(value / mean)), verdict)


def write(cells: cells_lib.Cells) -> str:
  """The paragraph; "" if no cell has both methods.

  Args:
    cells: the measurements.

  Returns:
    Per game and share the gain with its interval and verdict; the counts; and
    which controls do as well, if there are any.
  """
  games, verdicts = [], []
  for game in cells.games:
    said = []
    for percentage in cells.percentages:
      found = compare(cells, game, percentage)
      if found.gain.size:
        verdicts.append(found.verdict)
        said.append(f"{_percent(found.gain)} at {percentage:g} % of the states "
                    f"({found.verdict})")
    if said:
      games.append(f"{cells_lib.title(game)}: {', '.join(said)}")
  if not games:
    return ""
  counts = ", ".join(
      f"{name} in {verdicts.count(name)}" for name in dict.fromkeys(
          (published.SOBOLEV, published.REGULAR, EQUAL, UNDECIDED, *verdicts)))
  return (
      "**Are Sobolev students closer to their teachers, and is it the "
      "derivatives?** By so much is their test KL(student || teacher) lower "
      "than the regular students', in per cent of it, with 95 % paired-t "
      f"intervals over seeds. {'; '.join(games)}. Of {len(verdicts)} "
      f"cell{'s'[:len(verdicts) != 1]}: {counts}. {_controls(cells)}\n")


def _percent(gain: stats.Interval) -> str:
  return f"{markdown.interval(gain.mapped(lambda share: 100 * share), 1)} %"


def _controls(cells: cells_lib.Cells) -> str:
  """Which controls do as well as Sobolev Training where it helps."""
  others = [m for m in cells.methods if m not in ("regular", "sobolev")]
  gained = [(game, percentage) for game in cells.games
            for percentage in cells.percentages
            if compare(cells, game, percentage).verdict == published.SOBOLEV]
  said: List[str] = []
  for method in others:
    found = [compare(cells, *cell, method, "sobolev").verdict
             for cell in gained if cells.final(*cell, method, METRIC)]
    if found:
      worse = found.count(published.SOBOLEV)
      explained = found.count(published.REGULAR) + found.count(EQUAL)
      said.append(
          f"{methods.METHODS[method].title} {worse}, {explained}, "
          f"{len(found) - worse - explained}")
  if not others:
    return "No control was run beside them."
  if not said:
    return "There is no gain that a control could explain."
  return (
      "Where Sobolev students are better, they are better than the control, "
      f"{EQUAL} or worse (then it explains the gain), or this is {UNDECIDED}, "
      f"in so many cells: {'; '.join(said)}.")


def draw(cells: cells_lib.Cells) -> figure.Figure:
  """Gains over regular students, a line per cell and a mark per method.

  Args:
    cells: the measurements.

  Returns:
    The figure; the band is what counts as equal.
  """
  others = [m for m in cells.methods if m != "regular"]
  lines = [(game, percentage) for game in cells.games
           for percentage in cells.percentages]
  height = 1.3 + .22 * len(lines) * (1 + .45 * (len(others) - 1))
  drawing, (axis,) = look.canvas(6.4, height, 1)
  margin = 100 * config_lib.EQUIVALENCE
  axis.axvspan(-margin, margin, color=look.GREY, alpha=.25, linewidth=0)
  axis.axvline(0, color=look.BLACK, linewidth=.8)
  for m, method in enumerate(others):
    for y, cell in enumerate(lines):
      gain = compare(cells, *cell, "regular", method).gain
      if not gain.size:
        continue
      at = y + .8 * ((m + .5) / len(others) - .5)
      estimate, low, high = gain.mapped(lambda share: 100 * share)[:3]
      axis.plot([low, high], [at, at], color=methods.METHODS[method].colour,
                linewidth=1.4)
      axis.plot(estimate, at, "o", color=methods.METHODS[method].colour,
                markersize=4)
    axis.plot([], [], "o-", color=methods.METHODS[method].colour, markersize=4,
              label=methods.METHODS[method].title)
  axis.set_yticks(range(len(lines)), [
      f"{cells_lib.title(game)}, {percentage:g} %"
      for game, percentage in lines])
  axis.invert_yaxis()
  axis.set_xlabel("test KL lower than the regular students', %", fontsize=9)
  drawing.legend(frameon=False, fontsize=8, loc="outside lower center",
                 ncols=min(len(others), 4))
  return drawing
