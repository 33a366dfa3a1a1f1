"""Tests of Figure 4 and its search, through the entrypoints and from rows."""

import dataclasses
import shutil

from commands import check_refused
import numpy as np
import pytest

from configs import figure4 as config_lib
from configs.distillation import Trial
from reproduce import app, experiment, figure4, figure4_search, published
from reproduce import folder as folder_lib
from reproduce import rows as rows_lib
from reproduce import run as run_lib
from reproduce.distillation import figure4 as section
from reproduce.distillation import game as game_lib
from reproduce.distillation import grid, search, student, tables
from reproduce.distillation import methods as methods_lib
from reproduce.distillation.cells import Cells
from sobolev_tf import errors
from sobolev_tf.atari import (
  evaluation,
  recorder,
  recording_files,
  teachers,
)
from sobolev_tf.atari import networks as atari


def contents(folder):
  return {str(p.relative_to(folder)): p.read_bytes()
          for p in sorted(folder.rglob("*.csv"))}


GAME, COPIES, LENGTH = "breakout", 5, 300
SMOKE = ["--preset=smoke", "--percentages=20"]


@pytest.fixture(scope="module")
def agents(tmp_path_factory):
  """An untrained teacher, which loses quickly, and its recording."""
  folder = tmp_path_factory.mktemp("agents")
  network = atari.make_network(4, atari.SIZES["teacher-cpu"], 0)
  teachers.save(folder / GAME, network, GAME, {})
  stored, _ = teachers.load(folder / GAME)  # rounded to half precision
  made = recorder.record(stored, GAME, 7, COPIES, LENGTH)
  recording_files.save_log(folder / f"{GAME}_recording", made.log, {
      "teacher": {"weights": teachers.checksum(stored)}})
  return folder


@pytest.fixture(scope="module")
def run(agents):
  """Runs the smoke preset into a folder."""
  config = dataclasses.replace(
      config_lib.PRESETS["smoke"], percentages=(20.,))
  return lambda folder: run_lib.run(
      grid.plan("figure4", "smoke", config, agents), folder)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, run):
  folder = tmp_path_factory.mktemp("figure4") / "run"
  run(folder)
  return folder


def test_rows(finished):
  config = config_lib.PRESETS["smoke"]
  rows = rows_lib.read(finished)
  assert {(r.task, r.method, r.seed) for r in rows} == {
      (GAME, method, seed) for method in ("regular", "sobolev")
      for seed in config.seeds}
  assert {r.n for r in rows} == {300}  # 20 % of 1,500
  assert {r.step for r in rows} == {2, 4}
  assert {"test_error", "test_kl", "validation_kl", "train_kl",
          "test_reverse_kl", "test_derivative_distance",
          "test_duplicate_states", "test_duplicate_frames",
          "test_duplicate_near_frames"} <= {
              r.metric for r in rows}
  assert np.isfinite([r.value for r in rows]).all()


def test_the_command_finds_it_finished_and_reports(
    finished, agents, command, monkeypatch):
  monkeypatch.setattr(  # nothing is left to replay or to train
      game_lib, "Game", lambda *_: pytest.fail("trained again"))
  before = contents(finished)
  status, out, _ = command(
      figure4, *SMOKE, f"--agents={agents}", f"--output={finished}")
  assert status == 0 and "| Breakout | 20 % |" in out
  assert contents(finished) == before
  for metric in ("test_error", "test_kl"):
    for suffix in ("", "-time"):
      assert (finished / f"figure4-{metric}{suffix}.png").stat().st_size > 9000


def test_frames_of_a_recording_are_read_instead_of_replayed(
    finished, agents, tmp_path, monkeypatch):
  recorded = tmp_path / f"{GAME}_recording"
  shutil.copytree(agents / GAME, tmp_path / GAME)
  network, _ = teachers.load(tmp_path / GAME)
  log, card = recording_files.load_log(agents / recorded.name)
  recording_files.save(recorded, recorder.replay(log, network), card)
  monkeypatch.setattr(
      recorder, "replay", lambda *_: pytest.fail("replayed"))
  config = dataclasses.replace(
      config_lib.PRESETS["smoke"], percentages=(20.,), timing_repeats=0)
  run_lib.run(grid.plan("figure4", "smoke", config, tmp_path),
              tmp_path / "run")
  read = contents(tmp_path / "run")
  assert read == {name: content for name, content in contents(finished).items()
                  if name.startswith("rows")}


