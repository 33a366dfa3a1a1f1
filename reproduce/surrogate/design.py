"""Designs found by optimising a surrogate, judged by the plant.

  maximise Y - kappa Q_c within the box, subject to T_hot <= limit

as in jkitchin/pounce, notebook 43_sobolev_training, by SLSQP from the middle of
the box, with the surrogate's own derivatives.
"""

import functools
from typing import Callable, NamedTuple, Tuple

import numpy as np
from scipy import optimize

from reproduce.surrogate import reactor

KAPPA, LIMIT = .003, 512.  # 1/K and K, the notebook's
# Maps `[5]` to outputs `[4]` and their Jacobian `[4, 5]`, in the plant's units.
Model = Callable[[np.ndarray], Tuple[np.ndarray, np.ndarray]]
_WEIGHTS = np.array([0., 1., 0., -KAPPA])  # of the outputs in the objective


class Design(NamedTuple):
  """A design as the plant has it; all NaN if the optimisation failed.

  Attributes:
    x: the inputs `[5]`.
    objective: Y - kappa Q_c.
    excess: T_hot - limit, in K; feasible if it is not positive.
  """
  x: np.ndarray
  objective: float
  excess: float


def plant(x: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
  """The plant as a model."""
  found = reactor.solve(x[None])
  return found.y[0], found.dy_dx[0]


def best(model: Model) -> Design:
  """What a model takes for the best design, as the plant has it."""
  span = reactor.HIGH - reactor.LOW

  @functools.lru_cache(maxsize=1)  # value and slope are asked for in turn
  def at(*unit):  # one unit is the box's width
    return model(reactor.LOW + np.array(unit) * span)

  found = optimize.minimize(
      lambda unit: -_WEIGHTS @ at(*unit)[0], np.full(5, .5), method="SLSQP",
      jac=lambda unit: -_WEIGHTS @ at(*unit)[1] * span, bounds=[(0., 1.)] * 5,
      constraints={
          "type": "ineq", "fun": lambda unit: LIMIT - at(*unit)[0][2],
          "jac": lambda unit: -at(*unit)[1][2] * span},
      options={"maxiter": 200, "ftol": 1e-9})
  if not (found.success and np.isfinite([found.fun, *found.x]).all()):
    return Design(np.full(5, np.nan), np.nan, np.nan)
  x = reactor.LOW + np.clip(found.x, 0., 1.) * span
  y, _ = plant(x)
  return Design(x, float(_WEIGHTS @ y), float(y[2] - LIMIT))


def regret(design: Design, optimum: Design) -> float:
  """The share of the optimum's objective that a design gives away.

  Negative where it gains by breaking the limit: read it with `excess`.
  """
  return (optimum.objective - design.objective) / abs(optimum.objective)
