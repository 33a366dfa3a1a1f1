"""Section 4.1's commands through their flags, on the smoke presets."""

import shutil

from absl import flags
from absl.testing import flagsaver
from commands import check_refused
import pytest

from configs import order2 as order2_config
from reproduce import (
  app,
  figure2,
  figure3,
  order2,
  registry,
  report,
  sensitivity,
)
from reproduce import rows as rows_lib

TRAINING = {"figure2": figure2, "order2": order2, "figure3": figure3,
            "sensitivity": sensitivity}


@pytest.fixture(scope="module")
def runs(tmp_path_factory, command):
  """The smoke run of everything that trains; two of them on one function."""
  folder = tmp_path_factory.mktemp("runs")
  for name, module in TRAINING.items():
    one = ["--functions=booth"] if name in ("figure2", "order2") else []
    assert command(module, "--preset=smoke", *one,
                   f"--output={folder}/{name}").status == 0
  return folder


@pytest.mark.parametrize("name", TRAINING)
def test_rows_and_section(runs, name):
  rows = rows_lib.read(runs / name)
  assert {row.artefact for row in rows} == {name}
  assert {row.method for row in rows} == (
      set(order2_config.METHODS) if name == "order2" else
      {"regular", "sobolev"})
  assert (runs / name / "section.md").read_text().count("|") > 20


@pytest.mark.parametrize("name", TRAINING)
def test_another_setting_is_refused_in_one_sentence(
    runs, name, command):
  before = rows_lib.read(runs / name)
  module = TRAINING[name]
  check_refused(command(module, "--preset=quick", f"--output={runs}/{name}"),
                "other settings")
  assert rows_lib.read(runs / name) == before


def test_order2_compares_every_order_of_the_error(runs):
  rows = rows_lib.read(runs / "order2")
  assert {row.metric for row in rows} >= {
      "test_mse", "test_gradient_mse", "test_hessian_mse"}
  text = (runs / "order2" / "section.md").read_text()
  for error in ("value", "gradient", "hessian"):
    assert f"(order2-{error}-0.png)" in text
    assert (runs / "order2" / f"order2-{error}-0.png").exists()


def test_help_names_the_flags_of_shared_modules(command):
  outcome = command(order2, "--help")
  assert outcome.status == 1
  assert "--sizes" in outcome.out and "--preset" in outcome.out


def test_figure3_flags():
  with flagsaver.flagsaver():
    app.define_flags(figure3.EXPERIMENT)
    flags.FLAGS(["figure3", "--preset=smoke", "--function=booth", "--sizes=5",
                 "--seed=3"])
    settings = figure3.EXPERIMENT.plan().settings
  assert (settings["function"], settings["sizes"], settings["seed"]) == (
      "booth", (5,), 3)


def test_a_lost_surface_of_figure3_is_made_again(runs, tmp_path, command):
  folder = shutil.copytree(runs / "figure3", tmp_path / "run")
  surface = sorted((folder / "surfaces").iterdir())[0]
  before = surface.read_bytes()
  surface.unlink()
  assert command(figure3, "--preset=smoke", f"--output={folder}").status == 0
  assert surface.read_bytes() == before
  assert rows_lib.read(folder) == rows_lib.read(runs / "figure3")


def test_report_of_all_and_of_an_unfinished_run(
    runs, tmp_path, command):
  unfinished = tmp_path / "more" / "unfinished"
  unfinished.mkdir(parents=True)
  (unfinished / "run.json").write_bytes(
      (runs / "sensitivity" / "run.json").read_bytes())
  status, out, _ = command(
      report, f"--input={runs},{tmp_path}/more", f"--output={tmp_path}/report")
  assert status == 0 and f"{tmp_path}/report/report.html" in out
  text = (tmp_path / "report" / "report.md").read_text()
  titles = [registry.load(name).section.title for name in TRAINING]
  assert [line[3:] for line in text.splitlines()
          if line.startswith("## ")] == titles
  assert "No part of it is finished yet." in text