def test_a_lost_part_is_computed_again_to_the_same_bytes(finished, run):
  before = contents(finished)
  lost = sorted((finished / "rows").iterdir())[1]
  kept = lost.read_bytes()
  lost.unlink()
  run(finished)
  assert lost.read_bytes() == kept
  assert contents(finished) == before


@pytest.mark.parametrize("arguments, words", [
    (["--games=tetris"], "tetris"),
    (["--methods=sobolev,magic"], "magic"),
    (["--percentages=0"], "between 0 and 100"),
    (["--percentages=100"], "between 0 and 100"),
    (["--percentages=some"], "--percentages"),
    (["--percentages=20,20"], "none twice"),
    (["--percentages=20,20.0000001"], "none twice"),  # one name of both
    (["--games=breakout,breakout"], "twice"),
    (["--percentages=90"], "not for testing"),
    (["--percentages=0.001"], "choose another percentage"),
    (["--seeds=-1"], "--seeds"),
    (["--seeds=9223372036854775808"], "--seeds"),
    (["--search=runs"], "--search is for"),
    (["--preset=tuned_controls"], "--preset=controls"),
])
def test_bad_flags(arguments, words, agents, command, tmp_path):
  check_refused(command(
      figure4, "--preset=smoke", f"--agents={agents}",
      f"--output={tmp_path}/run", *arguments), words)
  assert not list(tmp_path.glob("run/rows/*"))


def test_other_settings_are_refused(finished, agents, command):
  before = contents(finished)
  status, _, error = command(
      figure4, *SMOKE, "--steps=7", f"--agents={agents}",
      f"--output={finished}")
  assert status == app.USER_ERROR and "other settings" in error
  assert contents(finished) == before


def test_another_teacher_is_refused(finished, agents, command, tmp_path):
  other = shutil.copytree(agents, tmp_path / "agents")
  teachers.save(
      other / GAME, atari.make_network(4, atari.SIZES["teacher-cpu"], 1),
      GAME, {})
  status, _, error = command(
      figure4, *SMOKE, f"--agents={other}", f"--output={finished}")
  assert status == app.USER_ERROR and "of another teacher" in error


@pytest.mark.parametrize("name", [
    f"{GAME}/weights.npz", f"{GAME}_recording/actions.npz"])
def test_damaged_agents_are_refused(name, agents, command, tmp_path):
  damaged = shutil.copytree(agents, tmp_path / "agents")
  (damaged / name).write_bytes((damaged / name).read_bytes()[:-1])
  status, _, error = command(
      figure4, *SMOKE, f"--agents={damaged}", f"--output={tmp_path}/run")
  assert status == app.USER_ERROR and name in error and "damaged" in error
  assert not (tmp_path / "run").exists()


def test_search_runs_every_trial(agents, command, tmp_path):
  status, out, _ = command(
      figure4_search, *SMOKE, f"--agents={agents}",
      f"--output={tmp_path}/run")
  assert status == 0 and out.count("chosen") == 2
  rows = rows_lib.read(tmp_path / "run")
  config = config_lib.SEARCH["smoke"]
  for method, trials in config.trials[GAME].items():
    tried = [methods_lib.settings(method, trial) for trial in trials]
    found = [dict(r.settings) for r in rows if r.method == method]
    assert all({"percentage": 20, **one} in found for one in tried)
    assert all(one.pop("percentage") == 20 and one in tried for one in found)


