"""Internal derivatives from rows: settings chosen, then test errors."""

import functools
import pathlib
from typing import Sequence

import numpy as np

from reproduce import markdown
from reproduce import rows as results
from reproduce.section5 import internal as experiment
from reproduce.section5 import section_common as common

_LABELS = {"kl": "KL only", "input": "KL, derivatives by pixels",
           "internal": "KL, derivatives by hidden activations",
           "both": "KL, both derivatives"}
_ERRORS = {"student's KL from the teacher, nats": "test_kl",
           "share of test digits with another class": "test_disagreement"}


def write(rows: Sequence[results.Row], folder: pathlib.Path) -> str:
  """Draws the experiment; arguments as `reproduce.sections.section5.write`."""
  chosen = common.chosen(rows, "validation_kl")
  settings = {(row.n, row.method): row.setting for row in chosen}
  sizes = sorted({row.n for row in chosen})
  methods = [method for method in experiment.METHODS
             if all((n, method) in settings for n in sizes)]

  errors = functools.partial(common.cell_errors, chosen)
  common.panels(
      folder / "internal-derivatives.png", 9., chosen,
      {f"log10 of the {name}": metric for name, metric in _ERRORS.items()},
      {n: f"{n} digits" for n in sizes},
      {method: _LABELS[method] for method in methods})
  lines = []
  for n in sizes:
    for method in methods:
      mine = [errors(metric, n, method) for metric in _ERRORS.values()]
      lines.append([
          str(n), _LABELS[method], settings[n, method],
          *(f"{10**np.mean(values):.3f}" for values in mine),
          *("" if method == against else common.difference(
              errors("test_kl", n, against), mine[0])
            for against in ("kl", "input") if against in methods)])
  accuracy = [row.value for row in rows if row.metric == "test_accuracy"]
  return (
      "### Internal derivatives\n\n"
      "![Internal derivatives](internal-derivatives.png)\n\n"
      "A classifier of scikit-learn's digits"
      + "".join(f" ({value:.1%} of the test digits right)"
                for value in accuracy) +
      " is distilled into a student of half its width that sees a few "
      "unlabelled digits. Matched are log-probabilities and the derivatives "
      "of a random projection of them with respect to the pixels, to the "
      "activations of the first hidden layer, or to both. The teacher's "
      "activations are moved along as many random orthonormal directions as "
      "the student has units. "
      f"{common.tuning(rows, 'KL on validation digits')} Errors are on test "
      "digits, geometric means over "
      f"{len({row.seed for row in chosen if row.method in methods})} seeds. "
      "Differences: log10 of that KL, paired over seeds, positive if the "
      "method of the line is lower; bold: the 95 % interval leaves 0 out."
      "\n\n" + markdown.table(
          ["digits", "loss", "chosen setting", *_ERRORS, "KL only - this",
           "by pixels - this"], lines))
