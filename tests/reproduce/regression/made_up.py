"""Rows of Section 4.1 made up for tests of its sections."""

import math

from reproduce import experiment
from reproduce import rows as rows_lib

NOISE = (-.02, .01, 0., .02, -.01)  # decades, one per seed; mean 0
NAN = math.nan


def row(method, task, n, seed, value, metric="test_mse", inputs="raw",
        rate=1e-3):
  return rows_lib.Row(
      task, method, metric, value, n, seed, 60,
      {"inputs": inputs, "targets": "raw", "learning_rate": rate,
       "activation": "relu"}, artefact="figure2", preset="smoke")


def cell(task, n, gain, level=2., metrics=("test_mse", "test_gradient_mse"),
         **settings):
  """Five seeds whose errors differ by `gain` decades on average.

  The level varies far more between seeds than the methods differ.
  """
  rows = []
  for seed, noise in enumerate(NOISE):
    regular = level + 50 * noise
    for metric in metrics:
      rows += [
          row("regular", task, n, seed, 10**regular, metric, **settings),
          row("sobolev", task, n, seed, 10**(regular - gain - noise), metric,
              **settings)]
  return rows


ROWS = (cell("booth", 20, 1.) + cell("booth", 100, .003) +
        cell("ackley", 20, .5) + cell("ackley", 100, -2.))


def results(rows, folder):
  """The rows as a section is given them."""
  return experiment.Results(rows, folder, folder)
