"""Which derivatives of a digital option help, and which hurt.

Values alone, pathwise derivatives (biased), likelihood ratios (unbiased) and
a call spread in the option's place, each with several weights beside values.
"""

import functools
from typing import List, Tuple

import numpy as np

from configs import pricing as config_lib
from reproduce import rows as rows_lib
from reproduce import run
from reproduce.balancing import fit as fit_lib
from reproduce.balancing import grid
from reproduce.balancing.units import Units
from reproduce.pricing import basket, digital

TASK = "digital"
NONE = "values"  # the method without derivatives


def parts(config: config_lib.Digital) -> List[run.Part]:
  """One part per label, width and weight."""
  cells: List[Tuple[str, float, float]] = [(NONE, 0., 0.)]
  for label in digital.LABELS:
    widths = config.widths if label == digital.SPREAD else (0.,)
    cells += [(label, width, weight)
              for width in widths for weight in config.weights]
  return [
      run.Part(rows_lib.slug(f"{TASK}_{label}_{width:g}_{weight:g}"),
               functools.partial(_compute, config, label, width, weight))
      for label, width, weight in cells]


def _compute(config: config_lib.Digital, label: str, width: float,
             weight: float, job: run.Job) -> run.Outcome:
  """Trains all seeds side by side; the value's loss is the same for all."""
  samples = [
      digital.LABELS["pathwise" if label == NONE else label](
          digital.draw(config.count, seed), width) for seed in config.seeds]
  units = [Units.of(one) for one in samples]
  data = fit_lib.Data(*(np.stack(arrays) for arrays in zip(
      *(unit.apply(one) for unit, one in zip(units, samples)))))
  network = fit_lib.fit(
      data, config.seeds, "values" if label == NONE else "constant",
      weight, [config.learning_rate] * len(config.seeds),
      [0.] * len(config.seeds), config.training,
      identity={"label": label, "width": width, "count": config.count},
      **job.training)
  widest = config_lib.WIDEST * digital.DEVIATION
  test = digital.prices(np.linspace(
      basket.STRIKE - widest, basket.STRIKE + widest, config.points)[:, None])
  found = fit_lib.predict(network, np.stack([
      (test.x - unit.x_mean) / unit.x_scale for unit in units]))
  rows = []
  for seed, unit, *predicted in zip(config.seeds, units, *found):
    money = unit.invert(fit_lib.Data(*predicted))
    errors = {
        grid.VALUE: grid.normalised_error(money.y, test.y),
        grid.DERIVATIVE: grid.normalised_error(money.dy_dx, test.dy_dx)}
    rows += [
        rows_lib.Row(TASK, label, metric, error, n=config.count, seed=seed,
                     step=config.training.steps,
                     settings={"width": width, "weight": weight})
        for metric, error in errors.items()]
  return run.Outcome(rows)
