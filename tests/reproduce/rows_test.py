"""Tests of result rows on disk."""

import dataclasses
import json
import math

import numpy as np
import pytest
import tensorflow as tf

from reproduce import rows as results
from sobolev_tf import errors, files

ROW = results.Row("figure2", "smoke", "targets=raw", "sobolev", "booth", 20,
                  0, 60, "test_mse", 1.5)
SETTINGS = {"preset": "smoke", "sizes": [20, 100],
            "settings": [{"steps": 60, "targets": "raw"}]}


def contents(folder):
  return {str(p.relative_to(folder)): p.read_bytes()
          for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("value", [
    .1, 1e-300, 5e-324, 1.7976931348623157e308, -0., 2 / 3, math.nan, math.inf,
    np.float64(.1), np.float32(.1)])
def test_values_read_back_exactly(tmp_path, value):
  results.Run(tmp_path, {}).write("p", [dataclasses.replace(ROW, value=value)])
  row, = results.read(tmp_path)
  assert np.float64(row.value).tobytes() == np.float64(value).tobytes()


def test_rows_read_back(tmp_path):
  odd = dataclasses.replace(
      ROW, setting='a, "b" = c; ü', method="", n=10**12, seed=3)
  run = results.Run(tmp_path, SETTINGS)
  run.write("b", [ROW, odd])
  run.write("a", [dataclasses.replace(ROW, seed=7)])
  stripped = [dataclasses.replace(row, commit="", versions="")
              for row in results.read(tmp_path)]
  assert stripped == [dataclasses.replace(ROW, seed=7), ROW, odd]
  assert type(stripped[0].n) is int and type(stripped[0].value) is float


def test_commit_and_versions_are_filled_in(tmp_path):
  results.Run(tmp_path, {}).write("p", [ROW])
  row, = results.read(tmp_path)
  assert row.commit == results.commit()
  assert row.commit
  for piece in ("python 3.", f"tensorflow {tf.__version__}",
                f"numpy {np.__version__}", "sonnet "):
    assert piece in row.versions


def test_finished_parts(tmp_path):
  run = results.Run(tmp_path, SETTINGS)
  assert not run.finished("p")
  run.write("p", [ROW])
  assert run.finished("p") and not run.finished("q")
  assert results.Run(tmp_path, SETTINGS).finished("p")


def test_writing_a_part_drops_its_checkpoints_only(tmp_path):
  run = results.Run(tmp_path, SETTINGS)
  for part in ("p", "q"):
    run.checkpoints(part).mkdir(parents=True)
    (run.checkpoints(part) / "step").touch()
  run.write("p", [ROW])
  assert not run.checkpoints("p").exists()
  assert (run.checkpoints("q") / "step").exists()
  run.write("q", [ROW])
  assert not (tmp_path / "checkpoints").exists()


def test_same_settings_are_taken_whatever_their_python_types(tmp_path):
  results.Run(tmp_path, {"sizes": (20, 100), "rate": 1e-3})
  results.Run(tmp_path, {"rate": .001, "sizes": [20, 100]})


@pytest.mark.parametrize("change, difference", [
    ({"preset": "quick"}, "preset: smoke there, quick now"),
    ({"sizes": [20]}, "sizes: [20, 100] there, [20] now"),
    ({"sizes": [20, 50]}, "sizes: 100 there, 50 now"),
    ({"settings": [{"steps": 61, "targets": "raw"}]},
     "steps: 60 there, 61 now"),
    ({"new": 1}, "new: None there, 1 now"),
])
def test_other_settings_are_refused_and_nothing_changes(
    tmp_path, change, difference):
  results.Run(tmp_path, SETTINGS).write("p", [ROW])
  before = contents(tmp_path)
  with pytest.raises(errors.UserError) as error:
    results.Run(tmp_path, SETTINGS | change)
  assert str(error.value) == (
      f"'{tmp_path}' holds results of other settings ({difference}): choose "
      "another --output, or pass --overwrite to delete them.")
  assert contents(tmp_path) == before


def test_damaged_settings_are_named(tmp_path):
  results.Run(tmp_path, SETTINGS)
  (tmp_path / "run.json").write_text("{}")
  with pytest.raises(errors.UserError, match="run.json' is damaged.*--overw"):
    results.Run(tmp_path, SETTINGS)
  results.Run(tmp_path, SETTINGS, overwrite=True)  # as the message says
  results.Run(tmp_path, SETTINGS)


@pytest.mark.parametrize("overwrite", [False, True])
def test_foreign_folder_is_refused_and_nothing_changes(tmp_path, overwrite):
  (tmp_path / "rows").mkdir()
  (tmp_path / "rows" / "thesis.csv").write_text("years of work")
  (tmp_path / "checkpoints").mkdir()
  (tmp_path / "checkpoints" / "mine").write_text("mine")
  before = contents(tmp_path)
  with pytest.raises(errors.UserError, match="not a folder of results"):
    results.Run(tmp_path, SETTINGS, overwrite=overwrite)
  assert contents(tmp_path) == before


def test_hidden_files_are_not_foreign(tmp_path):
  (tmp_path / ".lock").touch()
  results.Run(tmp_path, SETTINGS)


def test_killed_while_its_settings_were_written_resumes(tmp_path):
  (tmp_path / "run.json.partial").write_text("# sha256=12")
  results.Run(tmp_path, SETTINGS)
  assert json.loads(files.read_text(tmp_path / "run.json")) == SETTINGS


def test_overwrite_deletes_results_only(tmp_path):
  run = results.Run(tmp_path, SETTINGS)
  run.write("p", [ROW])
  run.checkpoints("q").mkdir(parents=True)
  (tmp_path / "figure2-0.png").write_text("drawn from the rows")
  (tmp_path / "notes.txt").write_text("mine")
  run = results.Run(tmp_path, SETTINGS | {"preset": "quick"}, overwrite=True)
  assert not run.finished("p") and not run.checkpoints("q").exists()
  assert (tmp_path / "notes.txt").read_text() == "mine"
  assert json.loads(files.read_text(tmp_path / "run.json"))["preset"] == (
      "quick")
  assert results.read(tmp_path) == []


def test_damaged_rows_are_named(tmp_path):
  run = results.Run(tmp_path, SETTINGS)
  run.write("p", [ROW])
  path = tmp_path / "rows" / "p.csv"
  path.write_text(path.read_text().replace("1.5", "1.4"))
  for use in (lambda: run.finished("p"), lambda: results.read(tmp_path)):
    with pytest.raises(errors.UserError) as error:
      use()
    assert f"'{path}' is damaged" in str(error.value)


@pytest.mark.parametrize("record", [
    {"artefact": "figure2"},
    dataclasses.asdict(ROW) | {"n": "many"},
    dataclasses.asdict(ROW) | {"value": "low"}])
def test_other_tables_are_not_rows(tmp_path, record):
  (tmp_path / "rows").mkdir()
  path = tmp_path / "rows" / "p.csv"
  results.write_table(path, [record])
  with pytest.raises(errors.UserError) as error:
    results.read(tmp_path)
  assert str(error.value).startswith(f"'{path}' is not a file of result rows")


def test_table_round_trip(tmp_path):
  results.write_table(tmp_path / "t", [{"a": .1, "b": "x,y\nz"},
                                       {"a": 3, "b": ""}])
  assert results.read_table(tmp_path / "t") == [
      {"a": "0.1", "b": "x,y\nz"}, {"a": "3", "b": ""}]
