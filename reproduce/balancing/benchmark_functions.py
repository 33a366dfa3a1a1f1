"""The problem of Section 4.1: Figure 2's seven functions."""

from typing import Dict, List, Sequence

from configs import balancing as config_lib
from reproduce import run
from reproduce.balancing import fit, grid
from reproduce.regression import data, units
from sobolev_tf import functions


def parts(name: str, config: config_lib.Config) -> List[run.Part]:
  """The parts of a run, whose names begin with the given one."""
  return grid.parts(
      name, lambda count: members(config, count),
      {count: config.trials for count in config.sizes}, config.training)


def members(config: config_lib.Config, count: int) -> Sequence[grid.Member]:
  """A member per seed and function, with inputs and values standardised."""
  return [_member(functions.by_name(name), count, seed, config)
          for seed in config.seeds for name in config.functions]


def _member(function: functions.BenchmarkFunction, count: int, seed: int,
            config: config_lib.Config) -> grid.Member:
  raw = data.sample(function, count, seed=seed, stream="train")
  scale = units.fit(raw, function.domain, "standardised", "standardised")
  true, = data.held_out([function], config.points, config.stream)
  train = scale.apply(raw)

  def measure(predicted: fit.Data) -> Dict[str, float]:
    y, dy_dx = scale.invert(predicted.y, predicted.dy_dx)
    value = grid.normalised_error(y, true.y)
    if config.stream == "validation":
      return {grid.VALIDATION: value}
    return {grid.VALUE: value,
            grid.DERIVATIVE: grid.normalised_error(dy_dx, true.dy_dx)}

  return grid.Member(function.name, seed,
                     fit.Data(train.x, train.y, train.dy_dx),
                     scale.apply(true).x, measure)
