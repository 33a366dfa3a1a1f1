"""Tests of the recording command: sample, ship, replay, and refusals."""

import json
import shutil

from commands import check_refused, contents
import numpy as np
import pytest

from configs import recording as config_lib
from reproduce import record, run
from reproduce.distillation import record as record_lib
from sobolev_tf import errors, files
from sobolev_tf.atari import (
  environment,
  recorder,
  recording_files,
  teachers,
)
from sobolev_tf.atari import networks as atari

SIZE = atari.NetworkSize(((2, 8, 8),), 8)


@pytest.fixture(name="package", scope="module")
def _package(tmp_path_factory):
  """A package with a teacher and a recording of Breakout."""
  folder = tmp_path_factory.mktemp("package")
  teachers.save(folder / "breakout", atari.make_network(4, SIZE), "breakout",
                {"steps": 7, "evaluation": {"mean": 1.5}})
  with pytest.MonkeyPatch.context() as patch:
    use_package(patch, folder)
    made = run.run(
        record_lib.plan("breakout", sampling="smoke", seed=9), folder / "run")
    log, card = recording_files.load_log(folder / "run" / "states")
    recording_files.save_log(
        recording_files.log_folder("breakout"), log, card)
  return folder, {row.metric: row.value for row in made}


def use_package(patch, folder):
  patch.setattr(teachers, "package_folder", lambda game: folder / game)
  patch.setattr(
      recording_files, "log_folder", lambda game: folder / f"{game}_recording")


@pytest.fixture(name="folder")
def _folder(package, tmp_path, monkeypatch):
  """A copy of the package, which the command takes for the installed one."""
  folder = shutil.copytree(package[0], tmp_path / "package")
  use_package(monkeypatch, folder)
  return folder


@pytest.fixture(name="no_play")
def _no_play(monkeypatch):
  def play(*unused, **unused_named):
    raise AssertionError("it was not refused before playing")
  monkeypatch.setattr(environment, "AtariEnvironment", play)


def test_what_is_sampled(package):
  folder, made = package
  played, card = recording_files.load(folder / "run" / "states")
  size = config_lib.PRESETS["smoke"]
  assert made["states"] == size.copies * size.length == len(played.frames)
  assert played.log.actions.shape == (size.copies, size.length)
  assert made["games"] == len(played.log.whole)
  assert made["whole games"] == played.log.whole.sum() > 0
  assert made["mean score of whole games"] == pytest.approx(
      played.scores[played.log.whole].mean())
  assert made["megabytes on disk"] < .2
  network, _ = teachers.load(folder / "breakout")
  assert card["teacher"] == {
      "weights": teachers.checksum(network), "steps": 7, "score": 1.5}
  again = recorder.record(network, "breakout", 9, size.copies, size.length)
  assert again.log.checksums == played.log.checksums
  np.testing.assert_array_equal(again.logits, played.logits)


def test_the_command_replays_what_was_shipped(folder, command, tmp_path):
  status, stdout, stderr = command(
      record, "--game=breakout", f"--output={tmp_path}/new")
  assert status == 0, stderr
  assert "| states | 500 |\n" in stdout
  for name in (recording_files.ACTIONS, recording_files.STATES,
               recording_files.CARD):
    assert (tmp_path / "new" / "states" / name).read_bytes() == (
        folder / "run" / "states" / name).read_bytes()


def test_the_command_replays_some_copies(folder, command, tmp_path):
  status, stdout, stderr = command(
      record, "--game=breakout", "--copies=1", f"--output={tmp_path}/new")
  assert status == 0, stderr
  assert "| states | 250 |\n" in stdout
  whole, _ = recording_files.load(folder / "run" / "states")
  part, _ = recording_files.load(tmp_path / "new" / "states")
  np.testing.assert_array_equal(part.frames, whole.frames[:250])


def test_the_command_samples_and_ships(folder, command, tmp_path):
  arguments = ("--game=breakout", "--sample", "--preset=smoke", "--seed=10",
               f"--output={tmp_path}/new")
  before = contents(folder / "breakout_recording")
  status, stdout, stderr = command(record, *arguments)
  assert status == 0, stderr
  assert contents(folder / "breakout_recording") == before
  check_refused(command(
      record, *arguments[:-2], "--seed=11", arguments[-1]), "other settings")
  status, stdout, stderr = command(record, *arguments, "--ship")
  assert status == 0, stderr
  assert f"log shipped in: {folder}/breakout_recording" in stdout
  shipped = contents(folder / "breakout_recording")
  assert set(shipped) == {
      recording_files.ACTIONS, recording_files.CARD, files.SEAL}
  assert shipped[recording_files.ACTIONS] != before[recording_files.ACTIONS]
  assert recording_files.load_log(
      recording_files.log_folder("breakout"))[0].seed == 10


@pytest.mark.parametrize("arguments, words", [
    (["--game=tetris"], ["game", "breakout"]),
    ([], ["game"]),
    (["--game=breakout", "--copies=0"], ["copies"]),
    (["--game=breakout", "--copies=3"], ["has the copies 0 to 1"]),
    (["--game=breakout", "--sample", "--seed=-1"], ["seed"]),
    (["--game=breakout", "--sample", f"--seed={2**31}"], ["seed"]),
    (["--game=breakout", "--sample", "--preset=huge"], ["preset"]),
    (["--game=breakout", "--sample", "--copies=1"], ["--copies"]),
    (["--game=breakout", "--seed=1"], ["--seed needs --sample"]),
    (["--game=breakout", "--preset=smoke"], ["--preset needs --sample"]),
    (["--game=breakout", "--ship"], ["--ship needs --sample"]),
    (["--game=breakout", "--sample", "--ship", "--weights=x"],
     ["leave --weights out"]),
    (["--game=pong"], ["no teacher of pong"]),
    (["--game=breakout", "--weights=/none"], ["'/none'", "not a finished"]),
    (["stray", "--game=breakout"], ["'stray'"]),
])
@pytest.mark.usefixtures("folder", "no_play")
def test_bad_flags(command, tmp_path, arguments, words):
  check_refused(command(record, *arguments, f"--output={tmp_path}/new"), *words)
  assert not (tmp_path / "new" / "states").exists()


