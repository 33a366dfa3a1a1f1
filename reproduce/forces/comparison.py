"""Potentials trained on energies alone, and on forces as well."""

import functools
from typing import Dict, List, Sequence

import numpy as np

from configs import forces as config_lib
from reproduce import run
from reproduce.balancing import fit, grid
from reproduce.balancing.units import Units
from reproduce.forces import cluster, potential

ALL, PARTIAL = "forces", "partial forces"  # the rows' tasks
ENERGY, FORCE = "energy_mae_meV_per_atom", "force_mae_meV_per_A"
_HELD_OUT = {"test": 1_000_000, "validation": 2_000_000}  # seeds


def parts(config: config_lib.Config) -> List[run.Part]:
  """All methods with all forces, then some with a fraction of them."""
  def some(task: str, methods: Sequence[str], fraction: float, unit: str):
    return grid.parts(
        task if task == ALL else f"{unit} {fraction:g}",
        functools.partial(_members, config, task, fraction, unit),
        {config.data.count: {
            method: config.trials[method] for method in methods}},
        config.training, settings={"fraction": fraction, "unit": unit},
        build=functools.partial(_build, config))

  found = some(ALL, tuple(config.trials), 1., "all")
  for unit in config.units:
    for fraction in config.fractions:
      found += some(PARTIAL, config.partial, fraction, unit)
  return found


def _members(config: config_lib.Config, task: str, fraction: float, unit: str,
             count: int) -> List[grid.Member]:
  return [member(config, task, fraction, unit, count, seed)
          for seed in config.seeds]


def member(config: config_lib.Config, task: str, fraction: float, unit: str,
           count: int, seed: int) -> grid.Member:
  """What one potential learns, and how it is measured.

  Energies are in units of their deviation over the training set, derivatives
  in the same per Angstrom.

  Args:
    config: of the run.
    task: of the rows.
    fraction: of the forces that are known.
    unit: what the fraction is of, see `cluster.hide`.
    count: of training geometries.
    seed: of the trajectory, of what is hidden, and of the weights.
  """
  data, held_out = config.data, config.data.held_out
  known = train = cluster.trajectory(data, count, seed)
  if fraction < 1.:
    known = cluster.hide(train, fraction, unit, seed)
  true = cluster.trajectory(data, held_out, _HELD_OUT[config.stream])
  learned = fit.Data(
      train.positions, train.energies[:, np.newaxis], known.gradients)
  units = Units.of_values(learned)
  atoms = train.positions.shape[1]

  def measure(predicted: fit.Data) -> Dict[str, float]:
    found = units.invert(predicted)
    energies, gradients = found.y[:, 0], found.dy_dx
    value = grid.normalised_error(energies, true.energies)
    if config.stream == "validation":
      return {grid.VALIDATION: value}
    wrong = np.abs(energies - true.energies), np.abs(gradients - true.gradients)
    return {
        grid.VALUE: value,
        grid.DERIVATIVE: grid.normalised_error(gradients, true.gradients),
        ENERGY: 1e3 * wrong[0].mean(), FORCE: 1e3 * atoms * wrong[1].mean()}

  return grid.Member(
      task, seed, units.apply(learned), true.positions, measure)


def _build(config: config_lib.Config, data: fit.Data, seeds: Sequence[int]
           ) -> potential.Potential:
  return potential.Potential(
      config.training.hidden_sizes, seeds,
      potential.SymmetryFunctions(config.descriptors, data.x))
