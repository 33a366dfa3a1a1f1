"""The campaign: resumed, refused, counted. What it starts is made up here."""

import json
import subprocess
import types

from commands import check_refused
import pytest

from configs import campaign as config_lib
from reproduce import campaign, provenance
from sobolev_tf import errors, files

RUNS = (config_lib.Run("a/quick", "reproduce.a", ("--preset=quick",)),
        config_lib.Run("b", "benchmarks.b", shared=False, layer="bench"))


@pytest.fixture
def started(tmp_path, monkeypatch):
  """What has been started; a command writes the number of those before it."""
  commands = []

  def start(words, cwd, check):
    assert cwd == tmp_path and not check
    (output,) = [w.removeprefix("--output=") for w in words if "--output" in w]
    (tmp_path / output).mkdir(parents=True, exist_ok=True)
    (tmp_path / output / str(len(commands))).touch()
    commands.append(words)
    return types.SimpleNamespace(returncode=started.status)

  started = types.SimpleNamespace(commands=commands, status=0)
  monkeypatch.setattr(subprocess, "run", start)
  monkeypatch.setattr(campaign, "ROOT", tmp_path)
  monkeypatch.setattr(config_lib, "RUNS", RUNS)
  monkeypatch.setattr(provenance, "commit_now", lambda: "abc1234")
  (tmp_path / "results/a/quick").mkdir(parents=True)
  (tmp_path / "results/a/quick/old").touch()
  (tmp_path / "results/a/other").mkdir()
  return started


def state(tmp_path):
  return json.loads(files.read_text(tmp_path / "results/campaign.json"))


def test_every_run_is_made_once_and_replaces_what_was_there(
    started, tmp_path, command):
  outcome = command(campaign, "--jobs=3")
  assert outcome.status == 0, outcome.err
  first, second, report = started.commands
  assert first[1:] == ["-m", "reproduce.a", "--preset=quick",
                       "--output=results/a/quick", "--jobs=3"]
  assert second == [".venv/bench/bin/python", "-m", "benchmarks.b",
                    "--output=results/b"]
  assert report[2:] == ["reproduce.report", "--input=results",
                        "--output=results/report"]
  assert [p.name for p in (tmp_path / "results/a/quick").iterdir()] == ["0"]
  assert (tmp_path / "results/a/other").exists()
  assert "2 of 2 runs are finished" in outcome.out
  kept = state(tmp_path)
  assert (kept["commit"], kept["versions"]) == (
      "abc1234", provenance.versions())
  assert command(campaign, "--jobs=3").status == 0
  assert len(started.commands) == 3


def test_a_run_that_failed_is_gone_on_with(started, tmp_path, command):
  started.status = 3
  check_refused(command(campaign), "reproduce.a", "status 3")
  assert not state(tmp_path)["runs"]["a/quick"]["finished"]
  shown = command(campaign, "--summary")
  assert "a/quick: 0.00 core-hours, unfinished" in shown.out
  assert "b: not begun" in shown.out and "0 of 2 runs" in shown.out
  assert len(started.commands) == 1
  started.status = 0
  assert command(campaign).status == 0
  # What the first attempt had made is still there.
  assert {p.name for p in (tmp_path / "results/a/quick").iterdir()} == {
      "0", "1"}


def test_a_run_killed_at_once_is_begun_again(started, tmp_path):
  begun = campaign.Campaign(tmp_path / "results")
  begun.begin(RUNS[0])
  assert not (tmp_path / "results/a/quick").exists()
  assert not campaign.Campaign(tmp_path / "results").finished(RUNS[0])


def test_times_add_up(started, tmp_path):
  begun = campaign.Campaign(tmp_path / "results")
  begun.add(RUNS[0], 3600., 10., finished=False)
  begun = campaign.Campaign(tmp_path / "results")
  begun.add(RUNS[0], 1800., 5., finished=True)
  assert state(tmp_path)["runs"] == {"a/quick": {
      "cpu_seconds": 5400., "seconds": 15., "finished": True}}
  assert "in 1.50 core-hours" in begun.summary(RUNS)


@pytest.mark.parametrize("commit", ["abc1234+", "unknown"])
def test_changed_files_are_refused(started, command, monkeypatch, commit):
  monkeypatch.setattr(provenance, "commit_now", lambda: commit)
  check_refused(command(campaign), "needs one commit")
  assert not started.commands


def test_a_file_changed_between_two_runs_ends_the_campaign(
    started, command, monkeypatch):
  commits = iter(["abc1234", "abc1234+"])
  monkeypatch.setattr(provenance, "commit_now", lambda: next(commits))
  check_refused(command(campaign), "needs one commit")
  assert len(started.commands) == 1


@pytest.mark.parametrize("name", ["commit_now", "versions"])
def test_another_commit_or_environment_is_refused(
    started, command, monkeypatch, name):
  assert command(campaign).status == 0
  monkeypatch.setattr(provenance, name, lambda: "other")
  check_refused(command(campaign), f"with {name[:6]}", "here it is 'other'")


def test_a_program_that_is_absent_is_one_sentence(
    started, tmp_path, monkeypatch):
  def absent(*unused, **unused_too):
    raise FileNotFoundError(2, "No such file or directory")
  monkeypatch.setattr(subprocess, "run", absent)
  with pytest.raises(errors.UserError, match="environment of benchmarks.b"):
    campaign.compute(campaign.Campaign(tmp_path / "results"), RUNS[1], 1)