@pytest.mark.usefixtures("no_play")
@pytest.mark.parametrize("name", [
    "breakout/weights.npz", "breakout_recording/actions.npz",
    "breakout_recording/card.json"])
def test_damaged_package(folder, command, tmp_path, name):
  (folder / name).write_bytes((folder / name).read_bytes()[:-1])
  check_refused(
      command(record, "--game=breakout", f"--output={tmp_path}/new"),
      name, "damaged")


@pytest.mark.usefixtures("no_play")
def test_a_package_without_the_recording(folder, command, tmp_path):
  shutil.rmtree(folder / "breakout_recording")
  check_refused(command(record, "--game=breakout", f"--output={tmp_path}/new"),
                "no recording of breakout", "--sample")


@pytest.mark.usefixtures("no_play")
def test_what_does_not_belong_together(folder, command, tmp_path):
  output = f"--output={tmp_path}/new"
  other = tmp_path / "other"
  teachers.save(other, atari.make_network(4, SIZE, seed=1), "breakout", {})
  arguments = ("--game=breakout", f"--weights={other}", output)
  check_refused(command(record, *arguments), "of another teacher")
  teachers.save(other, atari.make_network(3, SIZE), "pong", {})
  check_refused(command(record, *arguments), "plays pong, not breakout")
  shutil.copytree(other, folder / "pong")
  shutil.copytree(
      folder / "breakout_recording", folder / "pong_recording")
  check_refused(
      command(record, "--game=pong", output), "is of breakout, not pong")


def test_a_replay_that_differs_stores_nothing(folder, command, tmp_path):
  path = folder / "breakout_recording"
  log, card = recording_files.load_log(path)
  recording_files.save_log(path, log, {**card, "checksums": ["0" * 64] * 2})
  check_refused(command(record, "--game=breakout", f"--output={tmp_path}/new"),
                "Copy 0 of breakout does not replay")
  assert set(contents(tmp_path / "new")) == {"run.json"}


@pytest.mark.usefixtures("no_play")
@pytest.mark.parametrize("arguments", [
    ["--copies=1"], ["--sample", "--seed=9"],
    ["--sample", "--seed=9", "--preset=smoke", "--weights=other"]])
def test_outputs_are_left_alone(folder, command, tmp_path, arguments):
  teachers.save(tmp_path / "other", atari.make_network(4, SIZE, seed=1),
                "breakout", {})
  arguments = ["--game=breakout", *arguments]
  arguments = [a.replace("=other", f"={tmp_path}/other") for a in arguments]
  before = contents(folder)
  check_refused(command(record, *arguments, f"--output={folder}/run"),
                "other settings", "--overwrite")
  assert contents(folder) == before
  foreign = tmp_path / "mine" / "states"
  foreign.mkdir(parents=True)
  (foreign / "thesis.txt").write_text("mine")
  for overwrite in ([], ["--overwrite"]):
    check_refused(
        command(record, *arguments, f"--output={tmp_path}/mine", *overwrite),
        "not a folder of results")
  check_refused(
      command(record, *arguments, f"--output={foreign}/thesis.txt"),
      "File exists")
  assert contents(foreign) == {"thesis.txt": b"mine"}


@pytest.mark.usefixtures("no_play")
def test_a_finished_recording_is_only_shown(folder, command):
  before = contents(folder)
  status, stdout, stderr = command(
      record, "--game=breakout", "--sample", "--preset=smoke", "--seed=9",
      f"--output={folder}/run")
  assert status == 0, stderr
  assert "| states | 500 |\n" in stdout
  after = contents(folder)
  assert after.pop("run/section.md") and after == before


@pytest.mark.usefixtures("no_play")
def test_a_damaged_recording_is_named(folder, command):
  states = folder / "run" / "states" / recording_files.STATES
  states.write_bytes(states.read_bytes()[:-1])
  check_refused(command(
      record, "--game=breakout", "--sample", "--preset=smoke", "--seed=9",
      f"--output={folder}/run"), f"{states}", "damaged")


def test_an_interrupted_recording_is_made_from_the_start(
    folder, command, tmp_path, monkeypatch):
  arguments = ("--game=breakout", f"--output={tmp_path}/new")
  step = environment.AtariEnvironment.step
  done = []

  def interrupted(self, actions):
    done.append(actions)
    if len(done) == 100:
      raise KeyboardInterrupt
    return step(self, actions)

  with monkeypatch.context() as patch:
    patch.setattr(environment.AtariEnvironment, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
      command(record, *arguments)
  assert set(contents(tmp_path / "new")) == {"run.json"}
  status, _, stderr = command(record, *arguments)
  assert status == 0, stderr
  assert contents(tmp_path / "new" / "states") == contents(
      folder / "run" / "states")


def test_a_log_of_another_emulator_names_it(folder):
  path = folder / "breakout_recording"
  log, card = recording_files.load_log(path)
  recording_files.save_log(path, log._replace(seed=8), {
      "teacher": card["teacher"], "emulator": "ale-py 0.0"})
  assert json.loads((path / "card.json").read_text())["seed"] == 8
  with pytest.raises(errors.UserError, match=r"names ale-py 0\.0"):
    run.run(record_lib.plan("breakout"), folder / "other")
