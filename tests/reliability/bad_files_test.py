"""Bad files from outside: weights, recordings, rows, settings, checkpoints.

Truncated and altered ones have the wrong checksum. Others have the right one,
as anybody can give them, and no sense.
"""

import json
import shutil

from commands import check_refused, contents, reseal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from configs import regression as config_lib
from reproduce import (
  evaluate_teacher,
  figure2,
  figure4,
  record,
  report,
  tables,
  train_teacher,
)
from reproduce import folder as folder_lib
from reproduce import rows as rows_lib
from sobolev_tf import files
from sobolev_tf.atari import (
  environment,
  recording_files,
  recordings,
  teachers,
)
from sobolev_tf.atari import networks as atari
from sobolev_tf.training import loop

GAME = "breakout"
SIZE = atari.NetworkSize(((16, 8, 4), (16, 4, 2)), 160)


@pytest.fixture(scope="module")
def agents(tmp_path_factory):
  """A teacher and a log that nobody has played."""
  folder = tmp_path_factory.mktemp("agents")
  network = atari.make_network(4, SIZE)
  teachers.save(folder / GAME, network, GAME, {"steps": 5})
  log = recordings.ActionLog(
      GAME, 1, "none", (0, 1), np.zeros((2, 40), np.uint8),
      np.zeros((2, 40), bool), ("0" * 64,) * 2)
  recording_files.save_log(folder / f"{GAME}_recording", log, {
      "teacher": {"weights": teachers.checksum(network)}})
  return folder


@pytest.fixture(autouse=True)
def idle(monkeypatch):
  """Nothing may be trained or played."""
  def fail(*unused, **unused_named):
    raise AssertionError("it was not refused before the work began")
  monkeypatch.setattr(loop, "train", fail)
  monkeypatch.setattr(environment, "AtariEnvironment", fail)


def card(**entries):
  """A change of a card: entries replaced, or left out where `...`."""
  def change(path):
    text = json.loads((path / "card.json").read_text()) | entries
    (path / "card.json").write_text(json.dumps(
        {name: value for name, value in text.items() if value is not ...}))
  return change


def content(name, data):
  return lambda path: (path / name).write_bytes(data)


def arrays(name, make):
  """A change of a file of arrays, given as a dictionary."""
  def change(path):
    with np.load(path / name) as stored:
      found = dict(stored)
    np.savez(path / name, **make(found))
  return change


def first(value):
  return arrays("weights.npz", lambda found: {
      **found, min(found): value(found[min(found)])})


