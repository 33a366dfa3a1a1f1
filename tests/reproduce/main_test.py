"""`python -m reproduce`: every experiment, as by its own command."""

import json
import pathlib
import subprocess
import sys

from absl import flags
from absl.testing import flagsaver
import commands
import pytest

from reproduce import __main__ as main
from reproduce import registry
from reproduce import run as run_lib
from reproduce.balancing import __main__ as balancing
from reproduce.forces import __main__ as forces

TOP = pathlib.Path(__file__).parents[2]
OWN = {"forces": forces, "balancing": balancing}


def test_rows_and_sections_are_those_of_the_experiments_own_commands(
    tmp_path, command):
  process = subprocess.run(
      [sys.executable, "-m", "reproduce", f"--experiments={','.join(OWN)}",
       "--preset=smoke", "--jobs=2", f"--output={tmp_path / 'all'}"], cwd=TOP,
      capture_output=True, text=True)
  assert process.returncode == 0, process.stderr
  assert "A helper process" not in process.stderr
  for name, module in OWN.items():
    own, ours = (tmp_path / run / name / "smoke" for run in ("own", "all"))
    assert command(module, "--preset=smoke", f"--output={own}").status == 0
    for kind in ("rows/*.csv", "run.json", "section.md"):
      expected = {path.name: path.read_bytes() for path in own.glob(kind)}
      assert expected
      assert {p.name: p.read_bytes() for p in ours.glob(kind)} == expected
    assert process.stdout.count(f"figures and rows are in {ours};") == 1


def test_an_experiments_flags_are_gone_when_it_is_planned(tmp_path):
  with flagsaver.flagsaver():
    main.define_flags()
    flags.FLAGS(["reproduce", "--preset=smoke"])
    plans = main.plan(
        [registry.load(name) for name in ("figure2", "section5")], "smoke",
        tmp_path)
    assert not {"functions", "experiment"} & set(flags.FLAGS)
  assert list(plans) == [tmp_path / "figure2" / "smoke",
                         tmp_path / "section5" / "smoke"]
  assert not list(tmp_path.iterdir())


def test_other_settings_are_refused_before_anything_is_computed(
    tmp_path, command):
  with flagsaver.flagsaver():
    main.define_flags()
    flags.FLAGS(["reproduce"])
    _, last = main.plan([registry.load(name) for name in OWN], "quick",
                        tmp_path).values()
  run_lib.open_folder(last, tmp_path / "balancing" / "smoke")
  commands.check_refused(
      command(main, f"--experiments={','.join(OWN)}", "--preset=smoke",
              f"--output={tmp_path}"), "other settings", "balancing")
  assert not list(tmp_path.rglob("*.csv"))


@pytest.mark.parametrize("flag, words", [
    ("--experiments=theory,figure5", ["figure5", "theory, figure2"]),
    ("--experiments=theory,theory", ["--experiments"]),
    ("--experiments=", ["--experiments"]),
    ("--preset=tuning", ["theory", "tuning", "smoke"]),
    ("--output=", ["--output"]),
    ("--jobs=0", ["--jobs"]),
])
def test_mistakes_are_told_before_anything_is_written(
    flag, words, tmp_path, command, monkeypatch):
  monkeypatch.chdir(tmp_path)
  commands.check_refused(command(main, flag), *words)
  assert not list(tmp_path.iterdir())


def test_several_workers_are_refused(command, monkeypatch):
  monkeypatch.setenv("TF_CONFIG", json.dumps(
      {"cluster": {"worker": ["a:1", "b:1"]},
       "task": {"type": "worker", "index": 0}}))
  commands.check_refused(command(main), "TF_CONFIG", "reproduce.table1")


def test_every_experiment_has_the_preset_and_a_target_of_the_makefile():
  text = (TOP / "Makefile").read_text()
  assert f"EXPERIMENTS := {' '.join(main.EXPERIMENTS)}\n" in text.replace(
      " \\\n ", "")
  for name in main.EXPERIMENTS:
    assert {"quick", "smoke"} <= set(registry.load(name).presets)
