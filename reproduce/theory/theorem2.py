"""Theorem 2: the lower bound, and attempts to get below it.

Section 3 of https://arxiv.org/abs/1706.04859: no function is close to f while
its derivative is close to some other g. `wrong_derivative` computes how close.
"""

import functools
from typing import List

import numpy as np

from configs import theory as config_lib
from reproduce import experiment, look, markdown, run, tables
from reproduce import rows as rows_lib
from reproduce.theory import wrong_derivative
from sobolev_tf import derivatives

_CURVES = "tables/theorem2_curves"
_row = functools.partial(rows_lib.Row, "theorem2")


def parts(config: config_lib.Theorem2) -> List[run.Part]:
  """The bound, and every trained ensemble."""
  return [
      run.Part("theorem2_bound", functools.partial(_bound, config), [_CURVES]),
      *(run.Part(f"theorem2_trained_{width}",
                 functools.partial(_trained, config, width))
        for width in config.widths)]


def _bound(config: config_lib.Theorem2, unused_job: run.Job) -> run.Outcome:
  """eta, the function that attains it, and the best networks' distances."""
  bound = wrong_derivative.lower_bound(_difference, config.points)
  x, gap = wrong_derivative.best_function(
      _difference, bound.eta, config.points)
  slope = np.diff(gap) / np.diff(x)
  middle = (x[1:] + x[:-1]) / 2
  rows = [_row("bound", metric, value)
          for metric, value in bound._asdict().items()]
  rows.append(_row("best function", "error", max(
      np.abs(gap).max(), np.abs(slope - _difference(middle)).max())))
  rows.append(_row("bound", "difference_sup", np.abs(_difference(x)).max()))
  fine = np.linspace(
      wrong_derivative.LOW, wrong_derivative.HIGH, config.error_points)
  for pieces in config.pieces:
    h = wrong_derivative.best_piecewise_linear(pieces, config.piece_points)
    rows.append(_row("piecewise linear", "error", wrong_derivative.error(
        h(fine), h.derivative(fine), fine), settings={"pieces": pieces}))
  for k in config.frequencies:
    rows.append(_row("sin(k pi x)", "eta", wrong_derivative.lower_bound(
        functools.partial(_wave, k), config.points).eta, settings={"k": k}))
  return run.Outcome(rows, {_CURVES: tables.records(
      x=middle, f=wrong_derivative.value(middle),
      df=wrong_derivative.derivative(middle), g=wrong_derivative.other(middle),
      h=wrong_derivative.value(middle) + (gap[1:] + gap[:-1]) / 2,
      dh=wrong_derivative.derivative(middle) + slope)})


def _difference(x: np.ndarray) -> np.ndarray:
  return wrong_derivative.other(x) - wrong_derivative.derivative(x)


def _wave(k: int, x: np.ndarray) -> np.ndarray:
  return np.sin(k * np.pi * x)


def _trained(config: config_lib.Theorem2, width: int, job: run.Job
             ) -> run.Outcome:
  """How close trained smooth networks come to eta."""
  network = wrong_derivative.train(
      width, config.seeds, config.training_points, config.settings,
      **job.training)
  x = np.linspace(
      wrong_derivative.LOW, wrong_derivative.HIGH, config.error_points)
  h, dh_dx = derivatives.value_and_derivatives(
      network, np.stack([x[:, None]] * len(config.seeds)), 1, batch_dims=2)
  return run.Outcome([
      _row("trained", "error", wrong_derivative.error(
          h[e, :, 0].numpy(), dh_dx[e, :, 0].numpy(), x),
           n=config.training_points, seed=seed, step=config.settings.steps,
           settings={"width": width})
      for e, seed in enumerate(config.seeds)])


