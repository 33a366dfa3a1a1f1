"""The experiments on Section 5: their data, rows, resumption and section."""

import dataclasses
import shutil
import sys

from absl.testing import flagsaver
import numpy as np
import pytest
import tensorflow as tf

from configs import section5 as config_lib
from reproduce import app
from reproduce import rows as results
from reproduce.regression import data as data_lib
from reproduce.section5 import __main__ as section5
from reproduce.section5 import curvature, finite_differences, fitting, section
from reproduce.section5 import section_common as common
from sobolev_tf import derivatives, functions
from sobolev_tf.training import ensemble

SMOKE = config_lib.PRESETS["smoke"]
BOOTH = functions.by_name("booth")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
  """The folder of a finished smoke run, through the flags."""
  folder = tmp_path_factory.mktemp("section5") / "run"
  patch = pytest.MonkeyPatch()
  patch.setattr(
      sys, "argv", ["section5", "--preset=smoke", f"--output={folder}"])
  with flagsaver.flagsaver(), pytest.raises(SystemExit) as stop:
    app.run(section5.define_flags, section5.main)
  patch.undo()
  assert not stop.value.code
  return folder


def test_every_experiment_has_rows_a_heading_and_a_figure(run):
  rows = results.read(run)
  assert {row.task for row in rows} == set(section5.EXPERIMENTS) == set(
      section.EXPERIMENTS)
  assert np.isfinite([row.value for row in rows]).all()
  text = (run / "section.md").read_text()
  assert text.count("\n### ") == 3 and "nan" not in text
  for name in ("finite-differences", "internal-derivatives", "curvature"):
    assert (run / f"{name}.png").stat().st_size > 5000


def test_one_experiment_alone_resumes_to_the_same_rows(run, tmp_path):
  folder = shutil.copytree(run, tmp_path / "run")
  lost = sorted(folder.glob("rows/curvature_*"))[0]
  before = lost.read_bytes()
  lost.unlink()
  section5.run(SMOKE, folder, preset="smoke", experiment="internal")
  assert not lost.exists()
  section5.run(SMOKE, folder, preset="smoke", experiment="curvature")
  assert lost.read_bytes() == before


@pytest.mark.parametrize("method, calls, points", [
    ("values", 8, 8), ("exact", 8, 8), ("differences", 24, 8),
    ("stencil", 24, 24), ("more points", 24, 24)])
def test_methods_pay_for_their_calls(method, calls, points):
  data, paid = finite_differences.training_data(
      method, BOOTH, 0., 8, .5, seed=3)
  assert (paid, len(data.x), len(data.y)) == (calls, points, points)
  np.testing.assert_allclose(data.y[:, 0], BOOTH(data.x), rtol=1e-12)
  known = np.isfinite(data.dy_dx).all(axis=1)
  assert known.sum() == {"exact": 8, "differences": 4}.get(method, 0)
  true = derivatives.gradient(BOOTH, tf.constant(data.x)).numpy()
  np.testing.assert_allclose(data.dy_dx[known], true[known], rtol=1e-3)


def test_unknown_derivatives_change_nothing():
  """Gradients that are all NaN leave the values' term alone."""
  settings = ensemble.Settings(20, 1e-2)
  data = data_lib.sample(BOOTH, 10, seed=0, stream="train")
  unknown = data_lib.RegressionData(
      data.x, data.y, np.full_like(data.dy_dx, np.nan))
  values, gradients = (
      fitting.fit([0], [unknown], [BOOTH.domain], weights, (8,), settings)
      for weights in ((1.,), (1., 1.)))
  for ours, theirs in zip(values.network.weights, gradients.network.weights):
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_noise_is_a_share_of_the_functions_deviation():
  x = np.zeros([4000, 2])
  first, again = (finite_differences.BlackBox(BOOTH, .1, seed=1)
                  for _ in range(2))
  noise = first(x) - BOOTH(x[:1]).numpy()
  assert noise.std() == pytest.approx(first.deviation, rel=.05)
  np.testing.assert_array_equal(again(x), noise + BOOTH(x[:1]).numpy())
  assert first.calls == 4000
  assert finite_differences.BlackBox(BOOTH, .2, 1).deviation == pytest.approx(
      2 * first.deviation)


def test_variances_are_those_of_the_hessian():
  target = curvature.LogPosterior(0, 3, 30, 2.)
  w = np.random.default_rng(1).uniform(-2, 2, (5, 3))
  hessian = derivatives.hessian(target, tf.constant(w)).numpy()
  np.testing.assert_allclose(
      target.conditional_variances(w),
      -1 / np.diagonal(hessian, axis1=1, axis2=2), rtol=1e-10)


def row(setting, metric, value, seed=0, method="kl"):
  return results.Row("section5", "smoke", setting, method, "internal", 20,
                     seed, 1, metric, value)


def test_trials_are_chosen_on_validation_errors_cell_by_cell():
  a, b = "x learning_rate=1", "x learning_rate=2"
  wanted = [row(a, "validation_kl", .1), row(a, "test_kl", 1.)]
  other = [row("y learning_rate=2", "validation_kl", .3),
           row(b, "validation_kl", .9, method="both")]
  worse = [row(b, "validation_kl", .2), row(b, "test_kl", .5)]
  assert common.chosen(
      worse + wanted + other, "validation_kl") == wanted + other


def test_a_trial_that_diverged_is_not_chosen():
  bad = [row("alpha=1", "validation_kl", .01),
         row("alpha=1", "validation_kl", np.nan, seed=1)]
  good = [row("alpha=2", "validation_kl", .5, seed=s) for s in range(2)]
  assert common.chosen(bad + good, "validation_kl") == good


@pytest.mark.parametrize("method", ["exact", "differences"])
def test_the_error_of_target_gradients(method):
  data, _ = finite_differences.training_data(method, BOOTH, .1, 50, .5, seed=3)
  measured = finite_differences._gradient_error(data, BOOTH)
  assert measured == 0 if method == "exact" else .01 < measured < .5


def test_presets():
  for preset in config_lib.PRESETS.values():
    names = [part.name for name, parts in section5.EXPERIMENTS.items()
             for part in parts(getattr(preset, name))]
    assert len(set(names)) == len(names)
    trials = preset.internal.trials.values()
    assert len({len(t.learning_rates) * len(t.alphas) for t in trials}) == 1
  assert len(config_lib.PRESETS["cpu"].internal.seeds) >= 5
  assert dataclasses.asdict(SMOKE)["curvature"]["dimension"] == 2