def test_a_diverging_student_is_noted_and_the_rest_goes_on(
    run, tmp_path, monkeypatch):
  step = student.Distillation.step

  def diverge(self, index):
    made = step(self, index)
    if self.method == "sobolev":
      made = {"loss": made["loss"] + np.inf}
    return made

  monkeypatch.setattr(student.Distillation, "step", diverge)
  run(tmp_path / "run")
  rows = rows_lib.read(tmp_path / "run")
  for method, broken in (("regular", False), ("sobolev", True)):
    mine = [r for r in rows if r.method == method]
    assert any(r.metric == "diverged_at" for r in mine) == broken
    values = [r.value for r in mine if r.metric == "test_kl"]
    assert values and np.isnan(values).all() == broken
  text = section.write(experiment.Results(rows, tmp_path / "run", tmp_path))
  assert "all diverged" in text
  assert "runs diverged and are left out of the means: sobolev" in text


def test_scores_survive_an_interruption_before_them(
    run, agents, tmp_path, monkeypatch):
  config = dataclasses.replace(
      config_lib.PRESETS["smoke"], percentages=(20.,), seeds=(0,),
      score_games=1, timing_repeats=0)

  def go(folder):
    return run_lib.run(grid.plan("figure4", "smoke", config, agents), folder)

  go(tmp_path / "whole")
  play = evaluation.play
  monkeypatch.setattr(evaluation, "play", lambda *_: 1 / 0)
  with pytest.raises(ZeroDivisionError):
    go(tmp_path / "cut")
  monkeypatch.setattr(evaluation, "play", play)
  rows = go(tmp_path / "cut")
  assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
  scores = [r.value for r in rows if r.metric == "score"]
  assert len(scores) == 2 and np.isfinite(scores).all()


def test_a_student_that_is_not_smaller_is_refused_before_anything_is_written(
    agents, command, tmp_path):
  status, _, error = command(
      figure4, "--preset=paper", "--games=breakout", f"--agents={agents}",
      f"--output={tmp_path}/run")
  assert status == app.USER_ERROR and "smaller network" in error
  assert not (tmp_path / "run").exists()


def test_an_empty_grid_is_refused():
  with pytest.raises(errors.UserError, match="at least one"):
    grid.check(
        dataclasses.replace(config_lib.PRESETS["smoke"], seeds=()))


def test_a_few_seeds_of_all_games_come_before_the_next_few():
  config = config_lib.PRESETS["power"]
  names = [part.name for part in grid.plan("figure4", "power", config).parts]
  assert len(set(names)) == len(names) == 3 * 3 * 2 * 20
  for count, seeds in ((90, range(5)), (180, range(10))):
    assert sorted(names[:count]) == sorted(
        name for name in names if int(name.split("seed")[1]) in seeds)


def test_every_method_has_the_same_number_of_trials():
  for config in config_lib.SEARCH.values():
    for methods in config.trials.values():
      assert len({len(trials) for trials in methods.values()}) == 1


@pytest.mark.parametrize("preset", config_lib.PRESETS)
def test_presets_are_valid_and_seeds_are_not_those_of_the_search(preset):
  config = config_lib.PRESETS[preset]
  grid.check(config)
  assert not set(config.seeds) & set(config_lib.SEARCH["cpu"].seeds)
  searched = config_lib.SEARCHED_BY.get(preset)
  for game, methods in config.trials.items():
    for method, trials in methods.items():
      assert len(trials) == 1 or (
          trials == config_lib.SEARCH[searched].trials[game][method])
  if searched:
    assert config.percentages == config_lib.SEARCH[searched].percentages


# From rows made up here.

SEEDS = (0, 1, 2, 3, 4)
NOISE = (.004, -.002, 0., .001, -.003)


def rows_of(game, percentage, method, level, learning_rate=.001, alpha=None,
            metrics=("test_error", "test_kl", "test_reverse_kl",
                     "validation_kl", "train_kl")):
  return [
      rows_lib.Row(
          game, method, metric,
          (level + noise) * (1. if step == 100 else 2.),
          n=round(1000 * percentage), seed=seed, step=step, preset="cpu",
          settings={"percentage": percentage, "learning_rate": learning_rate,
                    "alpha": alpha, "noise": None, "centred": False})
      for seed, noise in zip(SEEDS, NOISE) for step in (50, 80, 100)
      for metric in metrics]


