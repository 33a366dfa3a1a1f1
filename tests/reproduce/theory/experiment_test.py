"""The theory run on its smoke preset: rows, tables, resumption, sections."""

import dataclasses
import pathlib
import re
import shutil

import numpy as np
import pytest

from configs import theory as config_lib
from reproduce import report, rows, run
from reproduce.theory import __main__ as theory
from reproduce.theory import experiment
from sobolev_tf import errors

SMOKE = config_lib.PRESETS["smoke"]
COMMITTED = pathlib.Path(__file__).parents[3] / "results" / "theory" / "quick"


@pytest.fixture(scope="module")
def finished(tmp_path_factory, command):
  """The folder of a finished smoke run, through the flags."""
  folder = tmp_path_factory.mktemp("theory") / "run"
  assert command(theory, "--preset=smoke", f"--output={folder}").status == 0
  return folder


def test_every_statement_has_rows_a_heading_and_a_figure(finished):
  measured = rows.read(finished)
  assert {row.task for row in measured} == set(experiment.STATEMENTS)
  text = (finished / "section.md").read_text()
  assert text.count("\n### ") == len(experiment.STATEMENTS)
  figures = re.findall(r"\]\(([^)]+\.png)\)", text)
  assert len(set(figures)) == len(experiment.STATEMENTS)
  assert all((finished / name).stat().st_size > 5000 for name in figures)
  assert "nan" not in text


def test_files_that_the_text_names_exist(finished):
  text = (finished / "section.md").read_text()
  named = re.findall(r"`(reproduce/[^`]+)`", text)
  assert named and all(
      (pathlib.Path(__file__).parents[3] / name).exists() for name in named)


def test_statements_hold(finished):
  measured = rows.read(finished)

  def values(task, **wanted):
    found = rows.values(measured, task=task, **wanted)
    assert found
    return found

  eta, = values("theorem2", metric="eta", method="bound")
  assert min(values("theorem2", metric="error")) >= eta
  assert max(values("proposition1", metric="gradient_error")) < 1e-11
  assert max(values("proposition4", method="critic")) < 1e-14
  assert min(values("proposition4", method="linear")) > .1
  assert values("identification", method="polynomials", metric="K_sob",
                degree=2, sets="generic") == [2]
  errors_1d = values("theorem1", method="constructed",
                     metric="derivative_rms", dimension=1)
  assert sorted(errors_1d, reverse=True) == errors_1d


def test_n_counts_points_and_nothing_else(finished):
  measured = rows.read(finished)
  one, two = SMOKE.theorem1, SMOKE.theorem2
  for task, counts in {
      "figure1": {0}, "figure2_left": {0}, "identification": {0},
      "proposition4": {0}, "proposition1": set(SMOKE.proposition1.sizes),
      "theorem2": {0, two.training_points}}.items():
    assert {row.n for row in rows.matching(measured, task=task)} == counts
  for method, dimension, count in (
      ("bound", 1, 0), ("constructed", 1, 0),
      ("constructed", 2, one.fit_side**2),
      ("trained", 1, one.training_side[0]),
      ("trained", 2, one.training_side[1]**2)):
    assert rows.distinct(rows.matching(
        measured, task="theorem1", method=method, dimension=dimension),
        "n") == [count]


@pytest.mark.parametrize("dimension", [1, 2])
@pytest.mark.parametrize("method", ["constructed", "trained"])
def test_both_errors_of_theorem1_fall_with_the_width(method, dimension):
  measured = rows.read(COMMITTED)
  for metric in ("value_rms", "derivative_rms"):
    widths, found = rows.by_setting(
        measured, "width", task="theorem1", method=method, metric=metric,
        dimension=dimension)
    assert len(widths) >= 3
    assert found.shape[1] == (3 if method == "trained" else 1)
    assert (np.diff(np.median(found, axis=1)) < 0).all()


def test_a_run_that_lost_parts_makes_only_these_again(finished, tmp_path):
  folder = shutil.copytree(finished, tmp_path / "run")
  before = {path.name: path.read_bytes()
            for path in folder.glob("*/*.csv")}
  (folder / "rows" / "figure2_left.csv").unlink()
  (folder / "tables" / "proposition1_curve.csv").unlink()
  made = []

  def noted(part):
    def compute(job):
      made.append(part.name)
      return part.compute(job)
    return part._replace(compute=compute)

  plan = experiment.plan("smoke", SMOKE)
  run.run(plan._replace(parts=[noted(part) for part in plan.parts]), folder)
  assert made == ["figure2_left", "proposition1"]
  assert {path.name: path.read_bytes()
          for path in folder.glob("*/*.csv")} == before


def test_overwrite_deletes_tables(finished, tmp_path):
  folder = shutil.copytree(finished, tmp_path / "run")
  other = experiment.plan("quick", config_lib.PRESETS["quick"])
  with pytest.raises(errors.UserError, match="other settings"):
    run.open_folder(other, folder)
  run.open_folder(other, folder, overwrite=True)
  assert not list(folder.glob("*/*.csv"))


def test_report_of_a_finished_and_of_an_unfinished_run(finished, tmp_path):
  folder = shutil.copytree(finished, tmp_path / "runs" / "theory")
  page = report.write([tmp_path / "runs"], tmp_path / "report").read_text()
  assert page.count("data:image/png") == len(experiment.STATEMENTS)
  for path in folder.glob("rows/*.csv"):
    if path.stem not in ("figure1", "proposition4"):
      path.unlink()
  page = report.write([tmp_path / "runs"], tmp_path / "less").read_text()
  assert page.count("data:image/png") == 2


def test_presets():
  for name, preset in config_lib.PRESETS.items():
    names = [part.name for part in experiment.plan(name, preset).parts]
    assert len(set(names)) == len(names)
    one = preset.theorem1
    # Errors are measured at points that are no knots: see universality.grid.
    assert all(side & (side - 1) == 0 for side in one.error_side)
    assert all(width < 2 * one.error_side[0] for width in one.widths)
    assert one.drawn in one.widths
  assert dataclasses.asdict(SMOKE)["theorem1"]["settings"]["steps"] == 20
