"""Tests of result rows on disk."""

import dataclasses
import json
import math

import numpy as np
import pytest
import tensorflow as tf

from reproduce import rows as rows_lib
from sobolev_tf import errors, files

ROW = rows_lib.Row(
    "booth", "sobolev", "test_mse", 1.5, n=20, step=60,
    settings={"targets": "raw"}, artefact="figure2", preset="smoke")
SETTINGS = {"artefact": "figure2", "preset": "smoke", "sizes": [20, 100],
            "settings": [{"steps": 60, "targets": "raw"}]}


def contents(folder):
  return {str(p.relative_to(folder)): p.read_bytes()
          for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("value", [
    .1, 1e-300, 5e-324, 1.7976931348623157e308, -0., 2 / 3, math.nan, math.inf,
    np.float64(.1), np.float32(.1)])
def test_values_read_back_exactly(tmp_path, value):
  rows_lib.Run(tmp_path, {}).write("p", [dataclasses.replace(ROW, value=value)])
  row, = rows_lib.read(tmp_path)
  assert np.float64(row.value).tobytes() == np.float64(value).tobytes()


def test_rows_read_back(tmp_path):
  odd = dataclasses.replace(
      ROW, settings={"targets": 'a, "b" = c; ü'}, method="", n=10**12, seed=3)
  run = rows_lib.Run(tmp_path, SETTINGS)
  run.write("b", [ROW, odd])
  run.write("a", [dataclasses.replace(ROW, seed=7)])
  stripped = [dataclasses.replace(row, commit="", versions="")
              for row in rows_lib.read(tmp_path)]
  assert stripped == [dataclasses.replace(ROW, seed=7), ROW, odd]
  assert type(stripped[0].n) is int and type(stripped[0].value) is float


def test_commit_and_versions_are_filled_in(tmp_path):
  rows_lib.Run(tmp_path, {}).write("p", [ROW])
  row, = rows_lib.read(tmp_path)
  assert row.commit == rows_lib.commit()
  assert row.commit
  for piece in ("python 3.", f"tensorflow {tf.__version__}",
                f"numpy {np.__version__}", "sonnet "):
    assert piece in row.versions


def test_finished_parts(tmp_path):
  run = rows_lib.Run(tmp_path, SETTINGS)
  assert not run.finished("p")
  run.write("p", [ROW])
  assert run.finished("p") and not run.finished("q")
  assert rows_lib.Run(tmp_path, SETTINGS).finished("p")


def test_writing_a_part_drops_its_checkpoints_only(tmp_path):
  run = rows_lib.Run(tmp_path, SETTINGS)
  for part in ("p", "q"):
    run.checkpoints(part).mkdir(parents=True)
    (run.checkpoints(part) / "step").touch()
  run.write("p", [ROW])
  assert not run.checkpoints("p").exists()
  assert (run.checkpoints("q") / "step").exists()
  run.write("q", [ROW])
  assert not (tmp_path / "checkpoints").exists()


def test_same_settings_are_taken_whatever_their_python_types(tmp_path):
  rows_lib.Run(tmp_path, {"sizes": (20, 100), "rate": 1e-3})
  rows_lib.Run(tmp_path, {"rate": .001, "sizes": [20, 100]})


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
  rows_lib.Run(tmp_path, SETTINGS).write("p", [ROW])
  before = contents(tmp_path)
  with pytest.raises(errors.UserError) as error:
    rows_lib.Run(tmp_path, SETTINGS | change)
  assert str(error.value) == (
      f"'{tmp_path}' holds results of other settings ({difference}): choose "
      "another --output, or pass --overwrite to delete them.")
  assert contents(tmp_path) == before


def test_damaged_settings_are_named(tmp_path):
  rows_lib.Run(tmp_path, SETTINGS)
  (tmp_path / "run.json").write_text("{}")
  with pytest.raises(errors.UserError, match="run.json' is damaged.*--overw"):
    rows_lib.Run(tmp_path, SETTINGS)
  rows_lib.Run(tmp_path, SETTINGS, overwrite=True)  # as the message says
  rows_lib.Run(tmp_path, SETTINGS)


@pytest.mark.parametrize("overwrite", [False, True])
def test_foreign_folder_is_refused_and_nothing_changes(tmp_path, overwrite):
  (tmp_path / "rows").mkdir()
  (tmp_path / "rows" / "thesis.csv").write_text("years of work")
  (tmp_path / "checkpoints").mkdir()
  (tmp_path / "checkpoints" / "mine").write_text("mine")
  before = contents(tmp_path)
  with pytest.raises(errors.UserError, match="not a folder of results"):
    rows_lib.Run(tmp_path, SETTINGS, overwrite=overwrite)
  assert contents(tmp_path) == before


def test_hidden_files_are_not_foreign(tmp_path):
  (tmp_path / ".lock").touch()
  rows_lib.Run(tmp_path, SETTINGS)


def test_killed_while_its_settings_were_written_resumes(tmp_path):
  (tmp_path / "run.json.partial").write_text("# sha256=12")
  rows_lib.Run(tmp_path, SETTINGS)
  assert json.loads(files.read_text(tmp_path / "run.json")) == SETTINGS


def test_overwrite_deletes_results_only(tmp_path):
  run = rows_lib.Run(tmp_path, SETTINGS)
  run.write("p", [ROW])
  run.checkpoints("q").mkdir(parents=True)
  (tmp_path / "figure2-0.png").write_text("drawn from the rows")
  (tmp_path / "notes.txt").write_text("mine")
  run = rows_lib.Run(tmp_path, SETTINGS | {"preset": "quick"}, overwrite=True)
  assert not run.finished("p") and not run.checkpoints("q").exists()
  assert (tmp_path / "notes.txt").read_text() == "mine"
  assert json.loads(files.read_text(tmp_path / "run.json"))["preset"] == (
      "quick")
  assert rows_lib.read(tmp_path) == []


def test_damaged_rows_are_named(tmp_path):
  run = rows_lib.Run(tmp_path, SETTINGS)
  run.write("p", [ROW])
  path = tmp_path / "rows" / "p.csv"
  path.write_text(path.read_text().replace("1.5", "1.4"))
  for use in (lambda: run.finished("p"), lambda: rows_lib.read(tmp_path)):
    with pytest.raises(errors.UserError) as error:
      use()
    assert f"'{path}' is damaged" in str(error.value)


def test_settings_are_columns_and_keep_their_types(tmp_path):
  settings = {"rate": 1e-3, "width": 64, "centred": True, "targets": "raw",
              "activation": None}
  other = {"rate": .1, "alpha": 0.}
  rows_lib.write_rows(tmp_path / "p.csv", [
      dataclasses.replace(ROW, settings=settings),
      dataclasses.replace(ROW, settings=other)])
  header = files.read_text(tmp_path / "p.csv").split("\n")[0].split(",")
  assert header[:2] == ["artefact", "preset"]
  assert header[2:8] == [*settings, "alpha"]
  first, second = rows_lib.read_rows(tmp_path / "p.csv")
  assert first.settings == {**settings, "alpha": None}
  assert [type(value) for value in first.settings.values()] == [
      float, int, bool, str, type(None), type(None)]
  assert second.settings == {**dict.fromkeys(settings), **other}


def test_matching_looks_at_fields_and_settings():
  other = dataclasses.replace(ROW, seed=1, settings={"targets": "standardised"})
  assert rows_lib.matching([ROW, other], task="booth") == [ROW, other]
  assert rows_lib.matching([ROW, other], targets="raw") == [ROW]
  assert rows_lib.matching([ROW, other], seed=1, n=20) == [other]
  assert rows_lib.matching([ROW, other], alpha=None) == [ROW, other]


def test_values_against_a_setting():
  measured = [
      rows_lib.Row("t", "m", metric, value, n=20, seed=seed,
                   settings={"width": width})
      for metric, value, seed, width in (
          ("error", 4., 0, 8), ("error", 1., 0, 2), ("other", 9., 0, 2),
          ("error", 2., 1, 2), ("error", 3., 1, 8))]
  assert rows_lib.values(measured, width=2) == [1., 9., 2.]
  assert rows_lib.distinct(measured, "width") == [2, 8]
  assert rows_lib.distinct(measured, "n") == [20]
  widths, errors_at = rows_lib.by_setting(measured, "width", metric="error")
  np.testing.assert_array_equal(widths, [2, 8])
  np.testing.assert_array_equal(errors_at, [[1., 2.], [4., 3.]])


def test_columns_as_records(tmp_path):
  made = rows_lib.records(x=np.array([.1, .2]), y=tf.constant([1, 2]))
  assert made == [{"x": .1, "y": 1}, {"x": .2, "y": 2}]
  rows_lib.write_table(tmp_path / "t.csv", made)
  assert rows_lib.read_table(tmp_path / "t.csv")[1] == {"x": "0.2", "y": "2"}


def test_label_and_slug():
  settings = {"inputs": "raw", "rate": 3e-05, "activation": None, "cuts": 3}
  assert rows_lib.label(settings) == "inputs=raw rate=3e-05 cuts=3"
  assert rows_lib.slug("inputs=raw rate=3e-05") == "inputs-raw-rate-3e-05"


RECORD = {"artefact": "figure2", "preset": "smoke", "method": "sobolev",
          "task": "booth", "n": 20, "seed": 0, "step": 60,
          "metric": "test_mse", "value": 1.5, "commit": "", "versions": ""}


def test_the_record_is_one_of_rows(tmp_path):
  rows_lib.write_table(tmp_path / "p.csv", [RECORD])
  assert rows_lib.read_rows(tmp_path / "p.csv") == [
      dataclasses.replace(ROW, settings={})]


@pytest.mark.parametrize("record", [
    {"artefact": "figure2"}, RECORD | {"n": "many"},
    RECORD | {"value": "low"}])
def test_other_tables_are_not_rows(tmp_path, record):
  (tmp_path / "rows").mkdir()
  path = tmp_path / "rows" / "p.csv"
  rows_lib.write_table(path, [record])
  with pytest.raises(errors.UserError) as error:
    rows_lib.read(tmp_path)
  assert str(error.value).startswith(f"'{path}' is not a file of result rows")


def test_table_round_trip(tmp_path):
  rows_lib.write_table(tmp_path / "t", [{"a": .1, "b": "x,y\nz"},
                                       {"a": 3, "b": ""}])
  assert rows_lib.read_table(tmp_path / "t") == [
      {"a": "0.1", "b": "x,y\nz"}, {"a": "3", "b": ""}]