TEACHERS = {
    "no card": lambda path: (path / "card.json").unlink(),
    "a card of bytes": content("card.json", bytes(range(128, 256))),
    "half a card": content("card.json", b'{"game": "brea'),
    "a list": content("card.json", b"[1]"),
    "a deep list": content("card.json", b"[" * 10**5),
    "no game": card(game=...),
    "another game": card(game="tetris"),
    "a game that is a list": card(game=["breakout"]),
    "no layers": card(convolutions=...),
    "layers as text": card(convolutions="2, 8, 8"),
    "layers of two numbers": card(convolutions=[[2, 8]]),
    "a huge kernel": card(convolutions=[[16, 10**6, 4], [16, 4, 2]]),
    "a huge layer": card(hidden_size=10**9),
    "an endless layer": card(hidden_size=float("inf")),
    "a negative stride": card(convolutions=[[16, 8, -4], [16, 4, 2]]),
    "a stride of 0": card(convolutions=[[16, 8, 0], [16, 4, 2]]),
    "other layers": card(convolutions=[[16, 4, 4], [16, 4, 2]]),
    "steps as text": card(steps="many"),
    "scores as a list": card(evaluation=[1]),
    "a command": card(commands="rm"),
    "no weights": lambda path: (path / "weights.npz").unlink(),
    "weights as text": content("weights.npz", b"weights"),
    "an empty file": content("weights.npz", b""),
    "a pickle": first(lambda a: np.array([{}], object)),
    "NaN": first(lambda a: a * np.float16(np.nan)),
    "infinity": first(lambda a: a + np.float16(np.inf)),
    "single precision": first(lambda a: a.astype(np.float32)),
    "text": first(lambda a: a.astype(str)),
    "an array too few": arrays("weights.npz", lambda found: dict(
        list(found.items())[1:])),
    "an array too many": arrays("weights.npz", lambda found: {
        **found, "99": found["00"]}),
    "another shape": first(lambda a: a[..., None]),
}
LOGS = {
    "no card": lambda path: (path / "card.json").unlink(),
    "a list": content("card.json", b"[]"),
    "a negative seed": card(seed=-1),
    "a huge seed": card(seed=10**40),
    "a seed as text": card(seed="1"),
    "a huge copy": card(copies=[0, 10**15]),
    "a copy twice": card(copies=[0, 0]),
    "a copy too many": card(copies=[0, 1, 2]),
    "no copies": card(copies=[]),
    "no checksums": card(checksums=...),
    "a short checksum": card(checksums=["0"] * 2),
    "no teacher": card(teacher=...),
    "a teacher that is null": card(teacher=None),
    "another teacher": card(teacher={"weights": "0" * 64}),
    "another game": card(game="pong"),
    "other actions": card(actions=["NOOP"]),
    "no actions": lambda path: (path / "actions.npz").unlink(),
    "actions as text": content("actions.npz", b"actions"),
    "an action out of range": arrays("actions.npz", lambda found: {
        **found, "actions": found["actions"] + np.uint8(9)}),
    "half an action": arrays("actions.npz", lambda found: {
        **found, "actions": found["actions"] + .5}),
    "a pickle": arrays("actions.npz", lambda found: {
        **found, "actions": np.array([{}], object)}),
    "an array too few": arrays("actions.npz", lambda found: {
        "actions": found["actions"]}),
}
DAMAGE = {
    "truncated": lambda data: data[:-2],
    "empty": lambda data: b"",
    "flipped": lambda data: data[:len(data) // 2] + bytes(
        [data[len(data) // 2] ^ 4]) + data[len(data) // 2 + 1:],
}


def check_untouched(command, module, arguments, given, made, *words):
  """Asserts a refusal that writes nothing and leaves what it was given."""
  before = contents(given)
  check_refused(command(module, *arguments), *words)
  assert contents(given) == before
  assert not made.exists() or not contents(made)


@pytest.mark.parametrize("what", TEACHERS)
def test_teachers_that_make_no_sense(what, agents, tmp_path, command):
  teacher = shutil.copytree(agents / GAME, tmp_path / "given" / GAME)
  reseal(teacher, TEACHERS[what])
  game, output = f"--game={GAME}", f"--output={tmp_path}/new"
  module, arguments = {
      0: (evaluate_teacher, [game, f"--weights={teacher}"]),
      1: (train_teacher, [game, "--preset=smoke", f"--initial={teacher}",
                          output]),
      2: (record, [game, "--sample", "--preset=smoke", f"--weights={teacher}",
                   output])}[list(TEACHERS).index(what) % 3]
  check_untouched(command, module, arguments, tmp_path / "given",
                  tmp_path / "new", str(teacher))


@pytest.mark.parametrize("what", LOGS)
def test_logs_that_make_no_sense(what, agents, tmp_path, command):
  folder = shutil.copytree(agents, tmp_path / "given")
  reseal(folder / f"{GAME}_recording", LOGS[what])
  check_untouched(
      command, figure4, ["--preset=smoke", f"--agents={folder}",
                         f"--output={tmp_path}/new"],
      folder, tmp_path / "new", f"{folder}/{GAME}_recording")


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("name", [
    f"{GAME}/weights.npz", f"{GAME}/card.json", f"{GAME}/{files.SEAL}",
    f"{GAME}_recording/actions.npz", f"{GAME}_recording/card.json"])
def test_damaged_teachers_and_logs(how, name, agents, tmp_path, command):
  folder = shutil.copytree(agents, tmp_path / "given")
  (folder / name).write_bytes(DAMAGE[how]((folder / name).read_bytes()))
  check_untouched(
      command, figure4, ["--preset=smoke", f"--agents={folder}",
                         f"--output={tmp_path}/new"], folder, tmp_path / "new",
      str(folder / name) if name.endswith(("npz", "json")) else GAME)


def write_run(folder, artefact="figure2"):
  """A finished run as the report reads it, of rows made up here."""
  store = folder_lib.RunFolder(
      folder, {"artefact": artefact, "preset": "quick"})
  store.write("part", [
      rows_lib.Row(
          "booth", method, f"test_{metric}", 1. + seed, n=20, seed=seed,
          step=60, settings={"inputs": "raw", "targets": "raw",
                             "learning_rate": 1., "activation": "relu"})
      for method in config_lib.SECTION_4_1 for seed in (0, 1)
      for metric in ("mse", "mse_standardised", "gradient_mse",
                     "gradient_mse_standardised")])
  return folder


def reports(command, runs, output):
  return command(report, f"--input={runs}", f"--output={output}")


def test_a_report_for_comparison(tmp_path, command):
  write_run(tmp_path / "runs")
  assert reports(command, tmp_path / "runs", tmp_path / "new").status == 0


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("name", ["run.json", "rows/part.csv"])
def test_damaged_runs(how, name, tmp_path, command):
  path = write_run(tmp_path / "runs") / name
  path.write_bytes(DAMAGE[how](path.read_bytes()))
  check_untouched(
      command, report, [f"--input={tmp_path}/runs",
                        f"--output={tmp_path}/new"],
      tmp_path / "runs", tmp_path / "new", str(path), "damaged")


@pytest.mark.parametrize("text", [
    "", "settings", "[]", "7", "null", '"figure2"', "{" * 5, "[" * 10**5])
def test_settings_that_make_no_sense(text, tmp_path, command):
  folder = write_run(tmp_path / "runs")
  files.write_text(folder / "run.json", text)
  check_untouched(
      command, report, [f"--input={tmp_path}/runs",
                        f"--output={tmp_path}/new"],
      folder, tmp_path / "new", str(folder / "run.json"))
  check_untouched(
      command, figure2, ["--preset=smoke", f"--output={folder}"], folder,
      tmp_path / "new", "run.json", "--overwrite")


@pytest.mark.parametrize("text", [
    "x\n1\n", "artefact,preset\nfigure2\n", "\0\n1\n"], ids=repr)
def test_rows_that_make_no_sense(text, tmp_path, command):
  folder = write_run(tmp_path / "runs")
  files.write_text(folder / "rows" / "part.csv", text)
  check_refused(reports(command, folder, tmp_path / "new"),
                str(folder / "rows" / "part.csv"))


@settings(max_examples=8, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from([
    "artefact", "inputs", "learning_rate", "method", "task", "n", "seed",
    "step", "metric", "value"]),
       value=st.one_of(st.text(max_size=6), st.integers(-2**70, 2**70),
                       st.floats()),
       everywhere=st.booleans())
def test_rows_with_anything_in_them(field, value, everywhere, tmp_path,
                                    command):
  """They are shown, or refused in a sentence."""
  shutil.rmtree(tmp_path / "runs", ignore_errors=True)
  path = write_run(tmp_path / "runs") / "rows" / "part.csv"
  records = tables.read(path)
  for row in records[:len(records) if everywhere else 1]:
    row[field] = value
  tables.write(path, records)
  outcome = reports(command, tmp_path / "runs", tmp_path / "new")
  if outcome.status:
    check_refused(outcome, str(tmp_path / "runs"))
