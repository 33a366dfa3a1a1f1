"""Several plans by several processes: who computes what, and when."""

import commands
import pytest

from reproduce import folder as folder_lib
from reproduce import jobs, together
from reproduce import rows as rows_lib
from reproduce import run as run_lib
from sobolev_tf import errors


def toy(name, log):
  """Two parts and one that measures time; `log` gets what is computed."""
  def part(number, alone=False):
    def compute(job):
      log.append(f"{name}{number}")
      return run_lib.Outcome(
          [rows_lib.Row("task", "method", "metric", float(number))])
    return run_lib.Part(f"part{number}", compute, alone=alone)

  return run_lib.Plan(
      name, "smoke", {}, (part(0), part(1), part(2, alone=True)))


@pytest.fixture
def log():
  return []


@pytest.fixture
def plans(tmp_path, log):
  return {tmp_path / name: toy(name, log) for name in ("a", "b")}


def test_what_measures_time_comes_after_all_else(plans, log):
  assert together.compute(plans, "reproduce", 1)
  assert log == ["a0", "a1", "b0", "b1", "a2", "b2"]
  assert together.compute(plans, "reproduce", 1)
  assert len(log) == 6
  assert [len(rows_lib.read(folder)) for folder in plans] == [3, 3]


def test_a_helper_begins_at_the_other_end_and_times_nothing(
    plans, log, monkeypatch):
  monkeypatch.setenv("SOBOLEV_TF_HELPER", "1")
  monkeypatch.setattr(jobs, "end_with_parent", lambda: None)
  assert not together.compute(plans, "reproduce", 2)
  assert log == ["b1", "b0", "a1", "a0"]
  log.clear()
  monkeypatch.delenv("SOBOLEV_TF_HELPER")
  assert together.compute(plans, "reproduce", 1)
  assert log == ["a2", "b2"]


def test_what_others_are_at_is_passed_over(plans, log):
  first, second = plans
  with commands.held_elsewhere(first / folder_lib.LOCKS / "part0"):
    together.share(plans)
  assert log == ["a1", "b0", "b1"]
  together.share(plans, wait=True)
  assert log == ["a1", "b0", "b1", "a0"]
  assert len(rows_lib.read(second)) == 2


def test_every_folder_is_looked_at_before_anything_is_computed(plans, log):
  first, second = plans
  other = plans[second]._replace(settings={"steps": 2})
  run_lib.open_folder(other, second)
  with pytest.raises(errors.UserError, match="other settings"):
    together.compute(plans, "reproduce", 1)
  assert not log
  assert together.compute(plans, "reproduce", 1, overwrite=True)
  assert len(log) == 6
