"""Tests of result rows on disk."""

import dataclasses
import math

import numpy as np
import pytest

from reproduce import folder as folder_lib
from reproduce import rows as rows_lib
from reproduce import tables
from sobolev_tf import errors, files

ROW = rows_lib.Row(
    "booth", "sobolev", "test_mse", 1.5, n=20, step=60,
    settings={"targets": "raw"}, artefact="figure2", preset="smoke")
SETTINGS = {"artefact": "figure2", "preset": "smoke", "sizes": [20, 100],
            "settings": [{"steps": 60, "targets": "raw"}]}


@pytest.mark.parametrize("value", [
    .1, 1e-300, 5e-324, 1.7976931348623157e308, -0., 2 / 3, math.nan, math.inf,
    np.float64(.1), np.float32(.1)])
def test_values_read_back_exactly(tmp_path, value):
  folder_lib.RunFolder(tmp_path, {}).write(
      "p", [dataclasses.replace(ROW, value=value)])
  row, = rows_lib.read(tmp_path)
  assert np.float64(row.value).tobytes() == np.float64(value).tobytes()


def test_rows_read_back(tmp_path):
  odd = dataclasses.replace(
      ROW, settings={"targets": 'a, "b" = c; ü'}, method="", n=10**12, seed=3)
  run = folder_lib.RunFolder(tmp_path, SETTINGS)
  run.write("b", [ROW, odd])
  run.write("a", [dataclasses.replace(ROW, seed=7)])
  stripped = [dataclasses.replace(row, commit="", versions="")
              for row in rows_lib.read(tmp_path)]
  assert stripped == [dataclasses.replace(ROW, seed=7), ROW, odd]
  assert type(stripped[0].n) is int and type(stripped[0].value) is float


def test_damaged_rows_are_named(tmp_path):
  run = folder_lib.RunFolder(tmp_path, SETTINGS)
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
  rows_lib.write(tmp_path / "p.csv", [
      dataclasses.replace(ROW, settings=settings),
      dataclasses.replace(ROW, settings=other)])
  header = files.read_text(tmp_path / "p.csv").split("\n")[0].split(",")
  assert header[:2] == ["artefact", "preset"]
  assert header[2:8] == [*settings, "alpha"]
  first, second = rows_lib.read_file(tmp_path / "p.csv")
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


def test_label_and_slug():
  settings = {"inputs": "raw", "rate": 3e-05, "activation": None, "cuts": 3}
  assert rows_lib.label(settings) == "inputs=raw rate=3e-05 cuts=3"
  assert rows_lib.slug("inputs=raw rate=3e-05") == "inputs-raw-rate-3e-05"


RECORD = {"artefact": "figure2", "preset": "smoke", "method": "sobolev",
          "task": "booth", "n": 20, "seed": 0, "step": 60,
          "metric": "test_mse", "value": 1.5, "commit": "", "versions": ""}


def test_the_record_is_one_of_rows(tmp_path):
  tables.write(tmp_path / "p.csv", [RECORD])
  assert rows_lib.read_file(tmp_path / "p.csv") == [
      dataclasses.replace(ROW, settings={})]


@pytest.mark.parametrize("record", [
    {"artefact": "figure2"}, RECORD | {"n": "many"},
    RECORD | {"value": "low"}])
def test_other_tables_are_not_rows(tmp_path, record):
  (tmp_path / "rows").mkdir()
  path = tmp_path / "rows" / "p.csv"
  tables.write(path, [record])
  with pytest.raises(errors.UserError) as error:
    rows_lib.read(tmp_path)
  assert str(error.value).startswith(f"'{path}' is not a file of result rows")
