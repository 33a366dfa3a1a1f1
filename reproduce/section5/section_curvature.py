"""Known uncertainty from rows: errors of value, gradient and Hessian."""

import functools
import pathlib
from typing import Sequence

from reproduce import markdown
from reproduce import rows as results
from reproduce.section5 import curvature as experiment
from reproduce.section5 import section_common as common

_ERRORS = {"value": "test_mse_standardised",
           "gradient": "test_gradient_mse_standardised",
           "Hessian": "test_hessian_mse_standardised"}
_PAIRS = (("order 0", "order 0 + variances"),
          ("order 1", "order 1 + variances"),
          ("order 1", "order 1 + rough variances"),
          ("order 0 + variances", "order 1"))


def write(rows: Sequence[results.Row], folder: pathlib.Path) -> str:
  """Draws the experiment; arguments as `reproduce.sections.section5.write`."""
  chosen = common.chosen(rows, "validation_mse_standardised")
  sizes = sorted({row.n for row in chosen})
  made = {(row.n, row.method) for row in chosen}
  methods = [method for method in experiment.METHODS
             if all((n, method) in made for n in sizes)]

  errors = functools.partial(common.cell_errors, chosen)
  common.panels(
      folder / "curvature.png", 11., chosen,
      {f"log10 test error of the {name}": metric
       for name, metric in _ERRORS.items()},
      {n: f"{n} points" for n in sizes}, {method: method for method in methods})
  lines = [
      [str(n), f"{first} - {second}", *(
          common.difference(errors(metric, n, first),
                            errors(metric, n, second))
          for metric in _ERRORS.values())]
      for n in sizes for first, second in _PAIRS
      if first in methods and second in methods]
  return (
      "### Second-order signals from known uncertainty\n\n"
      "![Curvature from uncertainty](curvature.png)\n\n"
      "The target is the log posterior of a Bayesian logistic regression as a "
      "function of its weights. At the training points the variances of each "
      "weight given the others (Laplace's approximation) are known, exactly "
      "or only roughly; -1/variance is the diagonal of the Hessian that is "
      "matched, the rest of it stays unknown. "
      f"{common.tuning(rows, 'error of the value on validation points')} "
      "Rough: the variances' logarithms have errors. Test errors in units "
      "of the target's variance; differences of log10, paired over "
      f"{len({row.seed for row in chosen})} seeds, positive if the second is "
      "lower; bold: the 95 % interval leaves 0 out.\n\n" + markdown.table(
          ["points", "compared", *_ERRORS], lines))
