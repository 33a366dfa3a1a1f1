"""Figure 3's surfaces and section, of a run on the smoke preset."""

import dataclasses
import shutil

import numpy as np
import pytest

from configs import figure3 as config_lib
from reproduce import experiment
from reproduce import rows as rows_lib
from reproduce import run as run_lib
from reproduce.regression import figure3
from reproduce.regression import train as train_lib
from sobolev_tf import errors, functions

SMOKE = config_lib.PRESETS["smoke"]
SMOKE = dataclasses.replace(SMOKE, sizes=(20,), settings=dataclasses.replace(
    SMOKE.settings, xla=False))  # compiled in less time


def run(folder):
  return run_lib.run(figure3.plan("smoke", SMOKE), folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
  """A finished run."""
  folder = tmp_path_factory.mktemp("figure3") / "run"
  run(folder)
  return folder


@pytest.fixture
def copied(folder, tmp_path):
  return shutil.copytree(folder, tmp_path / "run")


def test_true_surface_holds_the_function_and_its_gradient(folder):
  true = figure3.surface(
      experiment.Results.read(folder, folder), "surfaces/true")
  assert true.shape == (7, 7, 5)
  x1, x2, y, d1, d2 = true[1, 4]
  assert y == pytest.approx(sum(.5 * (t**4 - 16 * t**2 + 5 * t)
                                for t in (x1, x2)))
  assert d1 == pytest.approx(2 * x1**3 - 16 * x1 + 2.5)
  assert d2 == pytest.approx(2 * x2**3 - 16 * x2 + 2.5)
  (low, high), _ = functions.by_name("styblinski_tang").domain
  assert (true[0, 0, 0], true[-1, 0, 0]) == (low, high)


def test_surface_of_a_model_is_what_it_predicts(folder):
  results = experiment.Results.read(folder, folder)
  member = train_lib.Member(functions.by_name(SMOKE.function), SMOKE.seed)
  trained = train_lib.train([member], 20, "sobolev", SMOKE.settings)
  stored = figure3.surface(results, "surfaces/n20_sobolev").reshape(-1, 5)
  y, dy_dx = trained.predict(stored[None, :, :2])
  np.testing.assert_allclose(stored[:, 2], y[0, :, 0], rtol=1e-6)
  np.testing.assert_allclose(stored[:, 3:], dy_dx[0], rtol=1e-5, atol=1e-5)


def test_section_shows_the_errors(folder, tmp_path):
  results = experiment.Results(rows_lib.read(folder), folder, tmp_path)
  text = figure3.write(results)
  for method, title in (("regular", "regular"), ("sobolev", "Sobolev")):
    values = {row.metric: row.value
              for row in rows_lib.matching(results.rows, method=method)}
    assert (f"| 20 | {title} | {values['test_mse']:.4g} | "
            f"{values['test_mse_standardised']:.4g} | "
            f"{values['test_gradient_mse']:.4g} |") in text
  assert "inputs=standardised targets=standardised learning_rate=0.001" in text
  assert (tmp_path / "figure3.png").read_bytes().startswith(b"\x89PNG")


def test_a_missing_surface_is_made_again(folder, copied):
  path = copied / "surfaces" / "n20_sobolev.csv"
  before = path.read_bytes()
  path.unlink()
  assert run(copied) == rows_lib.read(folder)
  assert path.read_bytes() == before


def test_finished_run_is_not_trained_again(folder, copied, monkeypatch):
  def fail(*unused, **unused_too):
    raise AssertionError("trained again")
  monkeypatch.setattr(train_lib, "train", fail)
  assert run(copied) == rows_lib.read(folder)


def test_damaged_surface_is_named(copied):
  path = copied / "surfaces" / "true.csv"
  path.write_bytes(path.read_bytes()[:-5])
  with pytest.raises(errors.UserError, match="true.csv' is damaged"):
    figure3.write(experiment.Results.read(copied, copied))


@pytest.mark.parametrize("change, message", [
    ({"function": "both"}, "no benchmark function 'both'"),
    ({"sizes": (20, 20)}, "sizes must name at least one and none twice"),
    ({"settings": dataclasses.replace(SMOKE.settings, steps=0)}, "steps")],
    ids=str)
def test_bad_settings_are_refused(change, message):
  with pytest.raises(errors.UserError, match=message):
    figure3.plan("smoke", dataclasses.replace(SMOKE, **change))


def test_gradient_field_of_the_models_is_not_the_functions(folder):
  """The surfaces are different ones: models are not drawn from the truth."""
  results = experiment.Results.read(folder, folder)
  true, regular, sobolev = (
      figure3.surface(results, f"surfaces/{name}")
      for name in ("true", "n20_regular", "n20_sobolev"))
  np.testing.assert_array_equal(true[..., :2], sobolev[..., :2])
  assert np.abs(regular[..., 2:] - sobolev[..., 2:]).max() > 1e-3
  assert np.abs(true[..., 2:] - sobolev[..., 2:]).max() > 1e-3
