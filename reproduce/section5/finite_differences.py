"""Finite differences of a noisy black box, at equal numbers of calls.

"Finite differences can also be used to approximate gradients for black box
target functions" (Section 5). The calls that they cost could buy values at
other points instead; both are tried, and so are the values that the
differences are made of, as ordinary training points.
"""

import functools
from typing import List, Mapping, Sequence

import numpy as np
import tensorflow as tf

from configs import section5 as config_lib
from reproduce import decades, experiment, look, markdown, run, stats
from reproduce import rows as rows_lib
from reproduce.regression import data as data_lib
from reproduce.section5 import black_box, fitting, trials
from sobolev_tf import derivatives, functions

_LABELS = {"exact": "exact gradients, no extra calls",
           "differences": "gradients by differences",
           "stencil": "values that the differences are made of",
           "more points": "values at more random points"}
_STYLES = {"exact": ("*", look.BLACK), "differences": ("o-", look.RED),
           "stencil": ("s--", look.YELLOW), "more points": ("^-", look.BLUE)}
_ERRORS = {"value": "test_mse_standardised",
           "gradient": "test_gradient_mse_standardised"}


def parts(config: config_lib.FiniteDifferences) -> List[run.Part]:
  """One part per method, share and learning rate."""
  return [
      run.Part(rows_lib.slug(f"finite_differences_{method}_{share:g}_{rate:g}"),
               functools.partial(_compute, config, method, share, rate))
      for method, (_, extra) in black_box.METHODS.items()
      for share in (config.shares if extra else (0.,))
      for rate in config.learning_rates]


def _compute(config: config_lib.FiniteDifferences, method: str, share: float,
             rate: float, job: run.Job) -> run.Outcome:
  """Trains on all functions, noises and seeds side by side."""
  members = [
      (functions.by_name(name), noise, seed) for name in config.functions
      for noise in config.noises for seed in config.seeds]
  raw, calls = zip(*(
      black_box.training_data(
          method, function, noise, config.count, share, seed)
      for function, noise, seed in members))
  domains = [function.domain for function, _, _ in members]
  derivative = black_box.METHODS[method].derivatives
  trained = fitting.fit(
      raw, domains, [seed for _, _, seed in members],
      (1., 1.) if derivative else (1.,), config_lib.training(config, rate),
      identity={"experiment": "finite_differences", "method": method,
                "share": share, "count": config.count, "members": [
                    (function.name, *rest) for function, *rest in members]},
      **job.training)
  errors = fitting.held_out_errors(trained, {
      stream: data_lib.held_out(
          [function for function, _, _ in members], config.points, stream)
      for stream in ("validation", "test")}, domains)
  rows = []
  for e, (function, noise, seed) in enumerate(members):
    measured = errors[e] | {"calls": calls[e]}
    if derivative:
      measured["gradient_error"] = _gradient_error(raw[e], function)
    rows += [
        rows_lib.Row("finite_differences", method, name, value, n=config.count,
                     seed=seed, step=config.steps, settings={
                         "function": function.name, "noise": noise,
                         "share": share, "learning_rate": rate})
        for name, value in measured.items()]
  return run.Outcome(rows)


def _gradient_error(data: data_lib.RegressionData,
                    function: functions.BenchmarkFunction) -> float:
  """Root mean square error of target gradients, relative to the gradients."""
  true = derivatives.gradient(function, tf.constant(data.x)).numpy()
  known = np.isfinite(data.dy_dx)
  return np.sqrt(np.mean((data.dy_dx - true)[known]**2) /
                 np.mean(true[known]**2))


def write(results: experiment.Results) -> str:
  """Draws the experiment and explains it."""
  tuning = trials.tuning(
      results.rows,
      "error on validation points without noise, function by function")
  rows = trials.chosen(results.rows, "validation_mse_standardised")
  noises, shares, tasks = (
      rows_lib.distinct(rows, name) for name in ("noise", "share", "function"))
  calls = {
      share: int(np.mean(rows_lib.values(rows, metric="calls", share=share)))
      for share in shares}
  drawing, axes = look.canvas(3.4 * len(noises), 5.2, (2, len(noises)))
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
  look.save(drawing, results.folder / "finite-differences.png")
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
      f"own. {rows[0].n} training points; central differences at some or all "
      "of them cost 4 calls each, with the step that balances noise and "
      "truncation. The same calls can buy values instead: at more random "
      "points, or where the differences are taken (all lines begin at the "
      "values of the training points alone). "
      f"{tuning} The weight of the gradients is 1, as Eq. 1 has it, and was "
      "not tuned. "
      "Errors in units of the target's variance. Positive: gradients by "
      "differences give the lower test error (log10, mean over functions, "
      "paired over "
      f"{len(rows_lib.distinct(rows, 'seed'))} seeds; bold: the 95 % interval "
      "leaves 0 out).\n\n" + markdown.table(
          ["noise", "calls", "relative error of the differences", *(
              f"{error}: {against}" for error in _ERRORS
              for against in ("against more points", "against their values",
                              "against exact gradients"))], lines))


def _errors(rows: Sequence[rows_lib.Row], metric: str, method: str,
            noise: float, share: float) -> np.ndarray:
  return decades.log_errors(
      rows, metric, method=method, noise=noise, share=share)


def _curves(axis, rows: Sequence[rows_lib.Row], metric: str, noise: float,
            calls: Mapping[float, int]) -> None:
  for aside, (method, (style, colour)) in zip((-2, -1, 1, 2), _STYLES.items()):
    shares = list(calls) if black_box.METHODS[method].extra else [0.]
    means = [stats.bootstrap(_errors(
        rows, metric, method if share or method == "exact" else "values",
        noise, share)) for share in shares]
    x = [calls[share] + aside for share in shares]
    estimates = np.array([mean.estimate for mean in means])
    ends = np.abs(np.array([mean[1:3] for mean in means]).T - estimates)
    axis.errorbar(x, estimates, np.nan_to_num(ends), fmt=style, color=colour,
                  markersize=4 if style != "*" else 9, linewidth=1.2,
                  elinewidth=1, label=_LABELS[method])


def _accuracy(rows: Sequence[rows_lib.Row], noise: float, share: float) -> str:
  errors = _errors(rows, "gradient_error", "differences", noise, share)
  return f"{10**np.mean(errors):.2g}"


def _compare(rows: Sequence[rows_lib.Row], noise: float, share: float
             ) -> List[str]:
  cells = []
  for metric in _ERRORS.values():
    ours = _errors(rows, metric, "differences", noise, share)
    for other, paid in (("more points", share), ("stencil", share),
                        ("exact", 0.)):
      cells.append(decades.difference(
          _errors(rows, metric, other, noise, paid), ours))
  return cells
