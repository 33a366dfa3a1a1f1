"""Figure 2's functions with every method: rows and section."""

import dataclasses
import shutil

import numpy as np
import pytest

from configs import balancing as config_lib
from reproduce import experiment as experiment_lib
from reproduce import markdown, rows, run, stats
from reproduce.balancing import __main__ as balancing
from reproduce.balancing import benchmark_functions, experiment, fit, grid
from sobolev_tf.training import checkpoint

SMOKE = config_lib.PRESETS["smoke"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory, command):
  """The folder of a finished smoke run."""
  folder = tmp_path_factory.mktemp("balancing") / "smoke"
  assert command(balancing, "--preset=smoke", f"--output={folder}").status == 0
  return folder


def row_files(folder):
  return {path.name: path.read_bytes() for path in (folder / "rows").iterdir()}


def test_rows(finished):
  measured = rows.read(finished)
  assert np.isfinite([row.value for row in measured]).all()
  assert sorted((row.task, row.method, row.seed, row.metric)
                for row in measured) == sorted(
      (task, method, seed, metric) for task in ("booth", "ackley")
      for method in ("values", "eq1") for seed in (0, 1)
      for metric in (grid.VALUE, grid.DERIVATIVE))
  assert {(row.n, row.step, row.preset) for row in measured} == {
      (20, 20, "smoke")}
  (trial,) = {tuple(row.settings[name] for name in config_lib.Trial._fields)
              for row in measured}
  assert trial == config_lib.ONE_TRIAL["eq1"][0]


def test_section(finished):
  text = (finished / "section.md").read_text()
  assert "Untuned: " in text and "nan" not in text
  assert "| method, untuned | ackley | booth |" in text
  assert "| booth, n = 20 |" in text
  measured = rows.matching(rows.read(finished), method="eq1")
  for metric in (grid.VALUE, grid.DERIVATIVE):
    ackley, booth = (
        markdown.interval(stats.bootstrap(np.log10([
            row.value for row in rows.matching(
                measured, metric=metric, task=task)])).mapped(
                    lambda decades: 10**decades), 3)
        for task in ("ackley", "booth"))
    plain = text.replace("**", "")
    assert f"| Eq. 1, weight 1 | {ackley} | {booth} |" in plain


def test_a_part_that_was_interrupted_is_made_again_and_no_other(
    finished, tmp_path, monkeypatch):
  copied = tmp_path / "smoke"
  shutil.copytree(finished, copied)
  path = copied / "rows" / "functions_n20_eq1_0.csv"
  path.unlink()
  save = checkpoint.Checkpointer.save

  def save_and_die(self, step, history):
    save(self, step, history)
    raise KeyboardInterrupt

  plan = experiment.plan("smoke", SMOKE)
  with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
    patch.setattr(checkpoint.Checkpointer, "save", save_and_die)
    run.run(plan, copied)
  assert (copied / "checkpoints" / path.stem).is_dir() and not path.exists()
  trained = []
  fit_once = fit.fit
  monkeypatch.setattr(fit, "fit", lambda *args, **options: (
      trained.append(args[2]) or fit_once(*args, **options)))
  run.run(plan, copied)
  assert trained == ["eq1"]
  assert row_files(copied) == row_files(finished)


def booth(points):
  """Booth's function `[N, 1]` and its gradient `[N, 2]`, by hand."""
  x, y = points.T
  one, two = x + 2 * y - 7, 2 * x + y - 5
  return ((one**2 + two**2)[:, None],
          np.stack([2 * one + 4 * two, 4 * one + 2 * two], -1))


def test_a_members_errors_are_0_for_the_truth_and_1_for_the_mean():
  member = benchmark_functions.members(SMOKE, 5)[0]
  assert member.task == "booth" and member.train.dy_dx.shape == (5, 2)
  deviation = 20 / 12**.5  # of inputs between -10 and 10
  values, _ = booth(member.train.x * deviation)
  y, dy_dx = booth(member.x * deviation)
  truth = fit.Data(member.x, (y - values.mean()) / values.std(),
                   dy_dx * deviation / values.std())
  for found in member.measure(truth).values():
    np.testing.assert_allclose(found, 0., atol=1e-6)
  mean = truth._replace(y=0 * truth.y + truth.y.mean(),
                        dy_dx=0 * truth.dy_dx + truth.dy_dx.mean(0))
  for found in member.measure(mean).values():
    np.testing.assert_allclose(found, 1., rtol=1e-6)


def test_functions_with_a_choice_of_their_own(tmp_path):
  """The search over robust terms, with trials enough for a table."""
  preset = config_lib.PRESETS["robust_tuning"]
  plan = experiment.plan("robust_tuning", {
      function: dataclasses.replace(
          config, training=SMOKE.training, points=50, seeds=(100,), trials={
              method: config.trials[method][:2]
              for method in ("values", "huber")})
      for function, config in preset.items()})
  assert [part.name for part in plan.parts] == [
      f"{function}_n20_{method}" for function in ("bukin", "ackley")
      for method in ("values_0", "huber_0.1")]
  measured = run.run(plan, tmp_path / "run")
  assert {row.metric for row in measured} == {grid.VALIDATION}
  text = experiment.write(experiment_lib.Results(
      measured, tmp_path / "run", tmp_path))
  for function in preset:
    assert f"### `{function}`, preset `robust_tuning`: 20 steps" in text
  assert text.count("| Huber |") == 2
  assert text.count("**") == 2 * 4  # the best of each method and function
