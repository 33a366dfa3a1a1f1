"""The theory entrypoint on its smoke preset: rows, tables, resumption."""

import dataclasses
import pathlib
import re
import shutil

import numpy as np
import pytest

from configs import theory as config_lib
from reproduce import report
from reproduce import rows as results
from reproduce.theory import __main__ as theory
from reproduce.theory import parts as parts_lib
from reproduce.theory import section
from reproduce.theory import section_common as common
from reproduce.theory import section_theorem1 as theorem1
from sobolev_tf import errors

SMOKE = config_lib.PRESETS["smoke"]
COMMITTED = pathlib.Path(__file__).parents[2] / "results" / "theory" / "quick"


@pytest.fixture(scope="module")
def run(tmp_path_factory, command):
  """The folder of a finished smoke run, through the flags."""
  folder = tmp_path_factory.mktemp("theory") / "run"
  assert command(theory, "--preset=smoke", f"--output={folder}").status == 0
  return folder


def test_every_statement_has_rows_a_heading_and_a_figure(run):
  rows = results.read(run)
  assert {row.task for row in rows} == set(section.STATEMENTS)
  text = (run / "section.md").read_text()
  assert text.count("\n### ") == len(section.STATEMENTS)
  figures = re.findall(r"\]\(([^)]+\.png)\)", text)
  assert len(set(figures)) == len(section.STATEMENTS)
  assert all((run / name).stat().st_size > 5000 for name in figures)
  assert "nan" not in text


def test_statements_hold(run):
  rows = results.read(run)

  def values(**wanted):
    found = [row.value for row in rows if all(
        getattr(row, name) == value for name, value in wanted.items())]
    assert found
    return found

  eta, = values(task="theorem2", metric="eta", method="bound")
  assert min(values(task="theorem2", metric="error")) >= eta
  assert max(values(task="proposition1", metric="gradient_error")) < 1e-11
  assert max(values(task="proposition4", method="critic")) < 1e-14
  assert min(values(task="proposition4", method="linear")) > .1
  assert values(task="identification", method="polynomials", metric="K_sob",
                n=2, setting="generic") == [2]
  errors_1d = values(task="theorem1", method="constructed",
                     metric="derivative_rms", setting="dimension=1")
  assert sorted(errors_1d, reverse=True) == errors_1d


@pytest.mark.parametrize("dimension", [1, 2])
@pytest.mark.parametrize("method", ["constructed", "trained"])
def test_both_errors_of_theorem1_fall_with_the_width(method, dimension):
  rows = results.read(COMMITTED)
  for metric in ("value_rms", "derivative_rms"):
    n, found = common.by_size(
        rows, task="theorem1", method=method, metric=metric,
        setting=f"dimension={dimension}")
    assert len(n) >= 3 and found.shape[1] == (3 if method == "trained" else 1)
    assert (np.diff(np.median(found, axis=1)) < 0).all()


def test_theorem1_says_where_training_leaves_the_largest_error(tmp_path):
  rows = [row for row in results.read(COMMITTED) if row.task == "theorem1"]
  # Medians of three seeds, in results/theory/quick/rows.
  assert theorem1.write(rows, COMMITTED / "tables", tmp_path).endswith(
      "The largest error of the trained networks' derivative falls in 1 "
      "dimension (from 1.6 with 8 units to 0.28 with 128) and hardly falls in "
      "2 dimensions (from 4.9 with 16 units to 4.7 with 256).\n")
  worse = [dataclasses.replace(row, value=6.) if row.n == 256 else row
           for row in rows]
  assert "does not fall in 2 dimensions (from 4.9" in theorem1.write(
      worse, COMMITTED / "tables", tmp_path)


def test_a_run_that_lost_parts_makes_only_these_again(
    run, tmp_path, monkeypatch):
  folder = shutil.copytree(run, tmp_path / "run")
  before = {path.name: path.read_bytes()
            for path in folder.glob("*/*.csv")}
  (folder / "rows" / "figure2_left.csv").unlink()
  (folder / "tables" / "proposition1_curve.csv").unlink()
  made = []
  kept = parts_lib.parts

  def noted(config):
    for part in kept(config):
      def compute(part=part, **options):
        made.append(part.name)
        return part.compute(**options)
      yield part._replace(compute=compute)

  monkeypatch.setattr(parts_lib, "parts", noted)
  theory.run(SMOKE, folder, preset="smoke")
  assert made == ["figure2_left", "proposition1"]
  assert {path.name: path.read_bytes()
          for path in folder.glob("*/*.csv")} == before


def test_overwrite_deletes_tables(run, tmp_path):
  folder = shutil.copytree(run, tmp_path / "run")
  settings = {"artefact": "theory"}
  with pytest.raises(errors.UserError, match="other settings"):
    results.Run(folder, settings)
  results.Run(folder, settings, overwrite=True)
  assert not list(folder.glob("*/*.csv"))


def test_report_of_a_finished_and_of_an_unfinished_run(run, tmp_path):
  folder = shutil.copytree(run, tmp_path / "runs" / "theory")
  page = report.write([tmp_path / "runs"], tmp_path / "report").read_text()
  assert page.count("data:image/png") == len(section.STATEMENTS)
  for path in folder.glob("rows/*.csv"):
    if path.stem not in ("figure1", "proposition4"):
      path.unlink()
  page = report.write([tmp_path / "runs"], tmp_path / "less").read_text()
  assert page.count("data:image/png") == 2


def test_presets():
  for preset in config_lib.PRESETS.values():
    names = [part.name for part in parts_lib.parts(preset)]
    assert len(set(names)) == len(names)
    one = preset.theorem1
    # Errors are measured at points that are no knots: see universality.grid.
    assert all(side & (side - 1) == 0 for side in one.error_side)
    assert all(width < 2 * one.error_side[0] for width in one.widths)
    assert one.drawn in one.widths
  assert dataclasses.asdict(SMOKE)["theorem1"]["settings"]["steps"] == 20