ROWS = (
    rows_of("pong", 1, "regular", .3) +
    rows_of("pong", 1, "sobolev", .2, alpha=1.) +
    rows_of("pong", 5, "regular", .2) +
    rows_of("pong", 5, "sobolev", .2, alpha=1.))


def test_tables_and_verdicts(tmp_path):
  text = section.write(experiment.Results(ROWS, tmp_path, tmp_path))
  (better,) = [
      line for line in tables.table(
          Cells(ROWS), "test_kl").splitlines() if "1 %" in line]
  assert "0.3000" in better and "0.2000" in better
  assert "| 0.1000 [0.1000, 0.1000] | Sobolev better |" in better
  assert (f"{published.SOBOLEV} in 1, {published.REGULAR} in 0, "
          f"{published.NONE} in 1") in text
  # From 0.4 at step 80 to 0.2 at step 100.
  assert "changes by at most 50.0 %" in text
  assert not list(tmp_path.glob("*time.png"))  # nothing was timed
  assert "Of 2 cells: Sobolev better in 1" in text  # the answer
  assert "| Pong | 1 % | at step 100 of 100 (5 of 5 seeds) | in 0 of" in text
  assert "2 cells of 5 seeds; 95 % stratified bootstrap" in text
  for name in ("answer", "profiles"):
    assert (tmp_path / f"figure4-{name}.png").stat().st_size > 5000


def test_a_regular_advantage_is_reported():
  rows = (rows_of("breakout", 1, "regular", .1) +
          rows_of("breakout", 1, "sobolev", .2))
  assert "regular better" in tables.table(
      Cells(rows), "test_error")


def test_students_near_a_constant_policy_are_counted():
  assert "constant policy" not in tables.summary(Cells(ROWS))
  stuck = ("regular", 3, 1000, "train_kl")
  rows = [
      dataclasses.replace(row, value=1.)
      if (row.method, row.seed, row.n, row.metric) == stuck else row
      for row in ROWS]
  assert "first one measured have 1 regular, 0 Sobolev." in tables.summary(
      Cells(rows))


def test_differences_are_paired_by_seed():
  rows = [r for r in ROWS if not (r.method == "sobolev" and r.seed > 2)]
  difference = Cells(rows).difference("pong", 1, "test_kl")
  assert difference.size == 3


def test_time_axis_is_steps_times_seconds():
  cells = Cells(ROWS)
  drawing = section.draw(
      cells, "test_kl", {"pong": {"regular": .01, "sobolev": .03}})
  lines = drawing.axes[0].get_lines()
  np.testing.assert_allclose(lines[0].get_xdata(), [.5, .8, 1.])
  np.testing.assert_allclose(lines[1].get_xdata(), [1.5, 2.4, 3.])


def test_a_game_that_was_not_timed_yet_is_left_out_of_the_time_figures():
  rows = ROWS + rows_of("breakout", 1, "regular", .3)
  drawing = section.draw(
      Cells(rows), "test_kl", {"pong": {"regular": .01}})
  assert [len(axis.get_lines()) for axis in drawing.axes] == [1, 1, 0, 0]


def test_an_unfinished_search_is_reported(tmp_path):
  rows = (rows_of("pong", 5, "regular", .3) +
          rows_of("pong", 5, "sobolev", .2) +
          rows_of("breakout", 5, "regular", .3))
  assert "breakout" in search.choose(rows)
  assert "| Breakout | regular |" in search.write(
      experiment.Results(rows, tmp_path, tmp_path))


def test_controls_are_compared_with_both():
  rows = ROWS + rows_of("pong", 1, "shuffled", .35)
  text = tables.controls(Cells(rows))
  assert "shuffled derivatives" in text and "-0.0500" in text
  assert "0.1500" in text
  assert tables.controls(Cells(ROWS)) == ""


def test_choice_is_the_lowest_validation_divergence():
  rows = []
  for level, rate in ((.3, .001), (.1, .002), (.2, .003)):
    rows += rows_of("pong", 5, "regular", level, rate)
    # The test error would choose otherwise.
    rows = [dataclasses.replace(r, value=1 / r.value)
            if r.metric.startswith("test") else r for r in rows]
  assert search.choose(rows)["pong"]["regular"]["learning_rate"] == .002


