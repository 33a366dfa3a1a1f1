"""All methods that balance values and derivatives, on the basket option."""

from typing import Dict, List

from configs import pricing as config_lib
from reproduce import run
from reproduce.balancing import fit, grid
from reproduce.balancing.units import Units
from reproduce.pricing import basket

TASK = "basket"
_HELD_OUT = 1_000_000  # added to the seed


def parts(config: config_lib.Basket) -> List[run.Part]:
  """The parts of a run."""
  return grid.parts(
      TASK, lambda count: [member(config, seed, count)
                           for seed in config.seeds],
      {config.count: config.trials}, config.training)


def member(config: config_lib.Basket, seed: int, count: int) -> grid.Member:
  """What one network learns: payoffs, and how it is measured.

  Settings are chosen by payoffs of other paths, as prices are not known to
  whoever trains; reported errors are those of prices in closed form.

  Args:
    config: of the run.
    seed: of the market, the paths and the weights.
    count: of training paths.
  """
  option = basket.Basket(config_lib.ASSETS, seed)
  train = option.paths(count)
  units = Units.of(train)
  validation = config.stream == "validation"
  held_out = option.paths(config.points) if validation else option.test(
      config.points, _HELD_OUT + seed)

  def measure(predicted: fit.Data) -> Dict[str, float]:
    found = units.invert(predicted)
    value = grid.normalised_error(found.y, held_out.y)
    if validation:
      return {grid.VALIDATION: value}
    return {grid.VALUE: value, grid.DERIVATIVE: grid.normalised_error(
        found.dy_dx, held_out.dy_dx)}

  return grid.Member(TASK, seed, units.apply(train),
                     (held_out.x - units.x_mean) / units.x_scale, measure)
