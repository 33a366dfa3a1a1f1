"""Every entrypoint, struck again and again: the final rows are the same.

`make faults` runs it, an entrypoint to each core.
"""

import pathlib
import random
import shutil
import signal
import time

from commands import COUNTS
import faults
import pytest

from sobolev_tf import files
from sobolev_tf.atari import networks as atari
from sobolev_tf.atari import recorder, recording_files, teachers

pytestmark = pytest.mark.faults
SIZE = atari.NetworkSize(((16, 8, 4), (16, 4, 2)), 160)
GAME = "breakout"
SEED = 7
# Of each entrypoint: struck at moments of its writing, and at random times.
PLAN = (["kill"] * 12 + ["timed kill"] * 8 + ["full"] * 3 + ["read-only"] * 3 +
        ["SIGINT"] * 2 + ["SIGTERM"] * 2)
ARGUMENTS = {  # of those that need more than --preset=smoke
    "figure2": ["--functions=booth", "--seeds=0", "--steps=2500"],
    "train_teacher": [f"--game={GAME}", "--steps=512"],
    "record": ["--sample", f"--game={GAME}"],
    "figure4": ["--percentages=20"],
    "figure4_saliency": ["--percentages=20"],
    "figure4_search": ["--percentages=20", "--methods=regular,sobolev"],
    "table1": ["--method=noprop,sobolev"],
    "everything": ["--experiments=forces,balancing", "--jobs=1"],
}
HELD = {"everything": "forces/smoke"}  # its run's folder below --output


def make_agents(folder):
  """A teacher that has learned nothing, and five short games of it."""
  network = atari.make_network(4, SIZE, 0)
  teachers.save(folder / GAME, network, GAME, {})
  stored, _ = teachers.load(folder / GAME)  # rounded to half precision
  made = recorder.record(stored, GAME, 7, 5, 300)
  recording_files.save_log(folder / f"{GAME}_recording", made.log, {
      "teacher": {"weights": teachers.checksum(stored)}})


@pytest.fixture(scope="module")
def agents(tmp_path_factory):
  folder = tmp_path_factory.mktemp("agents")
  make_agents(folder)
  return folder


# A group stays in one process of pytest-xdist, which makes the run once then.
@pytest.fixture(scope="module", params=[
    pytest.param(name, marks=pytest.mark.xdist_group(name))
    for name in faults.ENTRYPOINTS])
def whole(request, tmp_path_factory, agents):
  """An uninterrupted run: name, flags, folder, number of moments, seconds."""
  name = request.param
  arguments = ["--preset=smoke", *ARGUMENTS.get(name, ())]
  if name.startswith("figure4"):
    arguments.append(f"--agents={agents}")
  if name == "record":
    arguments.append(f"--weights={agents / GAME}")
  folder = tmp_path_factory.mktemp(name)
  begin = time.monotonic()
  status, text = finish(name, arguments, folder / "run", folder / "log")
  assert status == 0, text
  moments = int((folder / "log.moments").read_text())
  return name, arguments, folder / "run", moments, time.monotonic() - begin


def finish(name, arguments, folder, log, **options):
  """Runs to the end; returns the exit status and what was printed."""
  process = faults.start(name, arguments, folder, log, **options)
  process.join()
  return process.exitcode, log.read_text(errors="replace")


