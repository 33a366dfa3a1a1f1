"""The parts of a run: all methods, and the notebook's two procedures."""

import copy
import functools
from typing import Dict, List, Sequence

import tensorflow as tf

from configs import surrogate as config_lib
from reproduce import run
from reproduce.balancing import fit, grid
from reproduce.balancing.units import Units
from reproduce.surrogate import data, design
from sobolev_tf import derivatives
from sobolev_tf.networks import mlp

METHODS, CURVES, LONG = "reactor", "curves", "long"  # the rows' tasks
REGRET, EXCESS = "regret", "excess_K"


def parts(config: config_lib.Config) -> List[run.Part]:
  """The parts of a run."""
  found = grid.parts(
      METHODS, lambda count: [
          data.member(seed, count, config.points, config.stream)
          for seed in config.seeds],
      {cell.count: cell.trials for cell in config.cells}, config.training,
      more=designs if config.stream == "test" else None)
  for task, procedure in ((CURVES, config.curves), (LONG, config.long)):
    if procedure:
      found += grid.parts(
          task, functools.partial(_members, task, procedure, config.points),
          {cell.count: cell.trials for cell in procedure.cells},
          procedure.training)
  return found


def _members(task: str, procedure: config_lib.Procedure, points: int,
             count: int) -> Sequence[grid.Member]:
  return [data.member(seed, count, points, "test", task=task,
                      split=procedure.split) for seed in procedure.seeds]


def designs(network: mlp.EnsembleMLP, members: Sequence[grid.Member]
            ) -> List[Dict[str, float]]:
  """What the design that each network finds is worth on the plant."""
  optimum = design.best(design.plant)
  exact = _double(network)

  @tf.function
  def at(points):  # [E, 1, 5]
    return derivatives.value_and_derivatives(exact, points, 1, 2)

  measured = []
  for index, member in enumerate(members):
    units = Units.of(data.pool(member.seed, len(member.train.x)))

    def model(x, index=index, units=units):
      scaled = (x - units.x_mean) / units.x_scale
      y, dy_dx = at(tf.tile(scaled[None, None], [len(members), 1, 1]))
      found = units.invert(fit.Data(
          scaled[None], y[index].numpy(), dy_dx[index].numpy()))
      return found.y[0], found.dy_dx[0]

    found = design.best(model)
    measured.append({REGRET: design.regret(found, optimum),
                     EXCESS: found.excess})
  return measured


def _double(network: mlp.EnsembleMLP) -> mlp.EnsembleMLP:
  """The same networks in float64, so that an optimiser meets no rounding."""
  double = copy.copy(network)
  double.weights, double.biases = (
      [tf.cast(variable, tf.float64) for variable in variables]
      for variables in (network.weights, network.biases))
  return double