def test_a_preset_with_several_trials_runs_what_its_search_found_best():
  config = config_lib.PRESETS["tuned_controls"]
  config = dataclasses.replace(config, trials={"pong": {
      method: config.trials["pong"][method] for method in ("regular", "zero")}})
  tried, measured = config.trials["pong"]["zero"], []
  for percentage in config.percentages:
    for level, trial in zip((.3, .2, .1, .2, .3), tried):
      measured += [dataclasses.replace(row, settings={
          "percentage": percentage, **methods_lib.settings("zero", trial)})
                   for row in rows_of("pong", percentage, "zero", level)]
  narrowed = search.narrow(config, measured)
  assert narrowed.trials == {"pong": {
      "regular": config.trials["pong"]["regular"],
      "zero": (tried[2],)}}
  assert dataclasses.replace(narrowed, trials=config.trials) == config
  lost = [row for row in measured if row.settings["alpha"] != 1.]
  with pytest.raises(errors.UserError, match="lacks trials of zero targets"):
    search.narrow(config, lost)
  drawing = search.draw(Cells(measured))
  (line,) = drawing.axes[0].get_lines()
  assert list(line.get_xdata()) == [.01, .03, .1, .3, 1.]
  np.testing.assert_allclose(line.get_ydata(), [.3, .2, .1, .2, .3], rtol=.01)


@pytest.mark.parametrize("change, words", [
    ({"settings": {"steps": 5}}, "steps: 5 there, 4 now"),
    ({"agents": {GAME: ["another"]}}, GAME), ({"agents": {}}, GAME),
    ({"settings": {}}, "batch_size: None there")])
def test_a_search_of_students_trained_otherwise_is_refused(
    change, words, finished):
  config = dataclasses.replace(
      config_lib.PRESETS["smoke"], percentages=(20.,))
  made = folder_lib.read_settings(finished)
  agents = made["agents"]
  search.check(config, agents, made)
  # It may be evaluated otherwise, and have more games.
  search.check(config, agents, {
      **made, "settings": {**made["settings"], "evaluate_every": 500},
      "agents": {**agents, "pong": ["another"]}})
  other = {**made, **{name: {**(made[name] if part else {}), **part}
                      for name, part in change.items()}}
  with pytest.raises(errors.UserError, match="trained otherwise") as raised:
    search.check(config, agents, other)
  assert words in str(raised.value)


def test_the_command_checks_the_search_it_is_given(
    finished, agents, command, tmp_path, monkeypatch):
  monkeypatch.setitem(config_lib.SEARCHED_BY, "smoke", "smoke")
  check_refused(command(
      figure4, *SMOKE, "--steps=2", f"--agents={agents}",
      f"--search={finished}", f"--output={tmp_path}/run"),
      "steps: 4 there, 2 now")


def test_a_diverged_trial_is_never_chosen():
  rows = rows_of("pong", 5, "regular", .3, .001) + [
      dataclasses.replace(r, value=float("nan"))
      for r in rows_of("pong", 5, "regular", .1, 1.)]
  assert search.choose(rows)["pong"]["regular"]["learning_rate"] == .001


def test_settings_return_from_the_disk(tmp_path):
  """A trial's settings are columns, empty where a method does not use them."""
  trials = {"regular": Trial(.006, centred=True), "sobolev": Trial(.004, .03),
            "noise": Trial(2e-4, noise=.1)}
  rows_lib.write(tmp_path / "rows.csv", [
      rows_lib.Row("pong", method, "test_kl", 1., settings={
          "percentage": 2.5, **methods_lib.settings(method, trial)})
      for method, trial in trials.items()])
  found = [row.settings for row in rows_lib.read_file(tmp_path / "rows.csv")]
  assert found == [
      {"percentage": 2.5, "learning_rate": .006, "alpha": None, "noise": None,
       "centred": True},
      {"percentage": 2.5, "learning_rate": .004, "alpha": .03, "noise": None,
       "centred": False},
      {"percentage": 2.5, "learning_rate": 2e-4, "alpha": None, "noise": .1,
       "centred": False}]