def strike(kind, whole, folder, log, dice):
  """Starts a run and lets something happen to it; returns the same."""
  name, arguments, _, moments, seconds = whole
  odd = dice.random() < .5
  if kind in faults.ACTIONS:
    # Some runs get further than others: a chain of them ends in time, and few
    # of its last runs are over before the moment comes.
    moment = dice.randint(1, max(2, moments // dice.choice([2, 4, 16])))
    return finish(name, arguments, folder, log, fault=kind, moment=moment,
                  odd=odd)
  process = faults.start(name, arguments, folder, log, odd=odd)
  process.join(dice.uniform(.05, seconds * dice.choice([.4, .8])))
  if process.is_alive():
    if kind == "timed kill":
      process.kill()
    else:
      process._popen._send_signal(getattr(signal, kind))
  process.join()
  return process.exitcode, log.read_text(errors="replace")


def test_the_same_seed_gives_the_same_rows_again(whole, tmp_path):
  name, arguments, made, _, _ = whole
  status, text = finish(
      name, arguments, tmp_path / "run", tmp_path / "log", odd=True)
  assert status == 0, text
  assert faults.measured(tmp_path / "run") == faults.measured(made)
  COUNTS["experiments that gave the same rows twice"] += 1


def test_struck_runs_end_with_the_same_rows(whole, tmp_path):
  dice = random.Random(f"{SEED} {whole[0]}")
  plan = dice.sample(PLAN, len(PLAN))
  expected = faults.measured(whole[2])
  folder, log = tmp_path / "run", tmp_path / "log"
  assert len(expected) > 1
  while plan:
    kind = plan.pop()
    status, text = strike(kind, whole, folder, log, dice)
    assert "Traceback" not in text, (kind, text)
    if status == 0:  # it was over before, or the fault met nothing of weight
      assert faults.measured(folder) == expected, kind
      shutil.rmtree(folder)
      if kind not in ("full", "read-only"):
        plan.insert(dice.randint(0, len(plan)), kind)
      continue
    if kind in ("full", "read-only"):
      assert status == 2, (status, text)
      assert len([line for line in text.splitlines()
                  if line.startswith("error: ")]) == 1, text
    elif kind.startswith("SIG"):
      number = getattr(signal, kind)
      assert status in (-number, 128 + number), (kind, status, text)
    else:
      assert status == -signal.SIGKILL, (kind, status, text)
    COUNTS[{"kill": "kills survived", "timed kill": "kills survived",
            "full": "full disks survived", "read-only":
            "read-only disks survived"}.get(kind, "signals survived")] += 1
  status, text = finish(whole[0], whole[1], folder, log)
  assert status == 0, text
  assert faults.measured(folder) == expected
  COUNTS["struck entrypoints with the rows of an uninterrupted run"] += 1


def damage(path, how, dice):
  data = bytearray(path.read_bytes())
  place = dice.randrange(len(data))
  if how == "truncated":
    del data[place:]
  else:
    data[place] ^= 1 << dice.randrange(8)
  path.write_bytes(data)


@pytest.mark.parametrize("how", ["truncated", "flipped"])
def test_damaged_files_are_named_or_made_again(whole, how, tmp_path):
  name, arguments, made, _, _ = whole
  dice = random.Random(f"{SEED} {name} {how}")
  expected = faults.measured(made)
  for number, file in enumerate(
      dice.sample(sorted(expected), min(3, len(expected)))):
    folder = shutil.copytree(made, tmp_path / str(number))
    damage(folder / file, how, dice)
    before = faults.measured(folder)
    status, text = finish(name, arguments, folder, tmp_path / "log")
    assert "Traceback" not in text, (file, text)
    if status == 0:  # what is drawn from rows is drawn again
      assert file.endswith("section.md") or file.startswith(
          ("candidates/", "tables/progress.csv")), file
    else:
      assert status == 2 and "error: " in text, (file, text)
      assert pathlib.Path(file).name in text, (file, text)
      assert faults.measured(folder) == before
    COUNTS["damaged files detected or made again"] += 1


def test_a_folder_that_stays_in_use_is_refused(whole, tmp_path):
  name, arguments, made, _, _ = whole
  with files.locked(tmp_path / "run" / HELD.get(name, "")):
    status, text = finish(name, arguments, tmp_path / "run", tmp_path / "log")
  assert status == 2 and "Another run" in text
  assert faults.measured(tmp_path / "run") == {}
  COUNTS["second runs refused"] += 1


@pytest.mark.parametrize("how", ["truncated", "flipped"])
def test_the_last_good_checkpoint_is_used(whole, how, tmp_path):
  name, arguments, made, moments, _ = whole
  dice = random.Random(f"{SEED} {name} {how}")
  folder, log = tmp_path / "run", tmp_path / "log"
  steps = []
  for moment in range(moments // 4, moments, max(1, moments // 12)):
    shutil.rmtree(folder, ignore_errors=True)
    finish(name, arguments, folder, log, fault="kill", moment=moment)
    steps = sorted(folder.glob("checkpoints/**/step-*[0-9]"))
    if len(steps) == 2 and not (  # finished parts do not read theirs
        folder / "rows" / f"{steps[0].parent.name}.csv").exists():
      break
  else:
    pytest.skip("no unfinished part had two checkpoints")
  damage(dice.choice([p for p in steps[-1].iterdir()
                      if p.stat().st_size]), how, dice)
  status, text = finish(name, arguments, folder, log)
  assert status == 0, text
  assert str(steps[-1]) in text and "older checkpoint" in text
  assert faults.measured(folder) == faults.measured(made)
  COUNTS["damaged checkpoints replaced by the one before"] += 1
