"""Tests of a run's folder: settings, finished parts, what is refused."""

import json

import numpy as np
import pytest
import tensorflow as tf

from reproduce import folder as folder_lib
from reproduce import provenance
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


def test_commit_and_versions_are_filled_in(tmp_path):
  folder_lib.RunFolder(tmp_path, {}).write("p", [ROW])
  row, = rows_lib.read(tmp_path)
  assert row.commit == provenance.commit()
  assert row.commit
  for piece in ("python 3.", f"tensorflow {tf.__version__}",
                f"numpy {np.__version__}", "sonnet "):
    assert piece in row.versions


def test_finished_parts(tmp_path):
  run = folder_lib.RunFolder(tmp_path, SETTINGS)
  assert not run.finished("p")
  run.write("p", [ROW])
  assert run.finished("p") and not run.finished("q")
  assert folder_lib.RunFolder(tmp_path, SETTINGS).finished("p")


def test_writing_a_part_drops_its_checkpoints_only(tmp_path):
  run = folder_lib.RunFolder(tmp_path, SETTINGS)
  for part in ("p", "q"):
    run.checkpoints(part).mkdir(parents=True)
    (run.checkpoints(part) / "step").touch()
  run.write("p", [ROW])
  assert not run.checkpoints("p").exists()
  assert (run.checkpoints("q") / "step").exists()
  run.write("q", [ROW])
  assert not (tmp_path / "checkpoints").exists()


def test_same_settings_are_taken_whatever_their_python_types(tmp_path):
  folder_lib.RunFolder(tmp_path, {"sizes": (20, 100), "rate": 1e-3})
  folder_lib.RunFolder(tmp_path, {"rate": .001, "sizes": [20, 100]})


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
  folder_lib.RunFolder(tmp_path, SETTINGS).write("p", [ROW])
  before = contents(tmp_path)
  with pytest.raises(errors.UserError) as error:
    folder_lib.RunFolder(tmp_path, SETTINGS | change)
  assert str(error.value) == (
      f"'{tmp_path}' holds results of other settings ({difference}): choose "
      "another --output, or pass --overwrite to delete them.")
  assert contents(tmp_path) == before


def test_damaged_settings_are_named(tmp_path):
  folder_lib.RunFolder(tmp_path, SETTINGS)
  (tmp_path / "run.json").write_text("{}")
  with pytest.raises(errors.UserError, match="run.json' is damaged.*--overw"):
    folder_lib.RunFolder(tmp_path, SETTINGS)
  # As the message says.
  folder_lib.RunFolder(tmp_path, SETTINGS, overwrite=True)
  folder_lib.RunFolder(tmp_path, SETTINGS)


@pytest.mark.parametrize("overwrite", [False, True])
def test_foreign_folder_is_refused_and_nothing_changes(tmp_path, overwrite):
  (tmp_path / "rows").mkdir()
  (tmp_path / "rows" / "thesis.csv").write_text("years of work")
  (tmp_path / "checkpoints").mkdir()
  (tmp_path / "checkpoints" / "mine").write_text("mine")
  before = contents(tmp_path)
  with pytest.raises(errors.UserError, match="not a folder of results"):
    folder_lib.RunFolder(tmp_path, SETTINGS, overwrite=overwrite)
  assert contents(tmp_path) == before


def test_hidden_files_are_not_foreign(tmp_path):
  (tmp_path / ".lock").touch()
  folder_lib.RunFolder(tmp_path, SETTINGS)


def test_killed_while_its_settings_were_written_resumes(tmp_path):
  (tmp_path / "run.json.partial").write_text("# sha256=12")
  folder_lib.RunFolder(tmp_path, SETTINGS)
  assert json.loads(files.read_text(tmp_path / "run.json")) == SETTINGS


def test_what_cannot_be_deleted_is_not_passed_off_as_new(
    tmp_path, monkeypatch):
  folder_lib.RunFolder(tmp_path, SETTINGS).write("p", [ROW])
  before = contents(tmp_path)
  monkeypatch.setattr(  # as for another user's files
      folder_lib.shutil, "rmtree", lambda path, ignore_errors: None)
  with pytest.raises(errors.UserError, match="rows' cannot be deleted"):
    folder_lib.RunFolder(
        tmp_path, SETTINGS | {"preset": "quick"}, overwrite=True)
  assert contents(tmp_path) == before


def test_overwrite_deletes_results_only(tmp_path):
  run = folder_lib.RunFolder(tmp_path, SETTINGS)
  run.write("p", [ROW])
  run.checkpoints("q").mkdir(parents=True)
  (tmp_path / "figure2-0.png").write_text("drawn from the rows")
  (tmp_path / "notes.txt").write_text("mine")
  run = folder_lib.RunFolder(
      tmp_path, SETTINGS | {"preset": "quick"}, overwrite=True)
  assert not run.finished("p") and not run.checkpoints("q").exists()
  assert (tmp_path / "notes.txt").read_text() == "mine"
  assert json.loads(files.read_text(tmp_path / "run.json"))["preset"] == (
      "quick")
  assert rows_lib.read(tmp_path) == []
