"""Theorem 1: errors in value and derivative against width.

Section 3 of https://arxiv.org/abs/1706.04859: a C^1 function and its
derivative are approximated together by networks with one hidden layer of
(leaky) ReLUs. `universality` constructs and trains such networks.
"""

import functools
from typing import List, Mapping

import numpy as np
import tensorflow as tf

from configs import theory as config_lib
from reproduce import experiment, look, markdown, run, tables
from reproduce import rows as rows_lib
from reproduce.theory import universality
from sobolev_tf import derivatives

_CURVES = "tables/theorem1_curves"
_LOOKS = {"constructed": (look.BLUE, "o", "constructed"),
          "trained": (look.RED, "s", "trained (each seed)")}
_COLUMNS = ("value_rms", "derivative_rms", "value_sup", "derivative_sup")
_METRICS = {"value": "-", "derivative": "--"}
_FALLS = .8  # an error that is left with more than this share hardly falls


def parts(config: config_lib.Theorem1) -> List[run.Part]:
  """The constructed networks, and every trained ensemble."""
  return [
      run.Part("theorem1_constructed",
               functools.partial(_constructed, config), [_CURVES]),
      *(run.Part(f"theorem1_trained_{dimension}d_{width}",
                 functools.partial(_trained, config, dimension, width))
        for dimension, widths in enumerate(config.trained, start=1)
        for width in widths)]


def _constructed(config: config_lib.Theorem1, unused_job: run.Job
                 ) -> run.Outcome:
  """Errors of the networks that are written down or solved for."""
  rows = []
  for width in config.widths:
    for slope in config.negative_slopes:
      network = universality.construct_1d(width, slope)
      rows += _errors("leaky" if slope else "constructed", 1, width,
                      universality.errors(
                          network, 1, config.error_side[0])._asdict())
    rows += _errors("bound", 1, width, dict(zip(
        ("value_sup", "derivative_sup"), universality.bounds_1d(width))))
  for angles in config.angles:
    network = universality.construct_2d(angles, config.fit_side)
    rows += _errors("constructed", 2, angles**2 + 2, universality.errors(
        network, 2, config.error_side[1])._asdict(), n=config.fit_side**2)
  x = tf.constant(universality.grid(1, 512))
  curves = {"x": x[:, 0]}
  for name, function in (("f", universality.target_1d),
                         ("h", universality.construct_1d(config.drawn))):
    y, dy_dx = derivatives.value_and_derivatives(function, x, 1)
    curves |= {name: y[:, 0], f"d{name}": dy_dx[:, 0]}
  return run.Outcome(rows, {_CURVES: tables.records(**curves)})


def _errors(method: str, dimension: int, width: int,
            errors: Mapping[str, float], **fields) -> List[rows_lib.Row]:
  return [
      rows_lib.Row("theorem1", method, metric, value, **fields,
                   settings={"dimension": dimension, "width": width})
      for metric, value in errors.items()]


def _trained(config: config_lib.Theorem1, dimension: int, width: int,
             job: run.Job) -> run.Outcome:
  """Errors of networks that are trained on values and gradients."""
  side = config.training_side[dimension - 1]
  network = universality.train(
      width, dimension, config.seeds, side, config.settings, **job.training)
  return run.Outcome([
      row for member, seed in enumerate(config.seeds) for row in _errors(
          "trained", dimension, width, universality.errors(
              network.member(member), dimension,
              config.error_side[dimension - 1])._asdict(),
          n=side**dimension, seed=seed, step=config.settings.steps)])


def write(results: experiment.Results) -> str:
  """Draws Theorem 1."""
  drawing, axes = look.canvas(12.5, 3.3, 4)
  curves = results.columns(_CURVES)
  for axis, name, title in ((axes[0], "", "value"),
                            (axes[1], "d", "derivative")):
    axis.plot(curves["x"], curves[f"{name}f"], color=look.BLACK,
              label="target")
    axis.plot(curves["x"], curves[f"{name}h"], color=look.BLUE,
              label="constructed network")
    axis.set_title(title, fontsize=9)
  axes[0].legend(fontsize=7, frameon=False)
  for axis, dimension in zip(axes[2:], (1, 2)):
    _panel(axis, results.rows, dimension)
  look.save(drawing, results.folder / "theorem1.png")
  return (
      "### Theorem 1: ReLU networks approximate values and derivatives\n\n"
      "![Theorem 1](theorem1.png)\n\n"
      "Paper: a C1 function on a compact set is approximated to any accuracy "
      "in the Sobolev space S1 by a one-hidden-layer (leaky) ReLU network. "
      "Targets: sin(πx) + |x|^1.5 on [-1, 1] and sin(πx₁)x₂ + |x₁ + x₂² - "
      "½|^1.5 on [-1, 1]², both C1 and not C2. *Constructed*: in one dimension "
      "the interpolant at equally spaced knots, in two a fixed pattern of "
      "hinges with least-squares output weights. *Trained*: Sobolev Training "
      "with Adam. Circles, squares: root mean square over the domain (the L2 "
      "norm per volume); solid value, dashed derivative. A derivative does "
      "not exist at the knots; it is measured everywhere else.\n\n"
      + "\n".join([_table(results.rows, 1), _table(results.rows, 2),
                   _bounds(results.rows)]))


