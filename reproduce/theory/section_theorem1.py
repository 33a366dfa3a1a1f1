"""Theorem 1: errors in value and derivative against width."""

import pathlib
from typing import Sequence

import numpy as np

from reproduce import markdown
from reproduce import rows as results
from reproduce.theory import section_common as common

_LOOKS = {"constructed": (common.BLUE, "o", "constructed"),
          "trained": (common.RED, "s", "trained (each seed)")}
_COLUMNS = ("value_rms", "derivative_rms", "value_sup", "derivative_sup")
_METRICS = {"value": "-", "derivative": "--"}
_FALLS = .8  # an error that is left with more than this share hardly falls


def write(rows: Sequence[results.Row], tables: pathlib.Path,
          folder: pathlib.Path) -> str:
  """Draws Theorem 1; arguments as `reproduce.sections.theory.write`."""
  drawing, axes = common.canvas(12.5, 3.3, 4)
  curves = common.columns(tables / "theorem1_curves.csv")
  for axis, name, title in ((axes[0], "", "value"),
                            (axes[1], "d", "derivative")):
    axis.plot(curves["x"], curves[f"{name}f"], color=common.TARGET,
              label="target")
    axis.plot(curves["x"], curves[f"{name}h"], color=common.BLUE,
              label="constructed network")
    axis.set_title(title, fontsize=9)
  axes[0].legend(fontsize=7, frameon=False)
  for axis, dimension in zip(axes[2:], (1, 2)):
    _errors(axis, rows, dimension)
  drawing.savefig(folder / "theorem1.png", dpi=common.DPI)
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
      + _table(rows, 1) + "\n" + _table(rows, 2) + "\n" + _bounds(rows))


def _errors(axis, rows, dimension: int) -> None:
  for method, (colour, marker, label) in _LOOKS.items():
    for metric, style in _METRICS.items():
      n, errors = common.by_size(
          rows, method=method, metric=f"{metric}_rms",
          setting=f"dimension={dimension}")
      if len(n):
        axis.plot(n, np.median(errors, axis=1), style, color=colour,
                  label=f"{label}: {metric}")
        axis.plot(np.repeat(n, errors.shape[1]), errors.ravel(), marker,
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
    setting = f"dimension={dimension}"
    sizes, _ = common.by_size(rows, method=method, setting=setting)
    for n in sizes:
      measured = [common.values(rows, method=method, setting=setting, n=n,
                                metric=metric) for metric in _COLUMNS]
      lines.append([f"{dimension}", method, f"{n}", *(
          f"{np.median(seeds):.2g}" for seeds in measured)])
  return markdown.table(
      ["dimensions", "network", "hidden units", "value rms", "derivative rms",
       "value sup", "derivative sup"], lines)


def _bounds(rows) -> str:
  """The proven bound beside the errors, and the leaky network's."""
  shares = []
  for metric in ("value_sup", "derivative_sup"):
    _, bound = common.by_size(rows, method="bound", metric=metric)
    _, error = common.by_size(rows, method="constructed", metric=metric,
                              setting="dimension=1")
    shares.append(float((error / bound).max()))
  relu, leaky = (
      np.array(common.values(rows, method=method, metric="derivative_sup",
                             setting="dimension=1"))
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
    n, errors = common.by_size(rows, method="trained", metric="derivative_sup",
                               setting=f"dimension={dimension}")
    if len(n) > 1:
      narrow, wide = np.median(errors[[0, -1]], axis=1)
      falls = "falls" if wide < _FALLS * narrow else (
          "hardly falls" if wide < narrow else "does not fall")
      found.append(
          f"{falls} in {dimension} dimension{'s' * (dimension > 1)} (from "
          f"{narrow:.2g} with {n[0]} units to {wide:.2g} with {n[-1]})")
  if not found:
    return ""
  return (" The largest error of the trained networks' derivative "
          f"{' and '.join(found)}.")
