"""The committed runs are those of the campaign, and say what made them."""

import functools
import json
import pathlib
import re
import types

import pytest

from configs import campaign
from reproduce import app, folder, registry, rows
from reproduce.classification.data import opener
from reproduce.distillation import game
from sobolev_tf import files

ROOT = pathlib.Path(__file__).parents[2]
RESULTS = ROOT / "results"
# Made at several commits. A campaign takes runs off these lists; none is added.
SEVERAL_COMMITS = {
    "figure4_search/cpu", "section5/cpu", "sensitivity/quick",
    "table1/digits-3-true/tuning", "table1/shapes-3-bootstrapped/tuning",
    "table1/shapes-3-true/tuning"}
UNFINISHED = {"figure2/paper", "figure4/tuned_controls",
              "table1/fashion_mnist-3-true/cpu"}
NOT_MADE_YET = {
    "table1/fashion_mnist-3-bootstrapped/cpu",
    "table1/fashion_mnist-1-true/cpu"}


@pytest.fixture(scope="module")
def committed():
  """By folder, a run's rows; a damaged file would not be read."""
  return {str(path.parent.relative_to(RESULTS)): rows.read(path.parent)
          for path in RESULTS.rglob("run.json")}


def test_the_campaign_makes_every_committed_run(committed):
  folders = [run.folder for run in campaign.RUNS]
  assert len(set(folders)) == len(folders)
  assert set(committed) <= set(folders) and all(committed.values())
  assert set(folders) - set(committed) == NOT_MADE_YET


def test_the_page_of_results_lists_its_commands():
  (block,) = re.findall(
      r"```sh\n(.*?)```", (RESULTS / "README.md").read_text(), re.S)
  assert block.splitlines() == [
      " ".join(("python -m", *run.words))
      for run in (*campaign.RUNS, campaign.REPORT)]


def test_runs_have_the_presets_of_their_commands(committed):
  for run in campaign.RUNS:
    if run.folder in NOT_MADE_YET:
      continue
    kept = folder.read_settings(RESULTS / run.folder)
    experiment = registry.load(kept["artefact"])
    (preset,) = [word.removeprefix("--preset=") for word in run.arguments
                 if word.startswith("--preset=")] or [experiment.default]
    assert preset in experiment.presets
    assert run.module == (
        experiment.module or f"reproduce.{experiment.name}")
    assert {(row.artefact, row.preset) for row in committed[run.folder]} == {
        (kept["artefact"], kept["preset"])} == {(experiment.name, preset)}


def test_commands_of_today_would_make_the_committed_parts(
    committed, command, monkeypatch):
  plans = []
  monkeypatch.setattr(app, "_main", lambda found: plans.append(found.plan()))
  monkeypatch.setattr(opener, "open_data", lambda *_, **__: None)  # not here
  monkeypatch.setattr(game, "load", functools.cache(game.load))
  unfinished = set()
  for run in campaign.RUNS:
    if run.folder in NOT_MADE_YET:
      continue
    kept = folder.read_settings(RESULTS / run.folder)
    experiment = registry.load(kept["artefact"])
    outcome = command(types.SimpleNamespace(
        __name__=run.module, EXPERIMENT=experiment), *run.arguments)
    assert outcome.status == 0, outcome.err
    plan = plans.pop()
    now = json.loads(json.dumps(plan.description))
    for settings in (kept, now):  # of where it ran
      settings.pop("machine", None)
      settings.pop("peers", None)
    assert not files.first_difference(kept, now), run.folder
    made = {path.stem for path in (RESULTS / run.folder / "rows").iterdir()}
    parts = {part.name for part in plan.parts if part.rows}
    assert made <= parts, run.folder
    if made < parts:
      unfinished.add(run.folder)
  assert unfinished == UNFINISHED


def test_each_run_has_one_set_of_versions(committed):
  for name, made in committed.items():
    assert len({row.versions for row in made}) == 1, name


def test_each_run_has_one_commit_but_for_those_listed(committed):
  several = {name for name, made in committed.items()
             if len({row.commit for row in made}) > 1}
  assert several == SEVERAL_COMMITS
  assert not [row for made in committed.values() for row in made
              if not re.fullmatch("[0-9a-f]{7,}", row.commit)]
