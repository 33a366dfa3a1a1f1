"""The reactor's outputs against the notebook's, its Jacobian against
differences."""

import numpy as np
import pytest

from reproduce.surrogate import design, reactor

MIDDLE = (reactor.LOW + reactor.HIGH) / 2


def test_outputs_are_the_notebooks_reference_integration():
  np.testing.assert_allclose(  # printed with six digits, RK4 with 4,000 steps
      reactor.solve(MIDDLE[None]).y[0],
      [.935260, .750974, 515.339128, 67.828827], atol=3e-6)


def test_jacobian_is_that_of_central_differences():
  x = np.random.default_rng(0).uniform(reactor.LOW, reactor.HIGH, (20, 5))
  steps = 1e-4 * (reactor.HIGH - reactor.LOW)
  moved = np.concatenate([
      sign * np.diag(steps) for sign in (1, -1)])[:, None] + x  # [10, 20, 5]
  y = reactor.solve(moved.reshape(-1, 5), tolerance=1e-12).y
  up, down = y.reshape(2, 5, 20, 4)
  differences = np.moveaxis((up - down) / (2 * steps[:, None, None]), 0, -1)
  found = reactor.solve(x).dy_dx
  scale = np.abs(differences).mean(0)
  assert np.max(np.abs(found - differences) / scale) < 1e-6


def test_tolerances_are_fine_enough():
  x = np.random.default_rng(1).uniform(reactor.LOW, reactor.HIGH, (20, 5))
  usual, finer = reactor.solve(x), reactor.solve(x, 1e-12, panels=96)
  for one, other in zip(usual, finer):
    assert np.max(np.abs(one - other) / other.std(0)) < 1e-7


def test_the_optimum_is_the_notebooks():
  best = design.best(design.plant)
  np.testing.assert_allclose(best.x, [.925, 480., 497.527, .8, 2.], atol=3e-3)
  np.testing.assert_allclose(best.objective, .708522, atol=1e-5)
  assert abs(best.excess) < 1e-6
  worse = design.best(lambda x: (
      design.plant(x)[0] + np.array([0., 0., 5., 0.]), design.plant(x)[1]))
  assert 0. < design.regret(worse, best) < .05
  np.testing.assert_allclose(worse.excess, -5., atol=1e-6)


def test_a_design_of_a_model_that_diverged_is_nan():
  found = design.best(lambda x: (np.full(4, np.nan), np.full((4, 5), np.nan)))
  assert np.isnan([*found.x, found.objective, found.excess]).all()
  assert np.isnan(design.regret(found, design.best(design.plant)))


@pytest.mark.parametrize("options", [{"maxiter": 2}, {"ftol": 1e-9}])
def test_a_design_of_an_optimisation_that_failed_is_nan(options, monkeypatch):
  """Too few steps; and a limit that no input keeps."""
  hot = np.array([0., 0., 0. if "maxiter" in options else 100., 0.])
  minimize = design.optimize.minimize
  monkeypatch.setattr(design.optimize, "minimize", lambda *given, **named:
                      minimize(*given, **{**named, "options": options}))
  found = design.best(lambda x: (
      design.plant(x)[0] + hot, design.plant(x)[1]))
  assert np.isnan([*found.x, found.objective, found.excess]).all()
