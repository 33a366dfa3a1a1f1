"""Aggregates over all cells of a grid, as the field reads them.

Interquartile mean, probability of improvement and performance profiles with
stratified bootstrap intervals: Agarwal et al., "Deep RL at the edge of the
statistical precipice", NeurIPS 2021, https://arxiv.org/abs/2108.13264. By
SciPy, not by the authors' `rliable`: its 1.2.0 of 2024 needs arch < 8, which
does not import beside pandas 3, and it ignores its `random_state`. A stratum
is a sample of `scipy.stats.bootstrap`; tests compare with rliable's numbers.

Errors are compared as ratios to a reference's geometric mean in the same cell,
by their logarithm, so that cells of any scale count alike; lower is better.
"""

import pathlib
from typing import Callable, Dict, List, Mapping, Sequence

from matplotlib import figure
import numpy as np
from scipy import stats as scipy_stats

from reproduce import look, markdown, stats

_RESAMPLES = 2_000  # ours: rliable's for profiles
_TRIMMED = .25  # of either end: what makes it interquartile

Errors = Mapping[str, Sequence[Mapping[int, float]]]


def scores(errors: Errors, reference: str) -> Dict[str, np.ndarray]:
  """Logarithms of errors, relative to a reference, cell by cell.

  Args:
    errors: by method and cell, the error by seed, not negative; NaN if it
      diverged. A method that lacks a cell is left out.
    reference: the method that others are compared with.

  Returns:
    By method `[S, T]` over the S seeds that all of them have in all T cells;
    infinite for a run that diverged; empty without seeds or the reference, or
    if none of its runs in a cell has a logarithm.
  """
  whole = {method: cells for method, cells in errors.items() if all(cells)}
  if reference not in whole:
    return {}
  seeds = sorted(set.intersection(
      *(set(cell) for cells in whole.values() for cell in cells)))
  if not seeds:
    return {}
  logs = {}
  for method, cells in whole.items():
    with np.errstate(divide="ignore"):  # no error at all is the best there is
      values = np.log([[cell[seed] for cell in cells] for seed in seeds])
    logs[method] = np.where(np.isnan(values), np.inf, values)  # [S, T]
  finite = np.where(np.isfinite(logs[reference]), logs[reference], np.nan)
  if np.isnan(finite).all(axis=0).any():
    return {}
  centre = np.nanmean(finite, axis=0)  # [T]
  return {method: values - centre for method, values in logs.items()}


def interquartile_mean(scores: np.ndarray) -> stats.Interval:
  """Mean of the middle half of `[S, T]` scores."""
  return _interval(
      lambda *cells, axis=-1: scipy_stats.trim_mean(
          np.concatenate(cells, axis), _TRIMMED, axis), list(scores.T))


def improvement(first: np.ndarray, second: np.ndarray) -> stats.Interval:
  """P(a first run is lower than a second one), the mean over cells.

  Ties count one half (Mann and Whitney's U over the number of pairs).

  Args:
    first: scores `[S, T]`.
    second: scores `[R, T]`.

  Returns:
    The probability with its interval.
  """
  count, cells = len(first) * len(second), first.shape[1]

  def probability(*samples, axis=-1):
    wins = [scipy_stats.mannwhitneyu(
        theirs, ours, method="asymptotic", axis=axis).statistic
            for ours, theirs in zip(samples[:cells], samples[cells:])]
    return np.mean(wins, axis=0) / count

  return _interval(probability, [*first.T, *second.T])


def profile(scores: np.ndarray, thresholds: np.ndarray
            ) -> List[stats.Interval]:
  """The share of runs `[S, T]` whose score is at most each threshold."""
  return [_interval(
      lambda *cells, axis=-1, level=level: np.mean(
          np.concatenate(cells, axis) <= level, axis), list(scores.T))
          for level in thresholds]


def write(errors: Errors, reference: str, titles: Mapping[str, str],
          colours: Mapping[str, str], what: str, path: pathlib.Path) -> str:
  """Draws the profiles and writes the table of aggregates.

  Args:
    errors: as in `scores`.
    reference: the method that others are compared with.
    titles: of the methods.
    colours: of the methods.
    what: the error, for the heading.
    path: of the figure.

  Returns:
    Markdown; "" with fewer than two methods or seeds.
  """
  found = scores(errors, reference)
  if len(found) < 2 or len(found[reference]) < 2:
    return ""
  look.save(draw(found, titles, colours,
                 f"{what}, relative to {titles[reference]}"), path)
  lines = []
  for method, values in found.items():
    mean = interquartile_mean(values).mapped(lambda log: float(np.exp(log)))
    lines.append([
        titles[method], markdown.interval(mean, 3),
        "-" if method == reference else markdown.interval(
            improvement(values, found[reference]), 2)])
  count, cells = found[reference].shape
  lost = any(np.isposinf(values).any() for values in found.values())
  return (
      f"**All cells together: {what}**\n\n" + markdown.table(
          ["method", f"interquartile mean, relative to {titles[reference]}",
           f"probability of being better than {titles[reference]}"], lines) +
      f"\n![Performance profiles]({path.name})\n\n{cells} "
      f"cell{'s'[:cells != 1]} of {count} seeds; 95 % stratified bootstrap "
      "over seeds. Ratios are to the reference's geometric mean in a cell and "
      "averaged by their logarithms; intervals take that mean as known." + (
          " A run that diverged counts as worse than any other." if lost
          else "") + "\n")


def draw(scores: Mapping[str, np.ndarray], titles: Mapping[str, str],
         colours: Mapping[str, str], label: str) -> figure.Figure:
  """Performance profiles: shares of runs up to a relative error.

  Args:
    scores: by method `[S, T]`.
    titles: of the methods.
    colours: of the methods.
    label: of the horizontal axis.

  Returns:
    The figure.
  """
  drawing, (axis,) = look.canvas(5.4, 3.2, 1)
  values = np.concatenate([one.ravel() for one in scores.values()])
  values = values[np.isfinite(values)]
  thresholds = np.linspace(values.min(), values.max(), 40)
  for method, own in scores.items():
    bands = profile(own, thresholds)
    axis.plot(np.exp(thresholds), [band.estimate for band in bands],
              color=colours[method], label=titles[method])
    axis.fill_between(
        np.exp(thresholds), [band.low for band in bands],
        [band.high for band in bands], color=colours[method], alpha=.2,
        linewidth=0)
  axis.set_xscale("log")
  axis.tick_params(labelsize=7, which="both")
  axis.set_xlabel(label, fontsize=8)
  axis.set_ylabel("share of runs with at most this", fontsize=8)
  axis.grid(alpha=.25, which="both", linewidth=.5)
  axis.legend(frameon=False, fontsize=7)
  return drawing


def _interval(statistic: Callable[..., np.ndarray],
              samples: Sequence[np.ndarray]) -> stats.Interval:
  """A statistic of several cells, resampled within each of them."""
  size = len(samples[0])
  estimate = float(statistic(*samples))
  if size < 2:
    return stats.Interval(estimate, np.nan, np.nan, size)
  with np.errstate(invalid="ignore"):  # the bootstrap's spread of infinities
    low, high = scipy_stats.bootstrap(
        samples, statistic, n_resamples=_RESAMPLES, method="percentile",
        vectorized=True, confidence_level=stats.CONFIDENCE,
        rng=np.random.default_rng(0)).confidence_interval
  return stats.Interval(estimate, float(low), float(high), size)