def _panel(axis, rows, dimension: int) -> None:
  for method, (colour, marker, label) in _LOOKS.items():
    for metric, style in _METRICS.items():
      width, errors = rows_lib.by_setting(
          rows, "width", method=method, metric=f"{metric}_rms",
          dimension=dimension)
      if len(width):
        axis.plot(width, np.median(errors, axis=1), style, color=colour,
                  label=f"{label}: {metric}")
        axis.plot(np.repeat(width, errors.shape[1]), errors.ravel(), marker,
                  color=colour, markersize=3)
  axis.set_xscale("log", base=2)
  axis.set_yscale("log")
  axis.set_xlabel("hidden units", fontsize=8)
  axis.set_title(f"rms errors, {dimension} dimension" + "s" * (dimension > 1),
                 fontsize=9)
  if dimension == 1:
    axis.legend(fontsize=6.5, frameon=False)


def _table(rows, dimension: int) -> str:
  lines = []
  for method in _LOOKS:
    mine = rows_lib.matching(rows, method=method, dimension=dimension)
    for width in rows_lib.distinct(mine, "width"):
      measured = [rows_lib.values(mine, width=width, metric=metric)
                  for metric in _COLUMNS]
      lines.append([f"{dimension}", method, f"{width}", *(
          f"{np.median(seeds):.2g}" for seeds in measured)])
  return markdown.table(
      ["dimensions", "network", "hidden units", "value rms", "derivative rms",
       "value sup", "derivative sup"], lines)


def _bounds(rows) -> str:
  """The proven bound beside the errors, and the leaky network's."""
  shares = []
  for metric in ("value_sup", "derivative_sup"):
    (_, bound), (_, error) = (
        rows_lib.by_setting(rows, "width", method=method, metric=metric,
                            dimension=1)
        for method in ("bound", "constructed"))
    shares.append(float((error / bound).max()))
  relu, leaky = (
      np.array(rows_lib.values(rows, method=method, metric="derivative_sup",
                               dimension=1))
      for method in ("constructed", "leaky"))
  return (
      "The construction in one dimension is a proof: sup|f' - h'| ≤ ω(d) and "
      "sup|f - h| ≤ d ω(d) / 2 with ω the modulus of continuity of f' and d "
      "the distance of the knots. Largest error over bound: "
      f"{shares[0]:.2f} (value), {shares[1]:.2f} (derivative). Leaky ReLU: "
      "the same function, derivative errors equal to "
      f"{np.abs(relu - leaky).max():.0e}. The theorem is about what exists; "
      "what training finds (medians over seeds) is behind it, most of all in "
      "two dimensions. The derivative term of the loss has no gradient with "
      f"respect to where a ReLU bends.{_trained_sup(rows)}\n")


def _trained_sup(rows) -> str:
  """What the width does to the trained networks' largest derivative error."""
  found = []
  for dimension in (1, 2):
    width, errors = rows_lib.by_setting(
        rows, "width", method="trained", metric="derivative_sup",
        dimension=dimension)
    if len(width) > 1:
      narrow, wide = np.median(errors[[0, -1]], axis=1)
      falls = "falls" if wide < _FALLS * narrow else (
          "hardly falls" if wide < narrow else "does not fall")
      found.append(
          f"{falls} in {dimension} dimension{'s' * (dimension > 1)} (from "
          f"{narrow:.2g} with {width[0]} units to {wide:.2g} with {width[-1]})")
  if not found:
    return ""
  return (" The largest error of the trained networks' derivative "
          f"{' and '.join(found)}.")