def write(results: experiment.Results) -> str:
  """Draws Theorem 2."""
  def one(method, metric):
    return rows_lib.values(results.rows, method=method, metric=metric)[0]

  eta = one("bound", "eta")
  curves = results.columns(_CURVES)
  drawing, axes = look.canvas(12.5, 3.3, 4)
  x = curves["x"]
  for axis, title, target, h, names in (
      (axes[0], "the best h stays within η of f", "f", "h",
       ("f ± η", "best h")),
      (axes[1], "its derivative within η of g", "g", "dh", ("g ± η", "h′"))):
    axis.set_title(title, fontsize=9)
    axis.fill_between(x, curves[target] - eta, curves[target] + eta,
                      color=look.GREY, alpha=.35, label=names[0],
                      linewidth=0)
    axis.plot(x, curves[h], color=look.BLUE, label=names[1])
  axes[1].plot(x, curves["df"], color=look.BLACK, linewidth=.8, label="f′")
  for axis in axes[:2]:
    axis.legend(fontsize=7, frameon=False)
  _attempts(axes[2], results.rows, eta)
  k, etas = rows_lib.by_setting(results.rows, "k", method="sin(k pi x)")
  axes[3].loglog(k, etas[:, 0], "o-", color=look.BLUE, markersize=4)
  axes[3].set_xscale("log", base=2)
  axes[3].set_title("η where g = f′ + sin(kπx)", fontsize=9)
  axes[3].set_xlabel("k", fontsize=8)
  look.save(drawing, results.folder / "theorem2.png")
  attempts = rows_lib.values(results.rows, metric="error")
  return (
      "### Theorem 2: an arbitrary function cannot be the derivative\n\n"
      "![Theorem 2](theorem2.png)\n\n"
      "Paper: if g is continuous and not f', then for some η > 0 every C1 "
      "function h has ‖f - h‖ ≥ η or ‖g - h'‖ ≥ η. In one dimension the best "
      "η can be computed: the largest |∫ₛᵗ (g - f')| / (t - s + 2) over all "
      "intervals is a bound, and it is attained (proof in "
      "`reproduce/theory/wrong_derivative.py`). Example: f = sin(πx), "
      "g = |x| on [-1, 1].\n\n"
      + markdown.table(["", "max(‖f - h‖, ‖g - h'‖)"], [
          [f"**η**, from the interval [{one('bound', 'low'):.3f}, "
           f"{one('bound', 'high'):.3f}]", f"**{eta:.6f}**"],
          ["the h constructed to attain it",
           f"{one('best function', 'error'):.6f}"],
          *_best(results.rows, "piecewise linear", "pieces",
                 "best h of {n} equally spaced linear pieces"),
          *_best(results.rows, "trained", "width",
                 "tanh network, {n} units, trained (best seed)")])
      + f"\nOf {len(attempts)} attempts, "
      f"{sum(error < eta for error in attempts)} are below η. That "
      f"‖g - f'‖ = {one('bound', 'difference_sup'):.2f} is large does not "
      "make η large: what counts is the integral of g - f', so for "
      "quickly oscillating differences (last panel, ‖g - f'‖ = 1 throughout) "
      "η is positive but tends to 0. On wider classes of h than C1 (the best "
      "h and the piecewise-linear ones have kinks) the bound holds too. The "
      "pieces' knots are equally spaced; the values there are the best by "
      "linear programming.\n")


def _attempts(axis, rows, eta: float) -> None:
  for method, size, colour, marker, label in (
      ("piecewise linear", "pieces", look.BLUE, "o-",
       "n equally spaced pieces"),
      ("trained", "width", look.RED, "s", "trained, n units")):
    n, errors = rows_lib.by_setting(rows, size, method=method, metric="error")
    axis.plot(np.repeat(n, errors.shape[1]), errors.ravel() - eta, marker,
              color=colour, markersize=4, label=label)
  axis.set_xscale("log", base=2)
  axis.set_yscale("log")
  axis.set_title("max(‖f - h‖, ‖g - h′‖) - η", fontsize=9)
  axis.set_xlabel("n", fontsize=8)
  axis.legend(fontsize=7, frameon=False)


def _best(rows, method: str, size: str, label: str) -> List[List[str]]:
  return [[label.format(n=n), f"{errors.min():.6f}"] for n, errors in zip(
      *rows_lib.by_setting(rows, size, method=method, metric="error"))]
