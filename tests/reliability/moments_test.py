"""A run struck at every single moment of its writing, in this process.

The run goes through the same loop, checkpoints, row files and lock as every
entrypoint, with a step that costs nothing. `kills_test` does the same to the
entrypoints themselves, from outside and at random.
"""

import os
import shutil

from commands import COUNTS, check_sentence, contents
import faults
import pytest
import tensorflow as tf

from reproduce import rows as rows_lib
from reproduce import run as run_lib
from sobolev_tf import errors, files
from sobolev_tf.training import loop

SCHEDULE = loop.Schedule(3, chunk=1, evaluate_every=2, checkpoint_every=1)
EVERY = pytest.param(1, marks=pytest.mark.faults)  # moment, in make faults


class Walk(tf.Module):
  """A position that is kicked at random."""

  def __init__(self):
    super().__init__()
    self.position = tf.Variable(0., dtype=tf.float64)

  def step(self, index):
    kick = tf.random.stateless_normal(
        [], tf.stack([7, tf.cast(index, tf.int32)]), dtype=tf.float64)
    self.position.assign(.9 * self.position + kick)
    return {"loss": self.position**2}


def compute(job):
  """Trains with checkpoints; every measurement is a row."""
  walk = Walk()
  history = loop.train(
      walk.step, {"walk": walk}, SCHEDULE, folder=job.folder, compiled=False)
  return run_lib.Outcome([
      rows_lib.Row("walk", job.folder.name, "loss", record["loss"],
                   step=record["step"]) for record in history.records])


PLAN = run_lib.Plan("walk", "smoke", {"steps": 3}, [
    run_lib.Part(name, compute) for name in ("first", "second")])


def run(folder):
  """Two parts, each trained with checkpoints and then measured."""
  return run_lib.run(PLAN, folder)


@pytest.fixture(autouse=True, scope="module")
def fast():
  """Nothing here outlives a power cut, so nothing waits for the disk."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(os, "fsync", lambda descriptor: None)
    yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
  """The number of moments of an uninterrupted run, and its files."""
  folder = tmp_path_factory.mktemp("whole") / "run"
  with faults.inject(folder, faults.nothing) as count:
    rows = run(folder)
  assert len(rows) == 4 and count[0] > 40
  return count[0], contents(folder)


def finish(folder, whole, what):
  run(folder)
  assert contents(folder) == whole[1]
  COUNTS[what] += 1


def test_killed_at_every_moment_it_resumes_to_the_same_bytes(whole, tmp_path):
  """What a kill leaves is what is on the disk: a copy of it stands for it."""
  folder, last = tmp_path / "run", [None]

  def keep(moment, event):
    if folder.exists():
      found = contents(folder)
      if found != last[0]:  # else nothing lies there that did not before
        last[0] = found
        shutil.copytree(folder, tmp_path / "left" / str(moment))

  with faults.inject(folder, keep):
    run(folder)
  left = sorted((tmp_path / "left").iterdir())
  assert len(left) > 15
  for path in left:
    finish(path, whole, "kills survived")


@pytest.mark.parametrize("every", [5, EVERY])
@pytest.mark.parametrize("fault", ["full", "read-only"])
def test_refused_writes_lose_nothing(whole, fault, every, tmp_path):
  for moment in range(1, whole[0] + 1, every):
    folder = tmp_path / str(moment)
    with faults.inject(folder, faults.ACTIONS[fault](moment)):
      try:
        run(folder)
      except errors.UserError as error:
        check_sentence(str(error))
        assert str(folder) in str(error)
      except OSError as error:  # entrypoints make a sentence of it
        assert error.errno and error.filename
    finish(folder, whole, f"{fault} disks survived")


def test_a_half_written_file_is_never_taken_for_a_whole_one(whole, tmp_path):
  """Killed inside a write: what was to be renamed is cut off anywhere."""
  folder = tmp_path / "run"
  states = []

  def cut(moment, event):
    for path in folder.rglob(f"*{files.TEMPORARY}"):
      if path.is_file() and path.stat().st_size and moment % 3 == 0:
        copy = shutil.copytree(folder, tmp_path / "cut" / str(moment))
        place = copy / path.relative_to(folder)
        os.truncate(place, place.stat().st_size // 2)
        states.append(copy)

  with faults.inject(folder, cut):
    run(folder)
  assert states
  for state in states:
    finish(state, whole, "kills survived")


def test_a_folder_that_stays_in_use_is_refused(whole, tmp_path, monkeypatch):
  monkeypatch.setattr(run_lib, "_ATTEMPTS", 2)
  with files.locked(tmp_path / "run"):
    with pytest.raises(errors.UserError, match="Another run"):
      run(tmp_path / "run")
    assert contents(tmp_path / "run") == {}
  finish(tmp_path / "run", whole, "second runs refused")


def test_without_a_network(whole, tmp_path, monkeypatch):
  monkeypatch.setattr("socket.socket", None)
  finish(tmp_path / "run", whole, "runs without a network")
