"""Bad input through the real entrypoint: one sentence, nothing lost."""

import json
import shutil

from commands import check_refused, contents
import pytest

from reproduce import app, figure2
from reproduce.regression import train as regression
from sobolev_tf import errors, files

SMALL = ["--preset=smoke", "--functions=booth", "--seeds=0", "--steps=3"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory, command):
  """The folder of a small finished run."""
  folder = tmp_path_factory.mktemp("finished") / "run"
  assert command(figure2, *SMALL, f"--output={folder}").status == 0
  return folder


@pytest.fixture
def folder(finished, tmp_path):
  return shutil.copytree(finished, tmp_path / "run")


def test_good_input_for_comparison(folder, command):
  assert len(list(folder.glob("rows/*.csv"))) == 2
  assert (folder / "section.md").exists()
  assert (folder / "figure2-0.png").exists()
  status, _, stderr = command(figure2, *SMALL, f"--output={folder}")
  assert status == 0 and "error" not in stderr


@pytest.mark.parametrize("flag, words", [
    ("--functions=akley", ["'akley'", "styblinski_tang"]),
    ("--functions=booth,booth", ["booth"]),
    ("--sizes=0", ["--sizes", "from 1 to"]),
    ("--sizes=-20", ["--sizes", "'-20'"]),
    ("--sizes=abc", ["--sizes", "'abc'"]),
    ("--sizes=20,,100", ["--sizes", "''"]),
    ("--sizes=20.5", ["--sizes", "'20.5'"]),
    ("--sizes=", ["--sizes"]),
    ("--seeds=-1", ["--seeds", "'-1'"]),
    ("--seeds=1,1", ["--seeds", "'1,1'"]),
    ("--seeds=0-4,3", ["--seeds", "'0-4,3'"]),
    ("--seeds=4-0", ["--seeds", "'4-0'"]),
    ("--seeds=0,4-2", ["--seeds", "4-2"]),
    ("--seeds=1-2-3", ["--seeds", "'1-2-3'"]),
    ("stray", ["'stray' is not a flag"]),
])
def test_bad_value_of_a_flag(tmp_path, command, monkeypatch, flag, words):
  def train(*unused, **unused_named):
    raise AssertionError("it was not refused before training")
  monkeypatch.setattr(regression, "train", train)
  output = tmp_path / "new"
  check_refused(command(
      figure2, "--preset=smoke", "--steps=3", f"--output={output}", flag),
                *words)
  assert not contents(tmp_path)


@pytest.mark.parametrize("flag, word", [
    ("--steps=0", "steps"), ("--steps=many", "steps"),
    ("--seeds_per_part=0", "seeds_per_part"),
    ("--preset=huge", "preset"), ("--sise=20", "sise")])
def test_absl_refuses_what_it_knows(tmp_path, command, flag, word):
  check_refused(command(
      figure2, "--preset=smoke", f"--output={tmp_path}/new", flag), word)
  assert not list(tmp_path.iterdir())


def test_output_is_a_file(tmp_path, command):
  (tmp_path / "file").write_text("mine")
  check_refused(command(figure2, *SMALL, f"--output={tmp_path}/file"),
                f"'{tmp_path}/file'", "File exists")
  assert contents(tmp_path) == {"file": b"mine"}


def test_output_cannot_be_written(command):
  check_refused(
      command(figure2, *SMALL, "--output=/proc/sobolev"), "'/proc/sobolev'",
      "choose another output folder")


@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)])
def test_output_is_a_foreign_folder(tmp_path, command, overwrite):
  (tmp_path / "rows").mkdir()
  (tmp_path / "rows" / "mine.csv").write_text("mine")
  before = contents(tmp_path)
  check_refused(command(figure2, *SMALL, f"--output={tmp_path}", *overwrite),
                "not a folder of results", "choose another --output")
  assert contents(tmp_path) == before


def test_output_holds_rows_of_another_config(folder, command):
  before = contents(folder)
  check_refused(
      command(figure2, *SMALL, "--steps=4", f"--output={folder}"),
      "steps: 3 there, 4 now", "--overwrite")
  assert contents(folder) == before


def test_overwrite_replaces_them(folder, command):
  status, _, stderr = command(
      figure2, *SMALL, "--steps=4", f"--output={folder}", "--overwrite")
  assert status == 0, stderr
  settings = json.loads(files.read_text(folder / "run.json"))["settings"]
  assert settings[0]["steps"] == 4
  assert len(list(folder.glob("rows/*.csv"))) == 2


def test_output_is_in_use(folder, command):
  before = contents(folder)
  with files.locked(folder):
    check_refused(command(figure2, *SMALL, f"--output={folder}"), "Another run")
  assert contents(folder) == before


def test_damaged_rows(folder, command):
  path = min(folder.glob("rows/*.csv"))
  path.write_bytes(path.read_bytes().replace(b"booth", b"beale"))
  before = contents(folder)
  check_refused(
      command(figure2, *SMALL, f"--output={folder}"), str(path), "damaged")
  assert contents(folder) == before


def test_damaged_settings(folder, command):
  (folder / "run.json").write_bytes((folder / "run.json").read_bytes()[:50])
  before = contents(folder)
  check_refused(
      command(figure2, *SMALL, f"--output={folder}"), "run.json", "damaged")
  assert contents(folder) == before


def test_damaged_checkpoint(folder, command):
  part = min(folder.glob("rows/*.csv"))
  part.unlink()
  step = folder / "checkpoints" / part.stem / "step-0000000002"
  files.write_folder(step, lambda inside: (inside / "state.index").touch())
  (step / "state.index").write_text("damage")
  before = contents(folder)
  check_refused(command(figure2, *SMALL, f"--output={folder}"),
                "No usable checkpoint", str(step), "Delete")
  assert contents(folder) == before


@pytest.mark.parametrize("text, values", [
    ("3", (3,)), ("0-4", (0, 1, 2, 3, 4)), ("0,7", (0, 7)),
    ("7,0-2", (7, 0, 1, 2)), (" 1 ", (1,))])
def test_numbers(text, values):
  assert app.numbers("seeds", text.split(","), 0) == values


def test_numbers_names_the_flag_and_the_entry():
  with pytest.raises(errors.UserError) as error:
    app.numbers("sizes", ["20", "x"], 1)
  assert str(error.value) == (
      "--sizes: 'x' is not an integer or a range such as 0-4.")
